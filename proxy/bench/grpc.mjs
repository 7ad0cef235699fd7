// gRPC for the benchmark: an app and a load, by node:http2 over plain text (h2c), with one message format for both.
// Usage as the app: node grpc.mjs PORT. /bench.Bench/Unary answers one message of 1 KB, /bench.Bench/Stream one hundred of 100 bytes.

import http2 from "node:http2";
import { pathToFileURL } from "node:url";
import { responseBody } from "./load.mjs";

export const STREAM_MESSAGES = 100;
const STREAM_BYTES = 100;

/** A length-prefixed message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
function framed(body) {
  const message = Buffer.alloc(5 + body.length);
  message.writeUInt32BE(body.length, 1);
  body.copy(message, 5);
  return message;
}

const unaryReply = framed(responseBody);
const streamReply = framed(responseBody.subarray(0, STREAM_BYTES));
const question = framed(Buffer.from("limit=10"));
const HEADERS = { ":status": 200, "content-type": "application/grpc" };

function serve(port) {
  const server = http2.createServer({ settings: { maxConcurrentStreams: 1000 } });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    stream.resume();
    stream.once("end", () => {
      stream.respond(HEADERS, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      if (headers[":path"] === "/bench.Bench/Unary") return stream.end(unaryReply);
      // one message after the other, as a server that has each of them at another time
      let left = STREAM_MESSAGES;
      const next = () => {
        while (left > 0) {
          left -= 1;
          if (left === 0) return stream.end(streamReply);
          if (!stream.write(streamReply)) return stream.once("drain", next);
        }
      };
      next();
    });
  });
  server.listen(port, "127.0.0.1", () => process.send?.("ready"));
}

/**
 * Calls one method in a closed loop, `sessions` x `streams` at a time. Every reply's length, first byte and grpc-status are checked.
 * Returns {requests, failures, latencies, seconds}; a request is a message for the streaming method.
 */
export async function runGrpcLoad({ port, method, sessions = 8, streams = 8, durationMs, maxRequests = Infinity }) {
  const isStream = method === "Stream";
  const expected = isStream ? streamReply.length * STREAM_MESSAGES : unaryReply.length;
  const per = isStream ? STREAM_MESSAGES : 1;
  const from = performance.now();
  const until = from + durationMs;
  const latencies = [];
  let requests = 0;
  let failures = 0;
  const headers = {
    ":method": "POST",
    ":path": `/bench.Bench/${method}`,
    ":authority": "callee",
    "content-type": "application/grpc",
    te: "trailers",
  };
  const call = (session) =>
    new Promise((resolve) => {
      const sentAt = performance.now();
      let bytes = 0;
      let status;
      const stream = session.request(headers);
      stream.on("data", (chunk) => {
        bytes += chunk.length;
      });
      stream.on("trailers", (trailers) => {
        status = trailers["grpc-status"];
      });
      stream.on("error", () => {});
      stream.once("close", () => {
        if (bytes !== expected || status !== "0") failures += 1;
        requests += per;
        latencies.push(performance.now() - sentAt);
        resolve();
      });
      stream.end(question);
    });
  const worker = async (session) => {
    while (performance.now() < until && requests < maxRequests && !session.destroyed) await call(session);
  };
  const connected = Array.from({ length: sessions }, () => {
    const session = http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 1 << 20 } });
    session.on("error", () => {
      failures += 1;
    });
    return session;
  });
  await Promise.all(connected.flatMap((session) => Array.from({ length: streams }, () => worker(session))));
  for (const session of connected) session.close();
  latencies.sort((a, b) => a - b);
  return { requests, failures, latencies, seconds: (performance.now() - from) / 1000 };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) serve(Number(process.argv[2]));

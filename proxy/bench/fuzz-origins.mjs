// Origins of `npm run fuzz`: node:http (llhttp) and node:http2 (nghttp2), which keep what they read and answer with its number.
// Rule: a message that either of them calls malformed was forwarded wrongly and is kept as a fault.

import http from "node:http";
import http2 from "node:http2";
import { pairsOf, requestMeaning } from "./fuzz-meaning.mjs";

const listening = (server, port) =>
  new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => resolve({ server, port: server.address().port }));
  });

/** A request that the proxy broke off is no fault: only a parse error is. */
const isFault = ({ code = "" }) => code.startsWith("HPE_") && code !== "HPE_INVALID_EOF_STATE";

/** `lane.seen` gets each whole request, `lane.faults` what was malformed. */
export function http1Origin(lane, port = 0) {
  const server = http.createServer({ keepAliveTimeout: 3_600_000, requestTimeout: 0 }, (incoming, response) => {
    let body = "";
    incoming.on("data", (chunk) => {
      body += chunk.toString("latin1");
    });
    incoming.on("error", () => {});
    incoming.on("end", () => {
      const { method, url, rawHeaders, rawTrailers } = incoming;
      const number = lane.seen.push(
        requestMeaning({ method, url, headers: pairsOf(rawHeaders), body, trailers: pairsOf(rawTrailers) }),
      );
      response.setHeader("x-number", number);
      response.end("ok");
    });
  });
  server.on("clientError", (error, socket) => {
    if (isFault(error)) lane.faults.push(`${error.code} ${JSON.stringify(error.rawPacket?.toString("latin1"))}`);
    socket.destroy();
  });
  return listening(server, port);
}

export function http2Origin(lane, port = 0) {
  const server = http2.createServer({ settings: { maxConcurrentStreams: 100 } });
  server.on("stream", (stream, _headers, _flags, raw) => {
    let body = "";
    let trailers = [];
    stream.on("trailers", (_fields, _more, list) => {
      trailers = pairsOf(list ?? []);
    });
    stream.on("data", (chunk) => {
      body += chunk.toString("latin1");
    });
    stream.on("error", () => {});
    stream.on("end", () => {
      if (stream.aborted || stream.destroyed) return;
      const headers = pairsOf(raw);
      const [method, url] = [":method", ":path"].map((name) => headers.find(([one]) => one === name)?.[1] ?? "");
      const number = lane.seen.push(requestMeaning({ method, url, headers, body, trailers }));
      stream.respond({ ":status": 200, "x-number": String(number) });
      stream.end("ok");
    });
  });
  server.on("sessionError", (error) => lane.faults.push(`${error.code} ${error.message}`));
  server.on("error", () => {});
  return listening(server, port);
}

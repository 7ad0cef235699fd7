// Bodies of any size that are checked and never held: an app that sends and takes them, and a client that may be slow.
// Usage as the app: node bodies.mjs PORT [tcp]. GET /BYTES answers that many bytes, /events/COUNT as many server-sent events, any
// other path 1 KB; POST answers the SHA-256 of what came. As tcp it sends without end.

import { createHash } from "node:crypto";
import http from "node:http";
import { connect, createServer } from "node:net";
import { pathToFileURL } from "node:url";
import { responseBody } from "./load.mjs";

/** 1 MB that repeats nothing within itself, so that lost or swapped bytes change the checksum. */
const pattern = Buffer.alloc(1 << 20);
for (let i = 0; i < pattern.length; i += 4) pattern.writeUInt32BE((Math.imul(i, 2654435761) ^ i) >>> 0, i);

export function checksumOf(bytes) {
  const hash = createHash("sha256");
  for (let left = bytes; left > 0; left -= pattern.length)
    hash.update(pattern.subarray(0, Math.min(left, pattern.length)));
  return hash.digest("hex");
}

/** The event with this number, as it is sent and as it must arrive: 1 KB that is another's in no event. */
const eventText = (number) => `id: ${number}\ndata: ${String(number).padStart(1000, "0123456789")}\n\n`;

/** Sends events 0 to `count` - 1 as fast as they are taken. */
function tellEvents(count, response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  let number = 0;
  const next = () => {
    while (number < count) if (!response.write(eventText(number++))) return response.once("drain", next);
    response.end();
  };
  next();
}

/** Writes `bytes` of the pattern as fast as they are taken. */
function pour(bytes, stream, onEnd) {
  let left = bytes;
  const next = () => {
    while (left > 0) {
      const size = Math.min(left, pattern.length);
      left -= size;
      if (!stream.write(pattern.subarray(0, size)) && left > 0) return stream.once("drain", next);
    }
    onEnd();
  };
  next();
}

function serve(port, isTcp) {
  const onSocket = (socket) => {
    socket.on("error", () => {});
    pour(Number.POSITIVE_INFINITY, socket, () => {});
  };
  const server = isTcp
    ? createServer(onSocket)
    : http.createServer((request, response) => {
        const events = /^\/events\/(\d+)$/.exec(request.url);
        if (events !== null) return tellEvents(Number(events[1]), response);
        if (request.method === "GET" && !/^\/\d+$/.test(request.url)) return response.end(responseBody);
        if (request.method === "GET") {
          const bytes = Number(request.url.slice(1));
          response.writeHead(200, { "content-length": bytes });
          return pour(bytes, response, () => response.end());
        }
        const hash = createHash("sha256");
        request.on("data", (chunk) => hash.update(chunk));
        request.on("end", () => response.end(hash.digest("hex")));
      });
  server.listen(port, "127.0.0.1", () => process.send?.("ready"));
}

/** Downloads `bytes`; `pause(received)` says how long to wait before the next is read, in ms. Resolves with the checksum. */
export function download({ port, bytes, pause = () => 0, signal }) {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: "127.0.0.1", path: `/${bytes}`, headers: { host: "callee" }, agent: false });
    const stop = (error) => (signal?.aborted ? resolve({ status: 0, received: 0, checksum: "" }) : reject(error));
    request.on("error", stop);
    signal?.addEventListener("abort", () => request.destroy());
    request.on("response", (response) => {
      const hash = createHash("sha256");
      let received = 0;
      response.on("data", (chunk) => {
        hash.update(chunk);
        received += chunk.length;
        const ms = pause(received);
        if (ms === 0) return;
        response.pause();
        setTimeout(() => response.resume(), ms);
      });
      response.on("end", () => resolve({ status: response.statusCode, received, checksum: hash.digest("hex") }));
      response.on("error", stop);
    });
  });
}

/** Reads `count` server-sent events, each of which must be the next one; `pause(number)` as in `download`. */
export function readEvents({ port, count, pause = () => 0 }) {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", path: `/events/${count}`, headers: { host: "callee" }, agent: false };
    const request = http.get(options);
    request.on("error", reject);
    request.on("response", (response) => {
      let held = "";
      let next = 0;
      response.setEncoding("latin1");
      response.on("data", (chunk) => {
        held += chunk;
        let from = 0;
        for (let end = held.indexOf("\n\n", from); end >= 0; end = held.indexOf("\n\n", from)) {
          if (held.slice(from, end + 2) !== eventText(next))
            return request.destroy(new Error(`event ${next} is another one`));
          next += 1;
          from = end + 2;
        }
        held = held.slice(from);
        const ms = pause(next);
        if (ms === 0) return;
        response.pause();
        setTimeout(() => response.resume(), ms);
      });
      response.on("end", () =>
        resolve({ status: response.statusCode, events: next, type: response.headers["content-type"] }),
      );
      response.on("error", reject);
    });
  });
}

export function upload({ port, bytes }) {
  return new Promise((resolve, reject) => {
    const headers = { host: "callee", "content-length": bytes };
    const request = http.request({ port, host: "127.0.0.1", path: "/", method: "POST", headers, agent: false });
    request.on("error", reject);
    request.on("response", async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, checksum: text });
    });
    pour(bytes, request, () => request.end());
  });
}

/** Bytes a second over one TCP connection; after `ms` the reader stops for `stallMs` without closing. */
export function drain({ port, ms, stallMs = 0 }) {
  return new Promise((resolve, reject) => {
    let received = 0;
    const socket = connect(port, "127.0.0.1");
    socket.on("error", reject);
    const from = performance.now();
    socket.on("data", (chunk) => {
      received += chunk.length;
    });
    setTimeout(() => {
      const seconds = (performance.now() - from) / 1000;
      socket.pause();
      setTimeout(() => {
        socket.destroy();
        resolve({ bytesPerSecond: received / seconds });
      }, stallMs);
    }, ms);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  serve(Number(process.argv[2]), process.argv[3] === "tcp");

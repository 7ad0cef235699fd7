// npm run fuzz: injured requests through the built proxy to a node:http origin, for a bounded time.
// Holds: the proxy lives, llhttp behind it never meets a malformed request, and one input never becomes two requests
// unless it was two. Options: --seconds N (20), --seed N, --bundle FILE. The seed is printed.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { plainConfig } from "./configs.mjs";
import { freePort, memory, start, stop } from "./processes.mjs";

const { values } = parseArgs({
  options: { seconds: { type: "string" }, seed: { type: "string" }, bundle: { type: "string" } },
});
const seconds = Number(values.seconds ?? 20);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const bundle = values.bundle ?? fileURLToPath(new URL("../dist/meshwright-proxy.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "meshwright-fuzz-"));

let state = seed;
/** mulberry32 */
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const pick = (list) => list[Math.floor(random() * list.length)];

const bases = [
  "GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
  "GET http://b/x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
  "GET /w HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "CONNECT a:7 HTTP/1.1\r\nHost: a:7\r\n\r\n",
  "PUT /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
];
const pieces = [
  "\r",
  "\n",
  "\r\n",
  "\0",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "\x7f",
  "\xff",
  "0",
  "Content-Length: 4\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Host: b\r\n",
  "Connection: host\r\n",
  "Connection: Upgrade\r\n",
  "Upgrade: websocket\r\n",
  "TE: trailers\r\n",
  "0\r\nX-T: 1\r\n",
  "HTTP/1.0",
  "#",
  "%00",
  "\x0b",
];

function injured() {
  let text = pick(bases);
  for (let i = Math.floor(random() * 4); i >= 0; i--) {
    const at = Math.floor(random() * text.length);
    const cut = random() < 0.5 ? 0 : Math.floor(random() * 3);
    text = text.slice(0, at) + (random() < 0.8 ? pick(pieces) : "") + text.slice(at + cut);
  }
  return random() < 0.1 ? text + pick(bases) : text;
}

let forwarded = 0;
let malformed = 0;
const origin = createServer((incoming, response) => {
  forwarded++;
  incoming.resume();
  incoming.on("end", () => response.end("ok"));
});
origin.on("clientError", (error, socket) => {
  // Bytes of a request that the proxy broke off are no fault: only a parse error is.
  if (error.code?.startsWith("HPE_") && error.code !== "HPE_INVALID_EOF_STATE") {
    malformed++;
    console.error(
      `llhttp refused what the proxy forwarded: ${error.code} ${JSON.stringify(error.rawPacket?.toString("latin1"))}`,
    );
  }
  socket.destroy();
});
await new Promise((resolve) => origin.listen(0, "127.0.0.1", resolve));
const ports = { listen: await freePort(), admin: await freePort(), origin: origin.address().port };
writeFileSync(join(folder, "proxy.json"), JSON.stringify(plainConfig(folder, ports)));
const proxy = await start(process.execPath, [bundle, "-c", join(folder, "proxy.json")], ports.listen, "inherit");

function send(text) {
  return new Promise((resolve) => {
    const socket = connect(ports.listen, "127.0.0.1");
    const timer = setTimeout(() => socket.destroy(), 60);
    socket.on("connect", () => {
      const bytes = Buffer.from(text, "latin1");
      const at = random() < 0.3 ? Math.floor(random() * bytes.length) : bytes.length;
      socket.write(bytes.subarray(0, at));
      if (at < bytes.length) setImmediate(() => socket.write(bytes.subarray(at)));
    });
    socket.on("data", () => {});
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

console.log(`seed ${seed}, ${seconds} s`);
const until = Date.now() + seconds * 1000;
let inputs = 0;
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (Date.now() < until && proxy.exitCode === null) {
      inputs++;
      await send(injured());
    }
  }),
);
const isAlive = proxy.exitCode === null;
const size = isAlive ? memory(proxy.pid).privateMb : Number.NaN;
await stop(proxy);
origin.closeAllConnections();
origin.close();
rmSync(folder, { recursive: true, force: true });
console.log(
  `${inputs} inputs, ${forwarded} forwarded, ${malformed} refused by llhttp behind, private memory ${size.toFixed(1)} MB`,
);
if (!isAlive || malformed > 0) {
  console.error(isAlive ? "FAILED: llhttp disagrees" : "FAILED: the proxy died");
  process.exit(1);
}

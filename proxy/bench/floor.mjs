// The floor: the same raw sockets, framing by content-length, pooled upstreams and mTLS, without a single feature.
// Usage: node floor.mjs out|in LISTEN_PORT TARGET_PORT FOLDER

import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { connect as connectTls, createSecureContext, createServer as createTlsServer } from "node:tls";

const [role, listenPort, targetPort, folder] = process.argv.slice(2);
const name = role === "out" ? "a" : "b";
const credentials = {
  cert: readFileSync(join(folder, `${name}.pem`)),
  key: readFileSync(join(folder, `${name}.key`)),
  ca: readFileSync(join(folder, "ca.pem")),
  minVersion: "TLSv1.3",
  ciphers: "TLS_AES_128_GCM_SHA256",
};
const context = createSecureContext(credentials);
const idle = [];

function dial() {
  const port = Number(targetPort);
  const socket =
    role === "out"
      ? connectTls({ port, host: "127.0.0.1", secureContext: context, checkServerIdentity: () => undefined })
      : connect({ port, host: "127.0.0.1" });
  socket.setNoDelay(true);
  const upstream = { socket, peer: null, left: -1 };
  socket.on("data", (chunk) => {
    const peer = upstream.peer;
    if (peer === null) return socket.destroy();
    let body = chunk.length;
    if (upstream.left < 0) {
      const end = chunk.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(chunk.latin1Slice(0, end))[1]);
      upstream.left = length;
      body = chunk.length - end - 4;
    }
    upstream.left -= body;
    peer.write(chunk);
    if (upstream.left <= 0) {
      upstream.left = -1;
      upstream.peer = null;
      idle.push(upstream);
    }
  });
  socket.on("error", () => {});
  return upstream;
}

function serve(socket) {
  socket.setNoDelay(true);
  socket.on("data", (chunk) => {
    const upstream = idle.pop() ?? dial();
    upstream.peer = socket;
    upstream.socket.write(chunk);
  });
  socket.on("error", () => {});
}

const server =
  role === "out"
    ? createServer(serve)
    : createTlsServer({ ...credentials, requestCert: true, rejectUnauthorized: true }, serve);
server.listen(Number(listenPort), "127.0.0.1", () => process.send?.("ready"));
process.on("SIGTERM", () => process.exit(0));

// The ordinary way: node:http and node:https with keep-alive agents and pipe. No feature either.
// Usage: node node-http.mjs out|in LISTEN_PORT TARGET_PORT FOLDER

import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";

const [role, listenPort, targetPort, folder] = process.argv.slice(2);
const name = role === "out" ? "a" : "b";
const credentials = {
  cert: readFileSync(join(folder, `${name}.pem`)),
  key: readFileSync(join(folder, `${name}.key`)),
  ca: readFileSync(join(folder, "ca.pem")),
  minVersion: "TLSv1.3",
  ciphers: "TLS_AES_128_GCM_SHA256",
};
const options = { keepAlive: true, maxSockets: 256 };
const agent =
  role === "out"
    ? new https.Agent({ ...options, ...credentials, checkServerIdentity: () => undefined })
    : new http.Agent(options);
const client = role === "out" ? https : http;

function onRequest(incoming, response) {
  const outgoing = client.request(
    {
      host: "127.0.0.1",
      port: Number(targetPort),
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
      agent,
    },
    (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    },
  );
  outgoing.on("error", () => response.destroy());
  incoming.pipe(outgoing);
}

const server =
  role === "out"
    ? http.createServer(onRequest)
    : https.createServer({ ...credentials, requestCert: true, rejectUnauthorized: true }, onRequest);
server.listen(Number(listenPort), "127.0.0.1", () => process.send?.("ready"));
process.on("SIGTERM", () => process.exit(0));

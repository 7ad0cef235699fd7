// The app of the benchmark: 1 KB checksummed replies from raw sockets, so that it costs next to nothing.
// Usage: node origin.mjs PORT

import { createServer } from "node:net";
import { responseBody, responseChecksum } from "./load.mjs";

const reply = Buffer.concat([
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\nx-checksum: ${responseChecksum}\r\ndate: Sat, 21 Nov 2026 00:00:00 GMT\r\ncontent-length: ${responseBody.length}\r\n\r\n`,
  ),
  responseBody,
]);

const server = createServer({ noDelay: true }, (socket) => {
  let rest = "";
  socket.on("data", (chunk) => {
    rest += chunk.toString("latin1");
    for (let end = rest.indexOf("\r\n\r\n"); end >= 0; end = rest.indexOf("\r\n\r\n")) {
      rest = rest.slice(end + 4);
      socket.write(reply);
    }
  });
  socket.on("error", () => {});
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => process.send?.("ready"));

// POST /tap: finished requests as lines of JSON, for as long as somebody reads. Rule: a watcher that leaves ends its tap, one that does not
// read is not waited for, and there are few at a time.

import type { IncomingMessage, ServerResponse } from "node:http";
import { parseTap } from "./tap-request";
import type { AdminView } from "./view";

const MAX_BODY_BYTES = 16 * 1024;
const MAX_UNREAD_BYTES = 256 * 1024;

export function streamTap(watch: AdminView["tap"], request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.on("end", () => {
    if (bytes > MAX_BODY_BYTES) refuse(response, 413, [`the request must have at most ${MAX_BODY_BYTES} bytes`]);
    else begin(watch, Buffer.concat(chunks).toString("utf8"), response);
  });
}

function begin(watch: AdminView["tap"], text: string, response: ServerResponse): void {
  const parsed = parseTap(text);
  if (!parsed.ok) {
    refuse(response, 400, parsed.problems);
    return;
  }
  const end = watch(parsed.request, (line) => {
    if (response.writableLength > MAX_UNREAD_BYTES) return false;
    response.write(line);
    return true;
  });
  if (end === null) {
    refuse(response, 429, ["as many taps as there may be are open already; end one of them"]);
    return;
  }
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  response.on("error", () => {});
  response.on("close", end);
}

function refuse(response: ServerResponse, status: number, problems: readonly string[]): void {
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(`${problems.join("\n")}\n`);
}

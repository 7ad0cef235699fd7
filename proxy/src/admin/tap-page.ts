// POST /tap: finished requests as lines of JSON, for as long as somebody reads. Rule: a watcher that leaves ends its tap, one that does not
// read is not waited for, and there are few at a time.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Tap } from "../telemetry/tap";
import type { Telemetry } from "../telemetry/telemetry";
import { parseTap } from "./tap-request";

const MAX_TAPS = 4;
const MAX_BODY_BYTES = 16 * 1024;
const MAX_UNREAD_BYTES = 256 * 1024;

export function streamTap(telemetry: Telemetry, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.on("end", () => {
    if (bytes > MAX_BODY_BYTES) refuse(response, 413, [`the request must have at most ${MAX_BODY_BYTES} bytes`]);
    else begin(telemetry, Buffer.concat(chunks).toString("utf8"), response);
  });
}

function begin({ taps }: Telemetry, text: string, response: ServerResponse): void {
  const parsed = parseTap(text);
  if (!parsed.ok) {
    refuse(response, 400, parsed.problems);
    return;
  }
  if (taps.size >= MAX_TAPS) {
    refuse(response, 429, [`${MAX_TAPS} taps are open already; end one of them`]);
    return;
  }
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  const tap = new Tap(parsed.request, (line) => {
    if (response.writableLength > MAX_UNREAD_BYTES) return false;
    response.write(line);
    return true;
  });
  taps.add(tap);
  response.on("error", () => {});
  response.on("close", () => taps.delete(tap));
}

function refuse(response: ServerResponse, status: number, problems: readonly string[]): void {
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(`${problems.join("\n")}\n`);
}

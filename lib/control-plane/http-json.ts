// JSON over HTTP as the control plane's own servers speak it: a limited body in, an answer or a refusal out.
// One rule: a body is counted while it comes, so that a large one is refused before it is held.
import type { ServerResponse } from "node:http";

/** Thrown by whoever handles a request; the server makes it its answer. The message says what to do. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export async function readBody(request: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new Refusal(413, "body_too_large", `The request body is larger than ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(400, "body_invalid", "The request body is not JSON.");
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  answer(response, status, "application/json", JSON.stringify(body ?? {}));
}

/** A page in Prometheus' text format 0.0.4. */
export function answerMetrics(response: ServerResponse, page: string): void {
  answer(response, 200, "text/plain; version=0.0.4; charset=utf-8", page);
}

/** Nothing is said to somebody who has left. */
function answer(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(body);
}

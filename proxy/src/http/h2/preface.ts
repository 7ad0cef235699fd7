// Telling HTTP/2 with prior knowledge from HTTP/1.1. Rule: three bytes are enough, because no method begins with them.

import { preface } from "./protocol";

/** RFC 9113 3.4; "PRI" is no method of HTTP/1.1, so that much is enough when no more has come. */
export function isPreface(input: Buffer): boolean {
  const size = Math.min(input.length, preface.length);
  return size >= 3 && input[0] === 80 && input.compare(preface, 0, size, 0, size) === 0;
}

// What a case asks of an answer. Rule: "no answer" stays what it is.

import type { Answer } from "./wire";

/** Which upstream answered; a status where none did. */
export function chosen(answer: Answer): string {
  if (answer === "no answer") return answer;
  return String(answer.headers["x-upstream"] ?? answer.status);
}

/** A part of an echoed request. */
export function told(answer: Answer, what: "path" | "host" | "headers" | "protocol" | "tls" | "method"): unknown {
  if (answer === "no answer" || typeof answer.body !== "object" || answer.body === null) return answer;
  return (answer.body as Record<string, unknown>)[what];
}

// The token of a question as text. The rule: readable as a token, and signed with a word, so that no secret is needed to ask.
import type { QuestionToken } from "./types";

/** In the place of a signature. */
export const SIGNED = "right";
export const FORGED = "wrong";

export function tokenText({ claims, isForged }: QuestionToken): string {
  const parts = [JSON.stringify({ alg: "RS256", typ: "JWT" }), JSON.stringify(claims), isForged ? FORGED : SIGNED];
  return parts.map(base64Url).join(".");
}

function base64Url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

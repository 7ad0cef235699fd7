// What may stand in a message: names, values and targets that somebody else chose. Rule: the same classes of bytes as in the parsers.

import { isAuthority } from "../h1/authority";
import { CHAR, charClass } from "../h1/chars";
import { isToken } from "../h1/request-head";

/** Lower-case name and latin1 value of a header field; null: it would be none. Pseudo-headers are those of a request. */
export function fieldOf(name: string, value: string): readonly [string, string] | null {
  const lower = name.toLowerCase();
  const latin1 = trimmed(Buffer.from(value, "utf8").toString("latin1"));
  switch (lower) {
    case ":path":
      return isUsableTarget(latin1) ? [lower, latin1] : null;
    case ":authority":
    case "host":
      return isAuthority(latin1) ? ["host", latin1] : null;
    default:
      return isToken(lower) && hasOnly(latin1, CHAR.value) ? [lower, latin1] : null;
  }
}

/** Without the blanks around it (RFC 9110 5.5); a regular expression would take squared time for many of them. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 32 || code === 9;

/** A path that can be asked for: origin-form. */
export const isUsableTarget = (path: string): boolean => path.startsWith("/") && hasOnly(path, CHAR.target);

function hasOnly(text: string, bit: number): boolean {
  for (let i = 0; i < text.length; i++) if (((charClass[text.charCodeAt(i)] ?? 0) & bit) === 0) return false;
  return true;
}

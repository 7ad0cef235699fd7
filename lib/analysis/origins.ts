// Which origins an entry of a CORS policy takes. Rule: asked with origins that nobody wrote down, so that a pattern is judged by what it lets in.
import { RE2JS } from "re2js";
import type { OriginMatch } from "@/lib/mesh";

const STRANGER = "any-page.invalid";

/** An origin of somebody else that it takes; undefined: none of those that were tried. */
export function strangerTakenBy({ type, value }: OriginMatch): string | undefined {
  if (type === "exact") return value === "*" ? `https://${STRANGER}` : undefined;
  const tried = ["https", "http"].map((scheme) => `${scheme}://${STRANGER}`);
  if (type === "regex") return tried.find((origin) => isTaken(value, origin));
  const found = tried.find((origin) => origin.startsWith(value));
  if (found !== undefined) return found;
  // As text: https://shop.example takes https://shop.example.any-page.invalid, unless a port begins.
  return /^https?:\/\/[^/:]+$/.test(value) ? `${value}.${STRANGER}` : undefined;
}

function isTaken(pattern: string, origin: string): boolean {
  try {
    return RE2JS.compile(pattern).testExact(origin);
  } catch {
    return false;
  }
}

/** As a browser writes it; undefined: no browser sends it, whatever is meant. */
export function originAsSent(value: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(value) || !URL.canParse(value)) return undefined;
  const { origin } = new URL(value);
  return origin === "null" ? value : origin;
}

// Whether a write that carries a cookie comes from our own pages. Browsers say it in Sec-Fetch-Site and Origin, which no page can forge.
// The rule: what a browser calls foreign is refused; a program that sends neither has no cookie to be abused.
import { AppError } from "@/lib/errors";

export function requireOwnOrigin(headers: Headers, ownOrigins: readonly string[]): void {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") throw foreign(site);
  const origin = headers.get("origin");
  if (origin !== null && !ownOrigins.some((own) => isSameOrigin(own, origin))) throw foreign(origin);
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

function isSameOrigin(own: string, origin: string): boolean {
  let a: URL;
  let b: URL;
  try {
    a = new URL(own);
    b = new URL(origin);
  } catch {
    return false;
  }
  if (a.origin === b.origin) return true;
  // The same server under its other loopback names.
  return a.protocol === b.protocol && a.port === b.port && LOOPBACK.has(a.hostname) && LOOPBACK.has(b.hostname);
}

function foreign(from: string): AppError {
  return new AppError("foreign-origin", {
    detail: `The request comes from ${from.slice(0, 100)}. Open Meshwright at its own address, or use an API token.`,
  });
}

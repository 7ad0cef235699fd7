// SPIFFE IDs as the standard writes them (spiffe/spiffe standards/SPIFFE-ID.md): lower-case trust domain,
// plain path segments, no query, port or percent-encoding. One rule: an ID that does not parse is never stamped
// into a certificate and never taken from one.

const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[a-zA-Z0-9._-]+$/;
const MAX_LENGTH_BYTES = 2048;

export interface SpiffeId {
  trustDomain: string;
  path: string;
}

/** Parses a workload's SPIFFE ID; null when it breaks a rule of the standard or has no path. */
export function parseSpiffeId(text: string): SpiffeId | null {
  if (text.length > MAX_LENGTH_BYTES || !/^spiffe:\/\//i.test(text)) {
    return null;
  }
  const rest = text.slice("spiffe://".length);
  const slash = rest.indexOf("/");
  if (slash < 1) {
    return null;
  }
  const trustDomain = rest.slice(0, slash).toLowerCase();
  const segments = rest.slice(slash + 1).split("/");
  const isPlain = segments.every((segment) => SEGMENT.test(segment) && segment !== "." && segment !== "..");
  return TRUST_DOMAIN.test(trustDomain) && isPlain ? { trustDomain, path: `/${segments.join("/")}` } : null;
}

export function controlPlaneSpiffeId(trustDomain: string): string {
  return `spiffe://${trustDomain}/meshwright/control-plane`;
}

// SPIFFE IDs by spiffe/spiffe standards/SPIFFE-ID.md. One rule: an ID that breaks a rule is null, never repaired.

export interface SpiffeId {
  /** Lower case. */
  readonly trustDomain: string;
  /** With the leading slash; "" for the trust domain itself. */
  readonly path: string;
}

const MAX_ID_BYTES = 2048;
const MAX_TRUST_DOMAIN_BYTES = 255;

/** Scheme and trust domain compare case-insensitively, the path does not (section 2). */
export function parseSpiffeId(text: string): SpiffeId | null {
  if (text.length > MAX_ID_BYTES || text.slice(0, 9).toLowerCase() !== "spiffe://") {
    return null;
  }
  const rest = text.slice(9);
  const slash = rest.indexOf("/");
  const trustDomain = (slash < 0 ? rest : rest.slice(0, slash)).toLowerCase();
  const path = slash < 0 ? "" : rest.slice(slash);
  const isDomain = trustDomain.length <= MAX_TRUST_DOMAIN_BYTES && /^[a-z0-9._-]+$/.test(trustDomain);
  const isPath = path === "" || path.slice(1).split("/").every(isSegment);
  return isDomain && isPath ? { trustDomain, path } : null;
}

function isSegment(segment: string): boolean {
  return /^[a-zA-Z0-9._-]+$/.test(segment) && segment !== "." && segment !== "..";
}

export function formatSpiffeId({ trustDomain, path }: SpiffeId): string {
  return `spiffe://${trustDomain}${path}`;
}

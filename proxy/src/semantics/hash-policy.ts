// The key of a request in a cluster of consistent hashing. Rule: the same bytes are hashed as in Envoy; null is for a request that has
// nothing of what is asked for, which any host may get.

import type { HashPolicyPlan, HttpRequestView } from "../plan/types";
import { pseudoHeader } from "../plan/views";
import { combineHashes, type Hash64, xxHash64 } from "./hash64";
import { queryParameters } from "./match-route";

export interface HashedRequest {
  readonly request: HttpRequestView;
  /** As the route may have rewritten it. */
  readonly path: string;
  /** As the route may have rewritten it; a host that is rewritten by the chosen endpoint's name is not yet. */
  readonly authority: string;
  readonly remoteAddress: string;
  /** The value of a cookie that the request has not, and that its answer will bring. */
  newCookie(cookie: HashPolicyPlan & { kind: "cookie" }): string;
}

export function requestHash(policies: readonly HashPolicyPlan[], asked: HashedRequest): Hash64 | null {
  let hash: Hash64 | null = null;
  for (const policy of policies) {
    const next = hashOf(policy, asked);
    if (next !== null) hash = combineHashes(hash, next);
    if (policy.isTerminal && hash !== null) break;
  }
  return hash;
}

/** Header text is Latin-1 as it came. */
const textHash = (text: string): Hash64 => xxHash64(Buffer.from(text, "latin1"));

export const addressHash = (address: string): Hash64 | null => (address === "" ? null : textHash(address));

function hashOf(policy: HashPolicyPlan, asked: HashedRequest): Hash64 | null {
  if (policy.kind === "header") return headerHash(policy, asked);
  const value = hashedValue(policy, asked);
  if (value !== null) return textHash(value);
  return policy.kind === "cookie" && policy.ttlSeconds !== null ? textHash(asked.newCookie(policy)) : null;
}

/** What a key is in this request, without hashing it; null: it is not there. Several values of a header stand one after the other. */
export function hashedValue(policy: HashPolicyPlan, asked: Omit<HashedRequest, "newCookie">): string | null {
  switch (policy.kind) {
    case "header": {
      const values = headerValues(policy, asked);
      return values.length > 0 ? values.join(", ") : null;
    }
    case "source-ip":
      return asked.remoteAddress === "" ? null : asked.remoteAddress;
    case "query-parameter":
      return queryParameters(asked.path).get(policy.name) ?? null;
    case "cookie":
      return cookieValue(asked.request, policy.name) || null;
  }
}

/** Several values are hashed as one, in the order of their bytes. */
function headerHash(policy: HashPolicyPlan & { kind: "header" }, asked: HashedRequest): Hash64 | null {
  let hash: Hash64 | null = null;
  for (const value of headerValues(policy, asked)) hash = xxHash64(Buffer.from(value, "latin1"), hash ?? undefined);
  return hash;
}

function headerValues(
  { name, rewrite }: HashPolicyPlan & { kind: "header" },
  { request, path, authority }: Omit<HashedRequest, "newCookie">,
): string[] {
  const values: string[] = [];
  const pseudo = pseudoHeader(name);
  if (name === ":authority" || name === "host") values.push(authority);
  else if (pseudo !== undefined) values.push(name === ":path" ? path : pseudo(request));
  else {
    const { headers } = request;
    for (let i = 0; i < headers.count; i++) if (headers.nameAt(i) === name) values.push(headers.valueAt(i));
  }
  return (rewrite === null ? values : values.map(rewrite)).sort();
}

/** The first cookie of that name, without quotes; "" where there is none. */
function cookieValue({ headers }: HttpRequestView, name: string): string {
  for (let i = 0; i < headers.count; i++) {
    if (headers.nameAt(i) !== "cookie") continue;
    for (const crumb of headers.valueAt(i).split(";")) {
      const equals = crumb.indexOf("=");
      // As Envoy: spaces before a name are none of it, all others are.
      if (equals < 0 || crumb.slice(0, equals).replace(/^ +/, "") !== name) continue;
      const value = crumb.slice(equals + 1);
      return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
  }
  return "";
}

/** Set-Cookie of a new cookie, as Envoy writes it. */
export function setCookieText(cookie: HashPolicyPlan & { kind: "cookie" }, value: string): string {
  const { name, ttlSeconds, path, more } = cookie;
  const age = ttlSeconds ? [`Max-Age=${ttlSeconds}`] : [];
  return [`${name}="${value}"`, ...age, ...(path === "" ? [] : [`Path=${path}`]), ...more, "HttpOnly"].join("; ");
}

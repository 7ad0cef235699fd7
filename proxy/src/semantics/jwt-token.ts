// A token as text -> what it says, in Envoy's words where it cannot be read. Rule: nothing here trusts a token; whether its
// signature is right is asked elsewhere.

import type { JsonValue } from "../plan/types";

export interface Jwt {
  readonly alg: string;
  /** "": none. */
  readonly kid: string;
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** As it stands in the token. */
  readonly payloadText: string;
  /** Header and payload with their dot: what is signed. */
  readonly signed: string;
  readonly signature: Uint8Array;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  /** Seconds; 0: not said. */
  readonly notBefore: number;
  readonly expires: number;
  readonly hasExpiry: boolean;
}

export type JsonObject = { readonly [key: string]: JsonValue };

/** Longer ones are refused before they are read: a header may have 60 KiB, and no issuer writes that. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

const ALGORITHMS: ReadonlySet<string> = new Set(
  "ES256 ES384 ES512 HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 EdDSA".split(" "),
);
const MAX_UINT64 = 2 ** 64;
const BAD_FORMAT = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";

/** A string says in Envoy's words what is wrong. */
export function parseJwt(token: string): Jwt | string {
  if (token.length > MAX_TOKEN_LENGTH) return BAD_FORMAT;
  const [headerText, payloadText, signatureText, ...more] = token.split(".").filter((part) => part !== "");
  if (headerText === undefined || payloadText === undefined || signatureText === undefined || more.length > 0) {
    return BAD_FORMAT;
  }
  const header = readPart(headerText, "header");
  if (typeof header === "string") return header;
  const { alg, kid } = header;
  if (typeof alg !== "string") return "Jwt header [alg] field is required and must be a string";
  if (!ALGORITHMS.has(alg)) return "Jwt header [alg] is not supported";
  if (kid !== undefined && typeof kid !== "string") return "Jwt header [kid] field is not a string";
  const payload = readPart(payloadText, "payload");
  if (typeof payload === "string") return payload;
  const claims = readClaims(payload);
  if (typeof claims === "string") return claims;
  const signature = decodeBase64Url(signatureText);
  if (signature === null) return "Jwt signature is an invalid Base64url encoded";
  return {
    alg,
    kid: kid ?? "",
    header,
    payload,
    payloadText,
    signed: `${headerText}.${payloadText}`,
    signature,
    ...claims,
  };
}

function readPart(text: string, part: "header" | "payload"): JsonObject | string {
  const bytes = decodeBase64Url(text);
  if (bytes === null) return `Jwt ${part} is an invalid Base64url encoded`;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // Said below.
  }
  return `Jwt ${part} is an invalid JSON`;
}

type Claims = Pick<Jwt, "issuer" | "subject" | "audiences" | "notBefore" | "expires" | "hasExpiry">;

/** In Envoy's order: the first thing that is wrong is told. */
function readClaims(payload: JsonObject): Claims | string {
  for (const name of ["iss", "sub"] as const) {
    if (own(payload, name) !== undefined && typeof payload[name] !== "string") {
      return `Jwt payload [${name}] field is not a string`;
    }
  }
  for (const name of ["iat", "nbf", "exp"] as const) {
    const value = own(payload, name);
    if (value === undefined) continue;
    if (typeof value !== "number") return `Jwt payload [${name}] field is not an integer`;
    if (value < 0 || value >= MAX_UINT64) return `Jwt payload [${name}] field is not a positive 64 bit integer`;
  }
  const jti = own(payload, "jti");
  if (jti !== undefined && typeof jti !== "string") return "Jwt payload [jti] field is not a string";
  const aud = own(payload, "aud") ?? [];
  const audiences = typeof aud === "string" ? [aud] : aud;
  if (
    !Array.isArray(audiences) ||
    !audiences.every((each) => typeof each === "string") ||
    own(payload, "aud") === null
  ) {
    return "Jwt payload [aud] field is not a string or string list";
  }
  const text = (value: JsonValue | undefined): string => (typeof value === "string" ? value : "");
  const seconds = (value: JsonValue | undefined): number => (typeof value === "number" ? Math.trunc(value) : 0);
  return {
    issuer: text(own(payload, "iss")),
    subject: text(own(payload, "sub")),
    audiences,
    notBefore: seconds(own(payload, "nbf")),
    expires: seconds(own(payload, "exp")),
    hasExpiry: own(payload, "exp") !== undefined,
  };
}

/** A claim, also one named like something that every object has. */
export function own(value: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Without or with padding, spaces left out as Envoy does; null: not Base64url. */
export function decodeBase64Url(written: string): Uint8Array | null {
  const text = written.replace(/\s+/g, "");
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text)) return null;
  const bare = text.replace(/=+$/, "");
  if (bare.length % 4 === 1 || (text.length > bare.length && text.length % 4 !== 0)) return null;
  const raw = atob(bare.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

// Tokens for the cases about JWT: one key per run, and tokens that say what a case needs. Rule: times are far away from now, so
// that no answer depends on the clock.

import { generateKeyPairSync, sign } from "node:crypto";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const coded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

export const JWKS = JSON.stringify({
  keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", alg: "ES256", use: "sig" }],
});

/** exp is the year 2100 unless something else, or null for none, is said. */
export function token(claims: Readonly<Record<string, unknown>>): string {
  const { exp = 4_102_444_800, ...rest } = claims;
  const payload = { iss: "issuer", ...rest, ...(exp === null ? {} : { exp }) };
  const text = `${coded({ alg: "ES256", kid: "one", typ: "JWT" })}.${coded(payload)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** The same with a signature that is another's. */
export const forged = (claims: Readonly<Record<string, unknown>>): string => `${token(claims).slice(0, -8)}AAAAAAAA`;

// A JSON Web Key Set -> keys, and whether one of them signed a token. Rule: as Envoy: a key that cannot be read is left out, and
// a key is tried when neither its kid nor its alg says that it is another one.

import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { JWT_OK, type Jwt } from "../../semantics";

export interface Jwk {
  readonly kid: string;
  readonly alg: string;
  readonly kty: "RSA" | "EC" | "oct" | "OKP";
  readonly key: KeyObject;
}

/** Larger sets are no key sets: an identity provider has a handful of keys. */
export const MAX_JWKS_BYTES = 1024 * 1024;
const MAX_KEYS = 500;

const FAILS = "Jwt verification fails";

/** A string says in Envoy's words why there is no key. */
export function parseJwks(text: string): readonly Jwk[] | string {
  if (text.length > MAX_JWKS_BYTES) return "Jwks is an invalid JSON";
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    return "Jwks is an invalid JSON";
  }
  if (!isObject(set)) return "Jwks is an invalid JSON";
  const { keys } = set;
  if (keys === undefined) return "Jwks does not have [keys] field";
  if (!Array.isArray(keys)) return "[keys] in Jwks is not an array";
  if (keys.length > MAX_KEYS) return "Jwks doesn't have any valid public key";
  const found = keys.flatMap((each): Jwk[] => {
    const key = isObject(each) ? readKey(each) : null;
    return key ? [key] : [];
  });
  return found.length > 0 ? found : "Jwks doesn't have any valid public key";
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

const CURVE_OF_ALG: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

function readKey(jwk: Record<string, unknown>): Jwk | null {
  const kid = text(jwk["kid"]);
  const alg = text(jwk["alg"]);
  try {
    switch (jwk["kty"]) {
      case "RSA": {
        if (alg !== "" && !/^[RP]S/.test(alg)) return null;
        if (!["AQAB", "Aw", "AQAB=", "Aw=="].includes(text(jwk["e"]))) return null;
        return { kid, alg, kty: "RSA", key: publicKey({ kty: "RSA", n: jwk["n"], e: jwk["e"] }) };
      }
      case "EC": {
        if (alg !== "" && !alg.startsWith("ES")) return null;
        const crv = text(jwk["crv"]) || (alg === "" ? "P-256" : CURVE_OF_ALG[alg]);
        if (alg !== "" && CURVE_OF_ALG[alg] !== crv) return null;
        return { kid, alg, kty: "EC", key: publicKey({ kty: "EC", crv, x: jwk["x"], y: jwk["y"] }) };
      }
      case "oct": {
        if (alg !== "" && !/^HS(256|384|512)$/.test(alg)) return null;
        const bytes = Buffer.from(text(jwk["k"]), "base64url");
        return bytes.length === 0 ? null : { kid, alg, kty: "oct", key: createSecretKey(bytes) };
      }
      case "OKP": {
        if ((alg !== "" && alg !== "EdDSA") || jwk["crv"] !== "Ed25519") return null;
        return { kid, alg, kty: "OKP", key: publicKey({ kty: "OKP", crv: "Ed25519", x: jwk["x"] }) };
      }
      default:
        return null;
    }
  } catch {
    return null;
  }
}

const publicKey = (key: Record<string, unknown>): KeyObject => createPublicKey({ key, format: "jwk" });

/** {@link JWT_OK}, or Envoy's words. */
export function verifySignature(jwt: Jwt, keys: readonly Jwk[]): string {
  const signed = Buffer.from(jwt.signed, "latin1");
  let hasMatch = false;
  for (const jwk of keys) {
    if (jwt.kid !== "" && jwk.kid !== "" && jwk.kid !== jwt.kid) continue;
    if (jwk.alg !== "" && jwk.alg !== jwt.alg) continue;
    hasMatch = true;
    if (jwk.kty === "OKP" && jwt.signature.length !== 64) return "Jwt ED25519 signature is wrong length";
    if (isSignedBy(jwt, jwk, signed)) return JWT_OK;
  }
  return hasMatch ? FAILS : "Jwks doesn't have key to match kid or alg from Jwt";
}

function isSignedBy({ alg, signature }: Jwt, { kty, key }: Jwk, signed: Buffer): boolean {
  const hash = alg.endsWith("384") ? "sha384" : alg.endsWith("512") ? "sha512" : "sha256";
  try {
    switch (kty) {
      case "EC":
        return verify(hash, signed, { key, dsaEncoding: "ieee-p1363" }, signature);
      case "RSA":
        if (alg.startsWith("RS")) return verify(hash, signed, key, signature);
        return (
          alg.startsWith("PS") &&
          verify(
            hash,
            signed,
            { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
            signature,
          )
        );
      case "oct": {
        const expected = createHmac(hash, key).update(signed).digest();
        return expected.length === signature.length && timingSafeEqual(expected, signature);
      }
      case "OKP":
        return verify(null, signed, key, signature);
    }
  } catch {
    return false;
  }
}

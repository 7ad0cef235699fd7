// Key pairs, key sets and tokens for tests: signed as an identity provider signs them, or wrongly. Rule: keys are made once per file.

import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject | Buffer;
  readonly jwk: object;
}

export function rsaKey(kid: string, alg = "RS256"): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { kid, alg, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" } };
}

const CURVES: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

export function ecKey(kid: string, alg = "ES256"): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: CURVES[alg] ?? "P-256" });
  return { kid, alg, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg } };
}

export function edKey(kid: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { kid, alg: "EdDSA", privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "EdDSA" } };
}

export function secretKey(kid: string, alg = "HS256"): SigningKey {
  const secret = Buffer.from("a secret that both sides have to know");
  return { kid, alg, privateKey: secret, jwk: { kty: "oct", k: secret.toString("base64url"), kid, alg } };
}

/** `header` adds to or replaces what stands in the header; undefined takes it out. */
export function tokenOf(key: SigningKey, claims: object, header: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = { alg: key.alg, typ: "JWT", kid: key.kid, ...header };
  const signed = `${part(head)}.${part(claims)}`;
  return `${signed}.${signatureOf(key, String(head.alg), Buffer.from(signed)).toString("base64url")}`;
}

function signatureOf({ privateKey }: SigningKey, alg: string, data: Buffer): Buffer {
  const hash = `sha${alg.slice(2)}`;
  if (Buffer.isBuffer(privateKey)) return createHmac(hash, privateKey).update(data).digest();
  if (alg.startsWith("ES")) return sign(hash, data, { key: privateKey, dsaEncoding: "ieee-p1363" });
  if (alg.startsWith("PS")) {
    return sign(hash, data, {
      key: privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    });
  }
  return alg === "EdDSA" ? sign(null, data, privateKey) : sign(hash, data, privateKey);
}

export const keySetOf = (...keys: readonly SigningKey[]): string =>
  JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });

export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

// Secrets that people and programs show us: how they are made, and the only form in which they are kept.
// The rule: the plain text exists in the answer that makes it and in the request that shows it, never in the database or a log.
import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** One-time links, invites: 256 random bits, so a plain hash is enough to keep them. */
export function newLinkToken(): { token: string; hash: string } {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: hashToken(token) };
}

export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Lets one machine join the mesh, once. The prefix lets secret scanners find leaks. */
export function newWorkloadJoinToken(): { token: string; hash: string } {
  const token = `mwjoin_${randomBytes(32).toString("base64url")}`;
  return { token, hash: hashToken(token) };
}

/** `mw_<id>_<secret>`: the id finds the row, the secret proves it, the prefix lets secret scanners find leaks. */
export function newApiToken(): { id: string; token: string; secretHash: string } {
  const id = randomBytes(9).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  return { id, token: `mw_${id}_${secret}`, secretHash: hashToken(secret) };
}

const API_TOKEN = /^mw_([A-Za-z0-9]{8,64})_([A-Za-z0-9_-]{24,128})$/;

export function parseApiToken(text: string): { id: string; secretHash: string } | undefined {
  const match = API_TOKEN.exec(text);
  return match?.[1] && match[2] ? { id: match[1], secretHash: hashToken(match[2]) } : undefined;
}

/** Compares two hashes of equal length without telling where they differ. */
export function isSameHash(a: string, b: string): boolean {
  const left = Buffer.from(a, "hex");
  const right = Buffer.from(b, "hex");
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}

// OWASP Password Storage Cheat Sheet: scrypt with N=2^16, r=8, p=2 (64 MiB; four at a time in the thread pool).
const COST: ScryptCost = { logN: 16, r: 8, p: 2 };
const KEY_BYTES = 32;

export interface ScryptCost {
  logN: number;
  r: number;
  p: number;
}

function derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
  const N = 2 ** cost.logN;
  const options = { N, r: cost.r, p: cost.p, maxmem: 256 * N * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** The cost is kept with the hash, so raising it later leaves old passwords valid. */
export async function hashPassword(password: string, cost = COST): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  return ["scrypt", cost.logN, cost.r, cost.p, salt.toString("base64url"), key.toString("base64url")].join("$");
}

/** A password nobody has: verifying against it takes as long as against a real one. */
const NOBODY = `scrypt$${COST.logN}$${COST.r}$${COST.p}$${"A".repeat(22)}$${"A".repeat(43)}`;

/** False for a wrong password, and after the same time for somebody who has none. */
export async function verifyPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const [scheme, logN, r, p, salt, key] = (stored ?? NOBODY).split("$");
  if (scheme !== "scrypt" || !salt || !key) return false;
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  const expected = Buffer.from(key, "base64url");
  const actual = await derive(password, Buffer.from(salt, "base64url"), cost);
  return Boolean(stored) && actual.length === expected.length && timingSafeEqual(actual, expected);
}

// Join tokens: 32 random bytes, valid once and for ten minutes (SPIRE's default), kept as a SHA-256 only.
// One rule: the clear token exists in the answer to the agent and in the proxy's folder, nowhere else.

import { createHash, randomBytes } from "node:crypto";

export const JOIN_TOKEN_LIFETIME_MS = 600_000;

export interface NewJoinToken {
  token: string;
  hash: string;
}

export function newJoinToken(): NewJoinToken {
  const token = `mwj_${randomBytes(32).toString("base64url")}`;
  return { token, hash: hashJoinToken(token) };
}

export function hashJoinToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

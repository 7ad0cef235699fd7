// The deny-list secret: who must be cut off at once, and whose certificates are to be renewed now. One rule: a list that cannot
// be read is refused, never taken as empty.

import { normalizeSerial } from "../identity/svid";
import type { DenyList } from "./config-source";

export const DENY_LIST_SECRET = "denylist";

/** @throws with what is wrong with it */
export function parseDenyList(bytes: Uint8Array): DenyList {
  const json: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
  const { serials = [], spiffeIds = [], renewIssuers = [] } = (json ?? {}) as Record<string, unknown>;
  const isTexts = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((one) => typeof one === "string");
  if (!isTexts(serials) || !isTexts(spiffeIds) || !isTexts(renewIssuers)) {
    throw new Error('the deny list must be {"serials": [...], "spiffeIds": [...], "renewIssuers": [...]} with texts');
  }
  return {
    serials: new Set(serials.map(normalizeSerial)),
    spiffeIds: new Set(spiffeIds),
    renewIssuers: new Set(renewIssuers.map(normalizeSerial)),
  };
}

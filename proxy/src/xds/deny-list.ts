// The deny-list secret: who must be cut off at once. One rule: a list that cannot be read is refused, never taken as empty.

import type { DenyList } from "./config-source";

export const DENY_LIST_SECRET = "denylist";

/** @throws with what is wrong with it */
export function parseDenyList(bytes: Uint8Array): DenyList {
  const json: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
  const { serials = [], spiffeIds = [] } = (json ?? {}) as { serials?: unknown; spiffeIds?: unknown };
  const isTexts = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((one) => typeof one === "string");
  if (!isTexts(serials) || !isTexts(spiffeIds)) {
    throw new Error('the deny list must be {"serials": [...], "spiffeIds": [...]} with texts');
  }
  return {
    serials: new Set(serials.map((serial) => serial.toLowerCase().replace(/^0+(?=.)/, ""))),
    spiffeIds: new Set(spiffeIds),
  };
}

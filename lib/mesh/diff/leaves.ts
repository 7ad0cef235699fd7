// The smallest places in which two JSON values differ.
import { isSameJson } from "../commands/equal";
import type { Path } from "../types";

export type LeafChange = { path: Path; before: unknown; after: unknown };

/** Lists of different length are one place. */
export function leafChanges(a: unknown, b: unknown, path: Path): LeafChange[] {
  if (isSameJson(a, b)) return [];
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.flatMap((item, i) => leafChanges(item, b[i], [...path, i]));
  }
  if (isRecord(a) && isRecord(b)) {
    const fields = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return fields.flatMap((field) => leafChanges(a[field], b[field], [...path, field]));
  }
  return [{ path, before: a, after: b }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

// Which subset an endpoint is in. Rule: as plan/subsets.ts names it, so that a route finds it by one look-up.

import type { SubsetMetadata } from "../plan/types";

/** @param keys sorted; null: the endpoint does not say all of them */
export function subsetName(keys: readonly string[], metadata: SubsetMetadata): string | null {
  const entries: (readonly [string, string])[] = [];
  for (const key of keys) {
    const value = metadata.get(key);
    if (value === undefined) return null;
    entries.push([key, value]);
  }
  return JSON.stringify(entries);
}

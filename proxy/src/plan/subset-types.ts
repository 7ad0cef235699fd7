// Subsets of a cluster's hosts by what endpoints say under envoy.lb. Rule: plain data; values are compared as canonical JSON text, so that a
// number is not its digits and the order of fields says nothing.

/** Key -> canonical JSON of its value: filter_metadata["envoy.lb"]. */
export type SubsetMetadata = ReadonlyMap<string, string>;

/** Who gets what fits no subset. */
export type SubsetFallback = "none" | "any" | "default";

export interface SubsetsPlan {
  readonly selectors: readonly SubsetSelector[];
  readonly fallback: SubsetFallback;
  /** Of hosts that say all of it. */
  readonly defaultSubset: SubsetMetadata;
}

/** For each combination of values that hosts have of these keys there is a subset. */
export interface SubsetSelector {
  /** Sorted, each once. */
  readonly keys: readonly string[];
  /** null: the cluster's. */
  readonly fallback: SubsetFallback | null;
}

/** What a route asks of hosts. */
export interface SubsetMatch {
  /** Of its keys alone: names the selector. */
  readonly selector: string;
  /** Of keys and values: names the subset. */
  readonly subset: string;
}

// Envoy lb_subset_config, metadata_match and envoy.lb of endpoints -> what the balancer compares. Rule: keys are sorted here, once; a name of a
// subset is text, so that a request costs one look-up.

import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import {
  type Cluster,
  Cluster_LbSubsetConfig_LbSubsetFallbackPolicy as Fallback,
  type Metadata,
  Cluster_LbSubsetConfig_LbSubsetSelector_LbSubsetSelectorFallbackPolicy as SelectorFallback,
} from "../contract/messages";
import { subsetName } from "../semantics";
import type { Scope } from "./scope";
import type {
  EndpointPlan,
  HashTablePlan,
  SubsetFallback,
  SubsetMatch,
  SubsetMetadata,
  SubsetSelector,
  SubsetsPlan,
} from "./types";

const NAMESPACE = "envoy.lb";
const FALLBACKS: Readonly<Record<Fallback, SubsetFallback>> = {
  [Fallback.NO_FALLBACK]: "none",
  [Fallback.ANY_ENDPOINT]: "any",
  [Fallback.DEFAULT_SUBSET]: "default",
};
/** KEYS_SUBSET is refused by the support table. */
const SELECTOR_FALLBACKS: Readonly<Partial<Record<SelectorFallback, SubsetFallback>>> = {
  [SelectorFallback.NO_FALLBACK]: "none",
  [SelectorFallback.ANY_ENDPOINT]: "any",
  [SelectorFallback.DEFAULT_SUBSET]: "default",
};
/** Each is balanced by itself, which takes memory, and time whenever a host comes, goes or fails. */
const MAX_SUBSETS = 1000;
/** Of the hash tables of all of them: 64 MB. */
const MAX_TABLE_ENTRIES = 16_777_216;
const NOTHING: SubsetMetadata = new Map();

/** As Envoy: without selectors there are no subsets. */
export function subsetsPlan({ lbSubsetConfig, loadBalancingPolicy }: Cluster, scope: Scope): SubsetsPlan | null {
  if (lbSubsetConfig === undefined) return null;
  if (loadBalancingPolicy !== undefined)
    scope.field("lb_subset_config").fail("cannot stand beside load_balancing_policy; say the policy by lb_policy");
  const { subsetSelectors, fallbackPolicy, defaultSubset } = lbSubsetConfig;
  if (subsetSelectors.length === 0) return null;
  return {
    selectors: subsetSelectors.map((selector, index): SubsetSelector => {
      const at = scope.field("lb_subset_config").item("subset_selectors", index);
      if (selector.keys.length === 0) at.field("keys").fail("must not be empty: name the keys that make a subset");
      return {
        keys: [...new Set(selector.keys)].sort(),
        fallback: SELECTOR_FALLBACKS[selector.fallbackPolicy] ?? null,
      };
    }),
    fallback: FALLBACKS[fallbackPolicy],
    defaultSubset: metadataOf(defaultSubset),
  };
}

/** How many there are is said by the endpoints alone. */
export function checkSubsetCount(
  { selectors }: SubsetsPlan,
  table: HashTablePlan | null,
  endpoints: readonly EndpointPlan[],
  scope: Scope,
): void {
  const names = new Set(selectors.flatMap(({ keys }) => endpoints.map(({ subset }) => subsetName(keys, subset))));
  names.delete(null);
  const entries = table === null ? 0 : table.kind === "ring" ? table.minimumSize : table.tableSize;
  const most = Math.min(MAX_SUBSETS, Math.max(1, Math.floor(MAX_TABLE_ENTRIES / Math.max(1, entries))));
  if (names.size <= most) return;
  const smaller = most < MAX_SUBSETS ? ", or make the hash table smaller" : "";
  scope
    .field("lb_subset_config")
    .field("subset_selectors")
    .fail(
      `make ${names.size} subsets of these endpoints, more than ${most}; leave out keys that each endpoint has a value of its own for${smaller}`,
    );
}

export const subsetMetadata = (metadata: Metadata | undefined): SubsetMetadata =>
  metadataOf(metadata?.filterMetadata[NAMESPACE]);

/** @param over wins key by key; null: nothing is asked */
export function subsetMatch(metadata: Metadata | undefined, over?: Metadata): SubsetMatch | null {
  const asked = [metadata, over].map((each) => each?.filterMetadata[NAMESPACE]).filter((each) => each !== undefined);
  return asked.length === 0 ? null : matchOf(new Map(asked.flatMap((each) => [...metadataOf(each)])));
}

/** The subset that hosts with these values are in. */
export function matchOf(metadata: SubsetMetadata): SubsetMatch {
  const entries = [...metadata].sort(([left], [right]) => (left < right ? -1 : 1));
  return { selector: JSON.stringify(entries.map(([key]) => key)), subset: JSON.stringify(entries) };
}

function metadataOf(json: JsonObject | undefined): SubsetMetadata {
  const entries = Object.entries(json ?? {});
  return entries.length === 0 ? NOTHING : new Map(entries.map(([key, value]) => [key, canonical(value)]));
}

function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_key, inner: JsonValue) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}

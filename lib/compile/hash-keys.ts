// Of what the hosts behind a route are chosen by a hash.
// The rule: a route to several clusters has the keys of all of them, once each and in order, as Istio's has.
import { type HashKey, isHashing, isSameJson } from "@/lib/mesh";
import { targetOfClusterName } from "./destinations";
import type { Facts } from "./facts";
import { policyBlock } from "./policy-block";

/** Of all clusters that a route leads to, by their names; empty: none of them hashes. */
export function hashKeysFor(facts: Facts, clusters: readonly string[]): HashKey[] {
  const keys: HashKey[] = [];
  for (const name of clusters) {
    const target = targetOfClusterName(name);
    const { policy, hash = [] } = (target && policyBlock(facts, target, "loadBalancing")) ?? {};
    if (policy === undefined || !isHashing(policy)) continue;
    for (const key of hash) if (!keys.some((each) => isSameJson(each, key))) keys.push(key);
  }
  return keys;
}

// Of what the hosts behind a route are chosen by a hash.
// The rule: a route to several clusters has the keys of all of them, once each and in order, as Istio's has.
import { type HashKey, isHashing, isSameJson, type LoadBalancing } from "@/lib/mesh";
import { type Target, targetOfClusterName } from "./destinations";
import type { Facts } from "./facts";

/** What the design says of a cluster: the subset's block replaces the service's. */
function balancingOf(facts: Facts, { service, subset }: Target): LoadBalancing | undefined {
  const policies = facts.trafficPoliciesOf.get(service) ?? [];
  const of = (wanted: string | undefined) => policies.find((policy) => policy.spec.subset === wanted);
  const own = subset === undefined ? undefined : of(subset)?.spec.loadBalancing;
  return own ?? of(undefined)?.spec.loadBalancing;
}

/** Of all clusters that a route leads to, by their names; empty: none of them hashes. */
export function hashKeysFor(facts: Facts, clusters: readonly string[]): HashKey[] {
  const keys: HashKey[] = [];
  for (const name of clusters) {
    const target = targetOfClusterName(name);
    const { policy, hash = [] } = (target && balancingOf(facts, target)) ?? {};
    if (policy === undefined || !isHashing(policy)) continue;
    for (const key of hash) if (!keys.some((each) => isSameJson(each, key))) keys.push(key);
  }
  return keys;
}

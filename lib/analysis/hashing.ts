// What analyzers ask of consistent hashing.
import { type HashKey, isHashing, type MeshIndex, type ObjectKey, type TrafficPolicy } from "@/lib/mesh";

/** Undefined where the policy does not hash. */
export function keysOf({ spec: { loadBalancing } }: TrafficPolicy): readonly HashKey[] | undefined {
  return loadBalancing && isHashing(loadBalancing.policy) ? loadBalancing.hash : undefined;
}

/** Keys of a service, or of one of its versions, whose own block replaces the service's; undefined: its hosts are chosen in another way. */
export function keysFor(
  index: MeshIndex,
  service: ObjectKey,
  subset: string | undefined,
): readonly HashKey[] | undefined {
  const policies = index.trafficPoliciesOf(service);
  const of = (wanted: string | undefined) =>
    policies.find(({ spec }) => spec.subset === wanted && spec.loadBalancing !== undefined);
  const policy = (subset === undefined ? undefined : of(subset)) ?? of(undefined);
  return policy && keysOf(policy);
}

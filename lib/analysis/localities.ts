// The hosts and callers of a service by place, as a traffic policy's locality sees them.
// The rule: a place is what workloads and gateways say of themselves; what an environment would add is not known here.
import {
  type Gateway,
  keyOf,
  type MeshIndex,
  type ObjectOf,
  objectKey,
  PLACE_LABELS,
  refKey,
  serviceRefKey,
  type TrafficLocality,
  type TrafficPolicy,
  type Workload,
} from "@/lib/mesh";
import { isSelected } from "./clusters";
import type { Facts } from "./finding";

/** The locality of a policy when it makes a difference. */
export function preferenceOf({ spec }: TrafficPolicy): TrafficLocality | undefined {
  return spec.locality?.enabled === false ? undefined : spec.locality;
}

/** Workloads that the policy is about, if any. */
export function hostsOf(index: MeshIndex, policy: TrafficPolicy): readonly Workload[] {
  const service = serviceRefKey(policy.spec.service, policy);
  const all = index.workloadsOf(service);
  if (policy.spec.subset === undefined) return all;
  const subset = index.subsetsOf(service).find(({ spec }) => spec.name === policy.spec.subset);
  return subset ? all.filter((workload) => isSelected(subset.spec.labels, workload)) : [];
}

/** A block of the policy, or the service's where a subset's has none. */
export function blockOf<B extends "outlierDetection" | "healthCheck">(
  index: MeshIndex,
  policy: TrafficPolicy,
  block: B,
): TrafficPolicy["spec"][B] {
  const own = policy.spec[block];
  if (own !== undefined || policy.spec.subset === undefined) return own;
  const service = serviceRefKey(policy.spec.service, policy);
  return index.trafficPoliciesOf(service).find(({ spec }) => spec.subset === undefined)?.spec[block];
}

/** How many hosts are in each place; those of which nobody says it are left out. */
export function hostsByPlace(index: MeshIndex, policy: TrafficPolicy, facts: Facts): Map<string, number> {
  const counts = new Map<string, number>();
  for (const workload of hostsOf(index, policy)) {
    const { locality } = workload.spec;
    if (locality !== undefined) counts.set(locality, (counts.get(locality) ?? 0) + facts.endpointsOf(workload));
  }
  return counts;
}

/** Does the policy go by where callers are? */
export function asksForPlaces({ distribute, failoverPriority, failover }: TrafficLocality): boolean {
  if (distribute) return distribute.some(({ from }) => from !== "*");
  const places: readonly string[] = Object.values(PLACE_LABELS);
  return (
    failover !== undefined || failoverPriority === undefined || failoverPriority.some((label) => places.includes(label))
  );
}

/** Workloads and gateways that call the service by a drawn dependency, each once. */
export function callersOf(index: MeshIndex, policy: TrafficPolicy): (Workload | Gateway)[] {
  const service = serviceRefKey(policy.spec.service, policy);
  const ends = [service, ...index.workloadsOf(service).map(objectKey)];
  const callers = new Map<string, ObjectOf<"Workload" | "Gateway">>();
  for (const dependency of ends.flatMap((end) => index.dependenciesTo(end))) {
    const { from } = dependency.spec;
    const key = refKey(from, dependency);
    const gateway = index.find("Gateway", key);
    const workload = index.find("Workload", key);
    const found = gateway ? [gateway] : workload ? [workload] : from.kind === "Service" ? index.workloadsOf(key) : [];
    for (const caller of found)
      callers.set(keyOf(caller.kind, caller.metadata.namespace, caller.metadata.name), caller);
  }
  return [...callers.values()];
}

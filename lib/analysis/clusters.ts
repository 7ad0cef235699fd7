// Which endpoints a traffic policy acts on: the service as a whole where calls go there, and each subset.
import { type MeshIndex, type ObjectOf, serviceRefKey, subsetUsesOf, workloadLabels } from "@/lib/mesh";
import type { Facts } from "./finding";

export type ClusterSize = { name: string; endpoints: number };

/** Do all of the subset's labels occur on the workload? */
export function isSelected(labels: Record<string, string>, workload: ObjectOf<"Workload">): boolean {
  const own = workloadLabels(workload);
  return Object.entries(labels).every(([key, value]) => own[key] === value);
}

/** The clusters that the policy configures, with their number of endpoints as designed or as running. */
export function clustersOf(index: MeshIndex, policy: ObjectOf<"TrafficPolicy">, facts: Facts): ClusterSize[] {
  const service = serviceRefKey(policy.spec.service, policy);
  const name = policy.spec.service.name;
  const workloads = index.workloadsOf(service);
  const size = (selected: readonly ObjectOf<"Workload">[]) =>
    selected.reduce((sum, workload) => sum + facts.endpointsOf(workload), 0);
  const own = new Set(
    index.trafficPoliciesOf(service).flatMap((each) => (each !== policy && each.spec.subset ? [each.spec.subset] : [])),
  );
  const subsets = index
    .subsetsOf(service)
    .filter((subset) => (policy.spec.subset ? subset.spec.name === policy.spec.subset : !own.has(subset.spec.name)))
    .map((subset) => ({
      name: `${name} ${subset.spec.name}`,
      endpoints: size(workloads.filter((workload) => isSelected(subset.spec.labels, workload))),
    }));
  return policy.spec.subset ? subsets : [{ name, endpoints: size(workloads) }, ...subsets];
}

/** Does a route send calls to it? */
export function isSubsetUsed(index: MeshIndex, subset: ObjectOf<"Subset">): boolean {
  const service = serviceRefKey(subset.spec.service, subset);
  return index.referrersOf(service).some((key) => {
    const route = index.find("Route", key) ?? index.find("TcpRoute", key);
    return route && subsetUsesOf(route).some((use) => use.service === service && use.subset === subset.spec.name);
  });
}

// Where the requests for one service go by locality, and where they go once those that get the most are gone.
// The rule: priorities and weights are those of the caller's own plan, and how they share is the proxy's arithmetic.
import type { ClusterPlan, EndpointPlan } from "@meshwright/proxy/plan";
import { type LevelCount, priorityLoads } from "@meshwright/proxy/semantics";
import { keyOf, type ObjectKey, parseKey } from "@/lib/mesh";
import type { DestinationLocality } from "./types";

type Host = Pick<EndpointPlan, "locality" | "localityWeight" | "priority" | "metadata"> & { isHealthy: boolean };

/** In the order in which they are called; undefined when all hosts are the same to this caller. */
export function localitiesOf(cluster: ClusterPlan, service: ObjectKey): DestinationLocality[] | undefined {
  const { isLocalityWeighted } = cluster.balancing;
  if (!isLocalityWeighted && cluster.endpoints.every(({ priority }) => priority === 0)) return undefined;
  const hosts = cluster.endpoints.map((each): Host => ({ ...each, isHealthy: each.health === "healthy" }));
  const now = sharesOf(cluster, hosts);
  const most = [...now].sort(([, a], [, b]) => b - a)[0]?.[0];
  const level = hosts.find((host) => placeOf(host) === most)?.priority;
  const isGone = (host: Host) => (isLocalityWeighted ? placeOf(host) === most : host.priority === level);
  const later = sharesOf(
    cluster,
    hosts.map((host) => (isGone(host) ? { ...host, isHealthy: false } : host)),
  );
  const namespace = parseKey(service)?.namespace;
  return [...now].map(([place, probability]) => {
    const there = hosts.filter((host) => placeOf(host) === place);
    const names = [...new Set(there.flatMap(({ metadata }) => metadata["workload"] ?? []))].sort();
    return {
      locality: (there[0]?.locality ?? "").split("\0").join("/").replace(/\/+$/, ""),
      priority: there[0]?.priority ?? 0,
      probability,
      whenFirstIsGone: later.get(place) ?? 0,
      workloads: names.map((name) => keyOf("Workload", namespace, name)),
    };
  });
}

const placeOf = ({ priority, locality }: Host): string => `${priority} ${locality}`;

/** By place, 1 in all, or 0 when nobody is left; in the order of priorities, then of names. */
function sharesOf(cluster: ClusterPlan, hosts: readonly Host[]): Map<string, number> {
  const last = Math.max(...hosts.map(({ priority }) => priority));
  const levels = Array.from({ length: last + 1 }, (_, level) => hosts.filter(({ priority }) => priority === level));
  const loads = priorityLoads(levels.map(counted), cluster.healthyPanicThreshold, cluster.overprovisioning);
  const shares = new Map<string, number>();
  levels.forEach((level, i) => {
    const within = placesIn(level, loads.isPanicking[i] ?? false, cluster);
    for (const [place, share] of within) shares.set(place, ((loads.healthy[i] ?? 0) / 100) * share);
  });
  return shares;
}

function counted(hosts: readonly Host[]): LevelCount {
  return { hosts: hosts.length, excluded: 0, healthy: hosts.filter(({ isHealthy }) => isHealthy).length, degraded: 0 };
}

/** The shares of one level. In panic every host gets the same, whatever it is worth. */
function placesIn(hosts: readonly Host[], isPanicking: boolean, { balancing, overprovisioning }: ClusterPlan) {
  const places = [...new Set(hosts.map(placeOf))].sort();
  const amounts = places.map((place) => {
    const there = hosts.filter((host) => placeOf(host) === place);
    const usable = isPanicking ? there.length : there.filter(({ isHealthy }) => isHealthy).length;
    if (isPanicking || !balancing.isLocalityWeighted) return usable;
    return (there[0]?.localityWeight ?? 0) * Math.min(1, ((overprovisioning / 100) * usable) / there.length);
  });
  const all = amounts.reduce((total, amount) => total + amount, 0);
  return places.map((place, i): [string, number] => [place, all === 0 ? 0 : (amounts[i] ?? 0) / all]);
}

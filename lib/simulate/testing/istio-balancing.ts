// How hosts are chosen, as istiod sends it to each proxy and as ours is planned: policy, table, levels, and the weights of localities.
// The rule: only clusters that both have, with the same workloads, are compared; who is called by them the answers show.
import type { BalancingPlan, ClusterPlan } from "@meshwright/proxy/plan";
import { targetOfClusterName } from "@/lib/compile/destinations";
import { objectKey, parseKey } from "@/lib/mesh";
import type { Scene } from "../scene";
import type { Json, JsonObject, OracleAnswer, ProxyConfiguration } from "./istio-oracle";

/** Of the one host of a workload: the level, and what it gets of the level, in percent. */
type Place = { priority: number; percent: number };
type Places = ReadonlyMap<string, Place>;
/** `weight` null: every host of the level gets the same. */
type Locality = { priority: number; weight: number | null; workloads: string[] };

export function balancingDifferences(scene: Scene, { proxies, gateways, owners }: OracleAnswer): string[] {
  const callers = [...scene.index.all("Workload"), ...scene.index.all("Gateway")];
  return callers.flatMap((caller) => {
    const own = `${caller.metadata.namespace}/${caller.metadata.name}`;
    const theirs = proxies[caller.kind === "Gateway" ? (gateways[own] ?? "") : own];
    const planned = scene.proxyOf(objectKey(caller));
    if (!theirs || !planned.ok) return [];
    return [...planned.plan.clusters.values()].flatMap((cluster) =>
      clusterDifferences(cluster, theirs, owners).map((each) => `${own}, ${cluster.name}: ${each}`),
    );
  });
}

function clusterDifferences(cluster: ClusterPlan, proxy: ProxyConfiguration, owners: OracleAnswer["owners"]): string[] {
  const name = nameThere(cluster);
  const theirs = proxy.clusters.find((each) => each["name"] === name);
  if (!theirs) return [];
  const [told, got] = [policyOf(cluster.balancing), policyThere(theirs)];
  const found = told === got ? [] : [`told ${told}, got ${got}`];
  const assignment = proxy.endpoints.find((each) => each["cluster_name"] === name);
  const [ours, others] = [placesOf(cluster), placesThere(theirs, assignment, owners)];
  const isAlike = ours.size === others.size && [...ours.keys()].every((each) => others.has(each));
  return isAlike ? [...found, ...placeDifferences(ours, others)] : found;
}

function nameThere(cluster: ClusterPlan): string | undefined {
  const target = targetOfClusterName(cluster.name);
  const service = target && parseKey(target.service);
  if (!service || cluster.metadata["kind"] !== "service") return undefined;
  return `outbound|${target.port}|${target.subset ?? ""}|${service.name}.${service.namespace}.svc.cluster.local`;
}

function policyOf({ lbPolicy, hashTable }: BalancingPlan): string {
  if (!hashTable) return lbPolicy;
  return hashTable.kind === "ring" ? `ring of ${hashTable.minimumSize}` : `maglev of ${hashTable.tableSize}`;
}

/** Envoy's own sizes where Istio says none. */
function policyThere(cluster: JsonObject): string {
  const policy = String(cluster["lb_policy"] ?? "ROUND_ROBIN");
  const [ring, maglev] = [recordOf(cluster["ring_hash_lb_config"]), recordOf(cluster["maglev_lb_config"])];
  if (policy === "RING_HASH") return `ring of ${Number(ring["minimum_ring_size"] ?? 1024)}`;
  if (policy === "MAGLEV") return `maglev of ${Number(maglev["table_size"] ?? 65_537)}`;
  return policy.toLowerCase().replace("_", "-");
}

function placesOf({ endpoints, balancing }: ClusterPlan): Places {
  const localities = new Map<string, Locality>();
  for (const { locality: name, priority, localityWeight, metadata } of endpoints) {
    const key = `${priority} ${name}`;
    const weight = balancing.isLocalityWeighted ? localityWeight : null;
    const known = localities.get(key) ?? { priority, weight, workloads: [] };
    localities.set(key, { ...known, workloads: [...known.workloads, metadata["workload"] ?? ""] });
  }
  return sharesOf([...localities.values()]);
}

function placesThere(cluster: JsonObject, assignment: JsonObject | undefined, owners: OracleAnswer["owners"]): Places {
  const isWeighted = recordOf(cluster["common_lb_config"])["locality_weighted_lb_config"] !== undefined;
  const localities = listOf(assignment?.["endpoints"]).map((each): Locality => {
    const hosts = listOf(each["lb_endpoints"]).map((host) => {
      const at = recordOf(recordOf(recordOf(host["endpoint"])["address"])["socket_address"])["address"];
      return owners[String(at)]?.split("/")[1] ?? "";
    });
    const weight = isWeighted ? Number(each["load_balancing_weight"] ?? 0) : null;
    return { priority: Number(each["priority"] ?? 0), weight, workloads: hosts };
  });
  return sharesOf(localities);
}

/** Istio weighs localities also where it makes levels only: by how many hosts they have, which is what no weights are. */
function sharesOf(localities: readonly Locality[]): Places {
  const amountOf = ({ weight, workloads }: Locality) => weight ?? workloads.length;
  return new Map(
    localities.flatMap((each) => {
      // Envoy leaves out a locality that has no host, whatever its weight
      const level = localities.filter(({ priority, workloads }) => priority === each.priority && workloads.length > 0);
      const all = level.reduce((sum, other) => sum + amountOf(other), 0);
      const place = { priority: each.priority, percent: (100 * amountOf(each)) / all / each.workloads.length };
      return each.workloads.map((workload): [string, Place] => [workload, place]);
    }),
  );
}

/** Istio's weights are whole numbers. */
const TOLERANCE_PERCENT = 1;

function placeDifferences(ours: Places, theirs: Places): string[] {
  return [...ours].flatMap(([workload, told]) => {
    const got = theirs.get(workload);
    const isSame = got?.priority === told.priority && Math.abs(got.percent - told.percent) <= TOLERANCE_PERCENT;
    const words = (place: Place | undefined) =>
      place ? `at level ${place.priority} with ${place.percent.toFixed(1)} %` : "nowhere";
    return isSame ? [] : [`told ${workload} ${words(told)}, got ${words(got)}`];
  });
}

function recordOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}
function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

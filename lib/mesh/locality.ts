// Whom a caller prefers because of where it is: priorities of hosts, or weights of their localities.
// The rule: Istio's algorithm (pilot, loadbalancer.go): ranks 0 to 3 by subzone, zone and region, 4 for what failover does not name; labels before ranks.
import { workloadLabels } from "./refs";
import type { Gateway, TrafficLocality, Workload } from "./types";

/** Empty parts: nobody said. */
export type Locality = { region: string; zone: string; subzone: string };
/** A caller or a host: where it is, and its labels with those of its place. */
export type Placed = { locality: Locality; labels: Readonly<Record<string, string>> };
/** `priority`: 0 is called first. `weight`: of the locality, where localities are weighted. null: it gets nothing. */
export type Standing = { priority: number; weight: number | null } | null;

/** The labels under which Kubernetes and Istio say where something is. */
export const PLACE_LABELS = {
  region: "topology.kubernetes.io/region",
  zone: "topology.kubernetes.io/zone",
  subzone: "topology.istio.io/subzone",
} as const;

/** `eu-west/eu-west-1a` -> its parts. */
export function localityOf(text: string | undefined): Locality {
  const [region = "", zone = "", subzone = ""] = (text ?? "").split("/");
  return { region, zone, subzone };
}

/** The way back; empty when nobody said. */
export const localityText = ({ region, zone, subzone }: Locality): string =>
  [region, zone, subzone].join("/").replace(/\/+$/, "");

/** Parts that the pattern leaves open, or says as `*`, are any. */
export function isWithin({ region, zone, subzone }: Locality, pattern: string): boolean {
  const asked = localityOf(pattern);
  const fits = (own: string, wanted: string) => wanted === "" || wanted === "*" || own === wanted;
  return fits(region, asked.region) && fits(zone, asked.zone) && fits(subzone, asked.subzone);
}

export function placedOf(object: Workload | Gateway): Placed {
  const locality = localityOf(object.spec.locality);
  const own = object.kind === "Workload" ? workloadLabels(object) : (object.metadata.labels ?? {});
  const places = (["region", "zone", "subzone"] as const).flatMap((part) =>
    locality[part] === "" ? [] : [[PLACE_LABELS[part], locality[part]]],
  );
  return { locality, labels: { ...own, ...Object.fromEntries(places) } };
}

/** 0: same subzone; 1: same zone; 2: same region; 3: elsewhere. */
export function rankOf(caller: Locality, host: Locality): number {
  if (caller.region !== host.region) return 3;
  if (caller.zone !== host.zone) return 2;
  return caller.subzone === host.subzone ? 0 : 1;
}

/** What each of `hosts` is to the caller, in their order. Without `locality`, or with enabled: false, they are all the same. */
export function standings(
  locality: TrafficLocality | undefined,
  caller: Placed,
  hosts: readonly Placed[],
): readonly Standing[] {
  if (locality === undefined || locality.enabled === false) return hosts.map(() => SAME);
  const { distribute, failoverPriority, failover } = locality;
  if (distribute) {
    const shares = distribute.find(({ from }) => isWithin(caller.locality, from))?.to;
    return shares ? weighted(shares, hosts) : hosts.map(() => SAME);
  }
  const keys = hosts.map((host) => {
    const byLabels = failoverPriority ? missedFrom(failoverPriority, caller, host) : 0;
    const byPlace = failover || !failoverPriority ? placeRank(failover ?? [], caller.locality, host.locality) : 0;
    return byLabels * (ELSEWHERE + 1) + byPlace;
  });
  const order = [...new Set(keys)].sort((a, b) => a - b);
  return keys.map((key) => ({ priority: order.indexOf(key), weight: null }));
}

const SAME: Standing = { priority: 0, weight: null };
/** The rank of a region that failover does not name. */
const ELSEWHERE = 4;

function placeRank(failover: NonNullable<TrafficLocality["failover"]>, caller: Locality, host: Locality): number {
  const rank = rankOf(caller, host);
  const named = rank === 3 ? failover.find(({ from }) => from === caller.region) : undefined;
  return named && named.to !== host.region ? ELSEWHERE : rank;
}

/** How many labels count no more, from the first that differs on: 0 when all are the same. */
function missedFrom(labels: readonly string[], caller: Placed, host: Placed): number {
  const differs = labels.findIndex((entry) => {
    const at = entry.indexOf("=");
    const name = at < 0 ? entry : entry.slice(0, at);
    const wanted = at < 0 ? (caller.labels[name] ?? "") : entry.slice(at + 1);
    return (host.labels[name] ?? "") !== wanted;
  });
  return differs < 0 ? 0 : labels.length - differs;
}

/** A share that several localities fit is divided by their hosts; Envoy takes whole weights. */
function weighted(shares: Readonly<Record<string, number>>, hosts: readonly Placed[]): readonly Standing[] {
  const patterns = Object.entries(shares);
  const shareOf = ({ locality }: Placed) => patterns.find(([pattern]) => isWithin(locality, pattern));
  const found = hosts.map(shareOf);
  return hosts.map((host, i) => {
    const share = found[i];
    if (!share) return null;
    const all = found.filter((each) => each === share).length;
    const here = hosts.filter((each, at) => found[at] === share && isSamePlace(each, host)).length;
    return { priority: 0, weight: Math.ceil((here * share[1]) / all) };
  });
}

const isSamePlace = (a: Placed, b: Placed) => localityText(a.locality) === localityText(b.locality);

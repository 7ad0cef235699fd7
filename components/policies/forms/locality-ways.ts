// The ways in which a traffic policy can go by localities, as the form offers them.
// The rule: another way keeps what both know; what only the way before has is gone with it.
import { localityOf, PLACE_LABELS, type TrafficLocality } from "@/lib/mesh";

export type Way = "nearest" | "labels" | "shares" | "off";

export function wayOf(locality: TrafficLocality | undefined): Way | undefined {
  if (locality === undefined) return undefined;
  if (locality.enabled === false) return "off";
  if (locality.distribute) return "shares";
  return locality.failoverPriority ? "labels" : "nearest";
}

/** `places`: where the workloads of the service are. */
export function inWay(
  way: Way | undefined,
  before: TrafficLocality | undefined,
  places: readonly string[],
): TrafficLocality | undefined {
  const failover = before?.failover ? { failover: before.failover } : {};
  switch (way) {
    case undefined:
      return undefined;
    case "off":
      return { enabled: false };
    case "nearest":
      return { enabled: true, ...failover };
    case "labels":
      return { failoverPriority: before?.failoverPriority ?? [PLACE_LABELS.zone] };
    case "shares":
      return { distribute: before?.distribute ?? [{ from: "*", to: evenShares(places) }] };
  }
}

/** All of 100 over the places, the first ones with one more; nobody knows a place: any. */
function evenShares(places: readonly string[]): Record<string, number> {
  if (places.length === 0) return { "*": 100 };
  const [each, more] = [Math.floor(100 / places.length), 100 % places.length];
  return Object.fromEntries(places.map((place, i) => [place, each + (i < more ? 1 : 0)]));
}

/** A place without a share and what is left of 100 for it, at least 1; null when all have one. */
export function nextShare(to: Readonly<Record<string, number>>, places: readonly string[]): [string, number] | null {
  const sum = Object.values(to).reduce((total, weight) => total + weight, 0);
  const free = places.find((place) => to[place] === undefined);
  return free === undefined ? null : [free, Math.max(1, 100 - sum)];
}

/** Regions of these places, each once. */
export const regionsOf = (places: readonly string[]): string[] => [
  ...new Set(places.map((place) => localityOf(place).region)),
];

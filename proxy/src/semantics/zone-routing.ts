// How many requests stay in the zone of this proxy, and where the others go (Envoy ZoneAwareLoadBalancerBase). Rule: numbers in, numbers out,
// in Envoy's whole numbers of 10,000; who may be chosen within a zone is the balancer's.

import type { ZoneAwarePlan } from "../plan/types";

/** A locality that has hosts, and how many of them may be used. */
export interface ZoneCount {
  readonly locality: string;
  readonly healthy: number;
}

export interface ZoneShares {
  /** Of 10,000 requests, those that stay in the first zone, which is then the proxy's own; else 0. */
  readonly own: number;
  /** Capacity that is left in the zones so far, one after the other: where the rest is drawn from. */
  readonly residual: readonly number[];
}

const WHOLE = 10_000;

/** The zones of a host set in the order in which shares are told: the own one first when it has hosts, then by name. */
export function zonesInOrder(own: string | null, localities: Iterable<string>): string[] {
  const names = [...new Set(localities)].sort();
  return own !== null && names.includes(own) ? [own, ...names.filter((name) => name !== own)] : names;
}

/**
 * @param own locality of the proxy; null: it has none
 * @param upstream zones of the cluster that is called, in the order of `zonesInOrder`
 * @param local zones of the cluster that the proxy belongs to
 * @returns null: no zone is preferred
 */
export function zoneShares(
  own: string | null,
  upstream: readonly ZoneCount[],
  local: readonly ZoneCount[],
  { minClusterSize, keepsFrom }: Pick<ZoneAwarePlan, "minClusterSize" | "keepsFrom">,
): ZoneShares | null {
  const healthyUpstream = sum(upstream);
  const isSpread = upstream.length >= 2 && local.length >= 2;
  if (!isSpread || own === null || !local.some((zone) => zone.locality === own)) return null;
  if (healthyUpstream < minClusterSize) return null;
  const healthyLocal = sum(local);
  const percentages = upstream.map(({ locality, healthy }) => {
    if (healthy === 0) return { callers: 0, capacity: 0 };
    const callers = local.find((zone) => zone.locality === locality)?.healthy ?? 0;
    return { callers: part(callers, healthyLocal), capacity: part(healthy, healthyUpstream) };
  });
  const [first] = percentages;
  const hasOwn = upstream[0]?.locality === own;
  const isKept = hasOwn && keepsFrom !== null && (upstream[0]?.healthy ?? 0) >= keepsFrom;
  if (isKept || (hasOwn && first && first.capacity > 0 && first.capacity >= first.callers))
    return { own: WHOLE, residual: [] };
  let left = 0;
  const residual = percentages.map(({ callers, capacity }, index) => {
    if (index > 0 || !hasOwn) left += Math.max(0, capacity - callers);
    return left;
  });
  const stays = hasOwn && first && first.callers > 0 ? Math.floor((first.capacity * WHOLE) / first.callers) : 0;
  return { own: stays, residual };
}

/** The zone of one request. @param random uniform in [0, 1), asked once or twice */
export function drawZone({ own, residual }: ZoneShares, random: () => number): number {
  if (Math.floor(random() * WHOLE) < own) return 0;
  const capacity = residual[residual.length - 1] ?? 0;
  // Only rounding leaves nothing at all.
  if (capacity === 0) return Math.floor(random() * residual.length);
  const at = Math.floor(random() * capacity);
  return residual.findIndex((upTo) => at < upTo);
}

const sum = (zones: readonly ZoneCount[]): number => zones.reduce((total, { healthy }) => total + healthy, 0);
const part = (hosts: number, all: number): number => (all === 0 ? 0 : Math.floor((WHOLE * hosts) / all));

// Of a hundred requests, how many each priority level gets (Envoy LoadBalancerBase::recalculatePerPriorityState). Rule: numbers in, numbers
// out, in Envoy's whole percents; who is chosen within a level is the balancer's.

/** One priority level, from 0 on; a level between two others may be empty. */
export interface LevelCount {
  readonly hosts: number;
  /** Of them, those that panic does not count. */
  readonly excluded: number;
  readonly healthy: number;
  readonly degraded: number;
}

export interface PriorityLoads {
  /** Percent of requests by level, to its healthy hosts: with `degraded` 100 in all. */
  readonly healthy: readonly number[];
  readonly degraded: readonly number[];
  /** Levels that have too few usable hosts and take all of theirs. */
  readonly isPanicking: readonly boolean[];
}

const WHOLE = 100;

/**
 * @param panicThreshold percent of usable hosts below which a level panics; 0: never
 * @param overprovisioning percent of a level that its healthy hosts count for: 140 means that 72 % of them carry everything
 */
export function priorityLoads(
  levels: readonly LevelCount[],
  panicThreshold: number,
  overprovisioning: number,
): PriorityLoads {
  const { healthy: ofHealthy, degraded: ofDegraded } = carriedLoad(levels, overprovisioning);
  const available = Math.min(WHOLE, sum(ofHealthy) + sum(ofDegraded));
  // As Envoy: while those that are left can carry everything, nobody panics.
  const isPanicking = levels.map((level) => available < WHOLE && isBelow(level, panicThreshold));
  if (levels.length > 0 && isPanicking.every(Boolean)) return { ...byHosts(levels), isPanicking };
  if (available === 0)
    return { healthy: levels.map((_, level) => (level === 0 ? WHOLE : 0)), degraded: [], isPanicking };
  return { ...byAvailability(ofHealthy, ofDegraded, available), isPanicking };
}

/** Percent of all requests that the hosts of each level could carry by themselves. */
export function carriedLoad(
  levels: readonly LevelCount[],
  overprovisioning: number,
): Pick<PriorityLoads, "healthy" | "degraded"> {
  const carried = (hosts: number, { hosts: all, excluded }: LevelCount): number =>
    all === excluded ? 0 : Math.min(WHOLE, Math.floor((overprovisioning * hosts) / (all - excluded)));
  return {
    healthy: levels.map((level) => carried(level.healthy, level)),
    degraded: levels.map((level) => carried(level.degraded, level)),
  };
}

/** A hundred requests by what each level can carry; null: none can carry any. */
export function spreadLoad(healthy: readonly number[], degraded: readonly number[]): Loads | null {
  const available = Math.min(WHOLE, sum(healthy) + sum(degraded));
  return available === 0 ? null : byAvailability(healthy, degraded, available);
}

function isBelow({ hosts, excluded, healthy, degraded }: LevelCount, threshold: number): boolean {
  const counted = hosts - excluded;
  return (counted === 0 ? 0 : (100 * (healthy + degraded)) / counted) < threshold;
}

type Loads = Pick<PriorityLoads, "healthy" | "degraded">;

/** Healthy hosts of all levels first, then degraded ones; what rounding leaves goes to the first that is there. */
function byAvailability(ofHealthy: readonly number[], ofDegraded: readonly number[], available: number): Loads {
  let left = WHOLE;
  const taken = (part: number): number => {
    const load = Math.min(left, Math.floor((part * WHOLE) / available));
    left -= load;
    return load;
  };
  const healthy = ofHealthy.map(taken);
  const degraded = ofDegraded.map(taken);
  const first = ofHealthy.findIndex((part) => part > 0);
  if (first >= 0) healthy[first] = (healthy[first] as number) + left;
  else {
    const spare = ofDegraded.findIndex((part) => part > 0);
    degraded[spare] = (degraded[spare] as number) + left;
  }
  return { healthy, degraded };
}

/** All levels panic: each gets its part of all hosts. */
function byHosts(levels: readonly LevelCount[]): Loads {
  const all = sum(levels.map(({ hosts }) => hosts));
  const healthy = levels.map(({ hosts }) => (all === 0 ? 0 : Math.floor((WHOLE * hosts) / all)));
  const first = Math.max(
    levels.findIndex(({ hosts }) => hosts > 0),
    0,
  );
  healthy[first] = (healthy[first] as number) + WHOLE - sum(healthy);
  return { healthy, degraded: [] };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

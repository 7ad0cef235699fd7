// How full a proxy is: event loop, CPU and memory against its budget, pools and queues against their limits.
// The rule: a share is null when either side is unknown; the fullest part speaks for the whole.
import type { SeriesCache } from "./exposition";
import { counterDelta, type Scrape } from "./scrape";

export type SidecarBudget = { cpuMillicores?: number | undefined; memoryMb?: number | undefined };

export type ClusterSaturation = {
  cluster: string;
  connections: Usage;
  requests: Usage;
  pending: Usage;
  retries: Usage;
  /** Requests refused by the breaker since the last scrape. */
  overflow: number;
  ejected: number;
};
export type Usage = { used: number; limit: number | null };

export type Saturation = {
  eventLoopDelayP99Ms: number | null;
  cpuMillicores: number | null;
  /** Share of the budget, 0..1 and above. */
  cpuUse: number | null;
  residentBytes: number | null;
  privateBytes: number | null;
  memoryUse: number | null;
  connectionsActive: number;
  requestsActive: number;
  requestsPending: number;
  /** Fullest cluster's share of its limit. */
  poolUse: number | null;
  pendingUse: number | null;
  requestsUse: number | null;
  overflow: number;
  ejectionsActive: number;
  clusters: ClusterSaturation[];
};

const PER_CLUSTER = {
  connections: ["meshwright_upstream_connections_active", "meshwright_upstream_connections_limit"],
  requests: ["meshwright_upstream_requests_active", "meshwright_upstream_requests_limit"],
  pending: ["meshwright_upstream_requests_pending", "meshwright_upstream_pending_limit"],
  retries: ["meshwright_upstream_retries_active", "meshwright_upstream_retries_limit"],
} as const;
const OVERFLOW = "meshwright_upstream_rq_pending_overflow_total";
const EJECTED = "meshwright_upstream_ejections_active";

export function saturationOf(
  previous: Scrape | undefined,
  current: Scrape,
  elapsedMs: number,
  cache: SeriesCache,
  budget: SidecarBudget = {},
): Saturation {
  const clusters = clustersOf(previous, current, cache);
  const cpuMillicores = cpuOf(previous, current, elapsedMs);
  const residentBytes = current.get("process_resident_memory_bytes") ?? null;
  const privateBytes = current.get("meshwright_private_memory_bytes") ?? null;
  const delay = current.get('meshwright_event_loop_delay_seconds{quantile="0.99"}');
  const sum = (pick: (cluster: ClusterSaturation) => number) => clusters.reduce((total, c) => total + pick(c), 0);
  const fullest = (pick: (cluster: ClusterSaturation) => Usage) => maxOf(clusters.map((c) => shareOf(pick(c))));
  return {
    eventLoopDelayP99Ms: delay === undefined ? null : delay * 1000,
    cpuMillicores,
    cpuUse: shareOf({ used: cpuMillicores ?? Number.NaN, limit: budget.cpuMillicores ?? null }),
    residentBytes,
    privateBytes,
    memoryUse: shareOf({
      used: privateBytes ?? residentBytes ?? Number.NaN,
      limit: budget.memoryMb ? budget.memoryMb * 1024 * 1024 : null,
    }),
    connectionsActive: sum((c) => c.connections.used),
    requestsActive: sum((c) => c.requests.used),
    requestsPending: sum((c) => c.pending.used),
    poolUse: fullest((c) => c.connections),
    pendingUse: fullest((c) => c.pending),
    requestsUse: fullest((c) => c.requests),
    overflow: sum((c) => c.overflow),
    ejectionsActive: sum((c) => c.ejected),
    clusters,
  };
}

function clustersOf(previous: Scrape | undefined, current: Scrape, cache: SeriesCache): ClusterSaturation[] {
  const values = new Map<string, Map<string, number>>();
  for (const [key, value] of current) {
    if (!key.startsWith("meshwright_upstream_")) continue;
    const { name, labels } = cache.of(key);
    const cluster = labels["cluster"] ?? "";
    let ofCluster = values.get(cluster);
    if (!ofCluster) {
      ofCluster = new Map();
      values.set(cluster, ofCluster);
    }
    const isCounter = name === OVERFLOW;
    ofCluster.set(name, isCounter ? (previous ? counterDelta(previous.get(key), value) : 0) : value);
  }
  return [...values].map(([cluster, ofCluster]) => {
    const usage = ([used, limit]: readonly [string, string]): Usage => ({
      used: ofCluster.get(used) ?? 0,
      limit: ofCluster.get(limit) ?? null,
    });
    return {
      cluster,
      connections: usage(PER_CLUSTER.connections),
      requests: usage(PER_CLUSTER.requests),
      pending: usage(PER_CLUSTER.pending),
      retries: usage(PER_CLUSTER.retries),
      overflow: ofCluster.get(OVERFLOW) ?? 0,
      ejected: ofCluster.get(EJECTED) ?? 0,
    };
  });
}

function cpuOf(previous: Scrape | undefined, current: Scrape, elapsedMs: number): number | null {
  const now = current.get("process_cpu_seconds_total");
  const before = previous?.get("process_cpu_seconds_total");
  if (now === undefined || before === undefined || elapsedMs <= 0) return null;
  return (counterDelta(before, now) * 1_000_000) / elapsedMs;
}

/** Null when the value is unknown or there is no limit. */
function shareOf({ used, limit }: Usage): number | null {
  return limit === null || !Number.isFinite(limit) || limit <= 0 || Number.isNaN(used) ? null : used / limit;
}

function maxOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null);
  return known.length > 0 ? Math.max(...known) : null;
}

/** Several proxies as one: the worst of each share, the sum of what adds up. */
export function mergeSaturation(all: readonly Omit<Saturation, "clusters">[]): Omit<Saturation, "clusters"> | null {
  if (all.length === 0) return null;
  const worst = (pick: (s: Omit<Saturation, "clusters">) => number | null) => maxOf(all.map(pick));
  const total = (pick: (s: Omit<Saturation, "clusters">) => number | null) => {
    const known = all.map(pick).filter((value): value is number => value !== null);
    return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
  };
  return {
    eventLoopDelayP99Ms: worst((s) => s.eventLoopDelayP99Ms),
    cpuMillicores: total((s) => s.cpuMillicores),
    cpuUse: worst((s) => s.cpuUse),
    residentBytes: total((s) => s.residentBytes),
    privateBytes: total((s) => s.privateBytes),
    memoryUse: worst((s) => s.memoryUse),
    connectionsActive: total((s) => s.connectionsActive) ?? 0,
    requestsActive: total((s) => s.requestsActive) ?? 0,
    requestsPending: total((s) => s.requestsPending) ?? 0,
    poolUse: worst((s) => s.poolUse),
    pendingUse: worst((s) => s.pendingUse),
    requestsUse: worst((s) => s.requestsUse),
    overflow: total((s) => s.overflow) ?? 0,
    ejectionsActive: total((s) => s.ejectionsActive) ?? 0,
  };
}

export type SaturationLevel = "ok" | "high" | "full" | "unknown";

/** Where attention is due: at 80 % of a limit there is little room for a burst, at 100 % work is being refused. */
export function saturationLevel(use: number | null): SaturationLevel {
  if (use === null) return "unknown";
  if (use >= 1) return "full";
  return use >= 0.8 ? "high" : "ok";
}

// The part of a plan's limits that one of several processes has. Rule: at least one of each, so that together they may be a little above
// what Envoy, whose workers share them, would let through; never below.

import type { CircuitBreakerPlan, FilterChainPlan, OverloadPlan, ProxyPlan } from "../plan/types";

export function partOf(plan: ProxyPlan, processes: number): ProxyPlan {
  if (processes === 1) return plan;
  const clusters = Array.from(plan.clusters, ([name, cluster]) => {
    const circuitBreakers = partOfBreakers(cluster.circuitBreakers, processes);
    return [name, { ...cluster, circuitBreakers }] as const;
  });
  const listeners = plan.listeners.map((listener) => ({
    ...listener,
    filterChains: listener.filterChains.map((chain) => partOfChain(chain, processes)),
  }));
  return {
    ...plan,
    listeners,
    clusters: new Map(clusters),
    overload: plan.overload && partOfOverload(plan.overload, processes),
  };
}

/** Each looks at its own memory. */
function partOfOverload(whole: OverloadPlan, processes: number): OverloadPlan {
  const { maxConnections } = whole;
  return {
    ...whole,
    heaps: whole.heaps.map(({ name, maxBytes }) => ({ name, maxBytes: maxBytes / processes })),
    maxConnections: maxConnections === null ? null : Math.ceil(maxConnections / processes),
  };
}

/** Buckets of connections per time are shared out where they are kept. */
function partOfChain(chain: FilterChainPlan, processes: number): FilterChainPlan {
  if (chain.connectionLimits.length === 0) return chain;
  const connectionLimits = chain.connectionLimits.map((limit) =>
    limit.kind === "active" ? { ...limit, maxConnections: Math.ceil(limit.maxConnections / processes) } : limit,
  );
  return { ...chain, connectionLimits };
}

function partOfBreakers(whole: CircuitBreakerPlan, processes: number): CircuitBreakerPlan {
  const part = (limit: number): number => Math.ceil(limit / processes);
  const { retryBudget } = whole;
  return {
    maxConnections: part(whole.maxConnections),
    maxPendingRequests: part(whole.maxPendingRequests),
    maxRequests: part(whole.maxRequests),
    maxRetries: part(whole.maxRetries),
    retryBudget: retryBudget && { ...retryBudget, minConcurrency: part(retryBudget.minConcurrency) },
  };
}

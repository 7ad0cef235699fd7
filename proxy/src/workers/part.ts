// The part of a plan's limits that one of several processes has. Rule: at least one of each, so that together they may be a little above
// what Envoy, whose workers share them, would let through; never below.

import type { CircuitBreakerPlan, ProxyPlan } from "../plan/types";

export function partOf(plan: ProxyPlan, processes: number): ProxyPlan {
  if (processes === 1) return plan;
  const clusters = Array.from(plan.clusters, ([name, cluster]) => {
    const circuitBreakers = partOfBreakers(cluster.circuitBreakers, processes);
    return [name, { ...cluster, circuitBreakers }] as const;
  });
  return { ...plan, clusters: new Map(clusters) };
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

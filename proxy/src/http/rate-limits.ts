// The token buckets of one process, by the key of their plan. Rule: a swap of the plan keeps every bucket that is in the new one,
// as full as it is: endpoints that come and go must not lift a limit.

import type { LocalRateLimitPlan, ProxyPlan, RouteFilters, TokenBucketPlan } from "../plan/types";
import { TokenBucket } from "../semantics";
import type { HeaderList } from "./h1/header-list";

export class RateLimits {
  private readonly buckets = new Map<string, TokenBucket>();

  /** @param processes each has its part of every bucket, of at least one token */
  constructor(private readonly processes = 1) {}

  of(plan: TokenBucketPlan, nowMs: number): TokenBucket {
    const known = this.buckets.get(plan.key);
    if (known !== undefined) return known;
    const bucket = new TokenBucket(partOf(plan, this.processes), nowMs);
    this.buckets.set(plan.key, bucket);
    return bucket;
  }

  /** Drops what this plan has no use for. */
  keepFor(plan: ProxyPlan): void {
    if (this.buckets.size === 0) return;
    const wanted = keysOf(plan);
    for (const key of this.buckets.keys()) if (!wanted.has(key)) this.buckets.delete(key);
  }
}

const partOf = (plan: TokenBucketPlan, processes: number): TokenBucketPlan => ({
  ...plan,
  maxTokens: Math.ceil(plan.maxTokens / processes),
  tokensPerSecond: plan.tokensPerSecond / processes,
});

/** x-ratelimit headers, draft 03: they stand beside those of the app, as Envoy's do. */
export function tellLimit(headers: HeaderList, bucket: TokenBucket): void {
  const now = performance.now();
  headers.push("x-ratelimit-limit", String(bucket.plan.maxTokens));
  headers.push("x-ratelimit-remaining", String(bucket.remaining(now)));
  headers.push("x-ratelimit-reset", String(bucket.resetSeconds(now)));
}

function keysOf({ listeners, routeConfigs }: ProxyPlan): Set<string> {
  const keys = new Set<string>();
  const add = (limit: LocalRateLimitPlan): void => {
    if (limit.bucket !== null) keys.add(limit.bucket.key);
  };
  const addAll = (filters: RouteFilters | null): void => {
    for (const limit of filters?.limits.values() ?? []) add(limit);
  };
  for (const { network, connectionLimits } of listeners.flatMap(({ filterChains }) => filterChains)) {
    for (const limit of connectionLimits) if (limit.kind === "rate") keys.add(limit.bucket.key);
    if (network.kind !== "http") continue;
    for (const filter of network.filters) if (filter.kind === "local-ratelimit") add(filter.limit);
  }
  for (const { virtualHosts } of routeConfigs.values()) {
    for (const { filters, action } of virtualHosts.flatMap(({ routes }) => routes)) {
      addAll(filters);
      if (action.kind === "forward") for (const choice of action.clusters) addAll(choice.filters);
    }
  }
  return keys;
}

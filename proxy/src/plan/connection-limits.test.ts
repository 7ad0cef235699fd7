// What limits of connections may say, what is refused by its path, and which part of them one of several processes has.

import type { JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { chain, listener, proxyPlan } from "../../test/support/plans";
import { findConstraintViolations } from "../contract/constraints";
import { decodeJson } from "../contract/decode";
import { type Filter, FilterChainSchema } from "../contract/messages";
import { RateLimits } from "../http/rate-limits";
import { partOf } from "../workers/part";
import { connectionLimits } from "./connection-limits";
import { Scope } from "./scope";
import type { ConnectionLimitPlan } from "./types";

const TYPES = "type.googleapis.com/envoy.extensions.filters.network";
const active = (value: JsonObject): JsonObject => ({
  "@type": `${TYPES}.connection_limit.v3.ConnectionLimit`,
  stat_prefix: "one",
  ...value,
});
const BUCKET = { max_tokens: 4, tokens_per_fill: 2, fill_interval: "1s" };
const rate = (value: JsonObject): JsonObject => ({
  "@type": `${TYPES}.local_ratelimit.v3.LocalRateLimit`,
  stat_prefix: "one",
  ...value,
});

function planned(config: JsonObject, path = "filter"): { plans: readonly ConnectionLimitPlan[]; problems: string[] } {
  const decoded = decodeJson(FilterChainSchema, { filters: [{ name: "limit", typed_config: config }] });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const { configType } = decoded.value.filters[0] as Filter;
  const any = configType.case === "typedConfig" ? configType.value : undefined;
  const plans = connectionLimits(any, new Scope(path, found)) ?? [];
  const refused = findConstraintViolations(FilterChainSchema, decoded.value, "chain");
  return { plans, problems: [...refused, ...found].map((each) => each.path) };
}

test("limits at a time and per time are read", () => {
  expect(planned(active({ max_connections: 3, delay: "1.5s" }))).toEqual({
    plans: [{ kind: "active", key: "filter", statPrefix: "one", maxConnections: 3, delayMs: 1500 }],
    problems: [],
  });
  expect(planned(rate({ token_bucket: BUCKET })).plans).toMatchObject([
    { kind: "rate", bucket: { maxTokens: 4, tokensPerSecond: 2 } },
  ]);
});

test("a filter that is switched off is none", () => {
  const off = { runtime_enabled: { default_value: false, runtime_key: "x" } };
  expect(planned(active({ max_connections: 3, ...off })).plans).toEqual([]);
  expect(planned(rate({ token_bucket: BUCKET, ...off })).plans).toEqual([]);
});

test.each<[string, JsonObject, string]>([
  ["no number", active({}), "filter.max_connections"],
  ["none at all", active({ max_connections: 0 }), "chain.filters[0].typed_config.max_connections"],
  ["no bucket", rate({}), "chain.filters[0].typed_config.token_bucket"],
  [
    "a bucket that fills too fast",
    rate({ token_bucket: { ...BUCKET, fill_interval: "0.01s" } }),
    "filter.token_bucket.fill_interval",
  ],
])("%s is refused", (_name, config, path) => {
  expect(planned(config).problems).toEqual([path]);
});

test("filters with one share_key and equal buckets have one bucket, which outlives a swap", () => {
  const bucketOf = (config: JsonObject, path: string) => {
    const [plan] = planned(config, path).plans;
    if (plan?.kind !== "rate") throw new Error("no bucket");
    return plan;
  };
  const one = bucketOf(rate({ token_bucket: BUCKET, share_key: "all" }), "a");
  expect(bucketOf(rate({ token_bucket: BUCKET, share_key: "all" }), "b").bucket.key).toBe(one.bucket.key);
  expect(bucketOf(rate({ token_bucket: BUCKET }), "b").bucket.key).not.toBe(
    bucketOf(rate({ token_bucket: BUCKET }), "a").bucket.key,
  );
  const limits = new RateLimits();
  const bucket = limits.of(one.bucket, 0);
  limits.keepFor(proxyPlan({ listeners: [listener("in", { filterChains: [chain({ connectionLimits: [one] })] })] }));
  expect(limits.of(one.bucket, 0)).toBe(bucket);
  limits.keepFor(proxyPlan({ listeners: [listener("in")] }));
  expect(limits.of(one.bucket, 0)).not.toBe(bucket);
});

test("one of several processes has its part, of at least one connection", () => {
  const { plans } = planned(active({ max_connections: 3 }));
  const whole = proxyPlan({ listeners: [listener("in", { filterChains: [chain({ connectionLimits: plans })] })] });
  const of = (processes: number) => partOf(whole, processes).listeners[0]?.filterChains[0]?.connectionLimits[0];
  expect(of(1)).toMatchObject({ maxConnections: 3 });
  expect(of(2)).toMatchObject({ maxConnections: 2 });
  expect(of(8)).toMatchObject({ maxConnections: 1 });
});

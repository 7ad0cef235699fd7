// What a local rate limit may say, what is refused by its path, and how its bucket fills and outlives a swap.

import type { JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { chain, forward, http, listener, proxyPlan, route, routes } from "../../test/support/plans";
import { findConstraintViolations } from "../contract/constraints";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { LocalRateLimitSchema } from "../contract/messages";
import { RateLimits } from "../http/rate-limits";
import { TokenBucket } from "../semantics";
import { NO_OVERRIDES } from "./http-filters";
import { localRateLimitPlan } from "./local-ratelimit";
import { Scope } from "./scope";
import type { LocalRateLimitPlan, TokenBucketPlan } from "./types";

function planned(over: Record<string, JsonValue>): { plan: LocalRateLimitPlan; problems: string[] } {
  const decoded = decodeJson(LocalRateLimitSchema, { stat_prefix: "x", ...over });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plan = localRateLimitPlan(decoded.value, new Scope("limit", found));
  const refused = [
    ...findUnsupported(LocalRateLimitSchema, decoded.value, "limit"),
    ...findConstraintViolations(LocalRateLimitSchema, decoded.value, "limit"),
  ];
  return { plan, problems: [...refused, ...found].map(({ path }) => path) };
}

const BUCKET = { max_tokens: 20, tokens_per_fill: 10, fill_interval: "0.5s" };

test("shares, status and bucket are read; what is not given is off", () => {
  const { plan, problems } = planned({ token_bucket: BUCKET, filter_enabled: { default_value: { numerator: 5 } } });
  expect(problems).toEqual([]);
  expect(plan).toMatchObject({
    bucket: { maxTokens: 20, tokensPerSecond: 20 },
    enabled: { numerator: 5, denominator: 100 },
    enforced: { numerator: 0 },
    status: 429,
    grpcStatus: null,
    tellsLimit: false,
  });
});

const refused: [what: string, config: Record<string, JsonValue>, paths: string[]][] = [
  [
    "descriptors",
    { descriptors: [{ entries: [{ key: "a", value: "b" }], token_bucket: BUCKET }] },
    ["limit.descriptors"],
  ],
  [
    "a bucket per connection",
    { local_rate_limit_per_downstream_connection: true },
    ["limit.local_rate_limit_per_downstream_connection"],
  ],
  ["a share of a cluster", { local_cluster_rate_limit: {} }, ["limit.local_cluster_rate_limit"]],
  [
    "a bucket that fills too fast",
    { token_bucket: { ...BUCKET, fill_interval: "0.049s" } },
    ["limit.token_bucket.fill_interval"],
  ],
  [
    "a bucket that never fills",
    { token_bucket: { ...BUCKET, tokens_per_fill: 0 } },
    ["limit.token_bucket.tokens_per_fill"],
  ],
  ["no prefix", { stat_prefix: "" }, ["limit.stat_prefix"]],
];
test.each(refused)("%s is refused by its path", (_what, config, paths) => {
  expect(planned(config).problems).toEqual(paths);
});

const bucketPlan: TokenBucketPlan = { key: "a", maxTokens: 2, tokensPerSecond: 0.5 };

test("a bucket is full at first, fills steadily and never beyond its size", () => {
  const bucket = new TokenBucket(bucketPlan, 1000);
  expect([bucket.take(1000), bucket.take(1000), bucket.take(1000)]).toEqual([true, true, false]);
  expect([bucket.remaining(1000), bucket.resetSeconds(1000)]).toEqual([0, 2]);
  expect([bucket.take(2999), bucket.resetSeconds(2999)]).toEqual([false, 1]);
  expect([bucket.take(3000), bucket.take(3000)]).toEqual([true, false]);
  expect([bucket.remaining(100_000), bucket.resetSeconds(100_000)]).toEqual([2, 0]);
});

test("a swap of the plan keeps the buckets that are in the new one, as full as they are", () => {
  const limit: LocalRateLimitPlan = { ...planned({}).plan, bucket: bucketPlan };
  const withLimit = { ...NO_OVERRIDES.filters, limits: new Map([["limit", limit]]) };
  const planWith = (filters: typeof withLimit | null) =>
    proxyPlan({
      listeners: [listener("in", { filterChains: [chain({ network: http() })] })],
      routes: [routes([{ ...route(forward([{ name: "app" }])), filters }])],
    });
  const limits = new RateLimits();
  limits.of(bucketPlan, 0).take(0);
  limits.keepFor(planWith(withLimit));
  expect(limits.of({ ...bucketPlan }, 0).remaining(0)).toBe(1);
  limits.keepFor(planWith(null));
  expect(limits.of(bucketPlan, 0).remaining(0)).toBe(2);
});

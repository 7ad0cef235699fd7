// Injected faults and local rate limits. Rule: shares are none or all of the requests and buckets do not fill while a case runs.

import { cluster, header, httpFilter, REFUSED_HERE, ROUTER, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask, Wire } from "../wire";

const ALL = { numerator: 100 };
const FAULT = "fault.v3.HTTPFault";
const faulty = (value: Config, more: Config = {}): Config =>
  web({ hcm: { http_filters: [httpFilter("fault", FAULT, value), ROUTER] }, ...more });
const fault = (id: string, value: Config, more: Partial<Case>): Case => ({
  id: `fault ${id}`,
  config: faulty(value),
  run: (wire) => wire.calls(["/", { headers: { "x-fault": "1" } }]),
  ...more,
});
const GRPC: Ask = { method: "POST", headers: { "content-type": "application/grpc", te: "trailers" } };
const ABORT = { abort: { http_status: 418, percentage: ALL } };
const slowTo = (kbps: number): Config => ({ fixed_limit: { limit_kbps: kbps }, percentage: ALL });
/** Whether the answer took its time, and came whole. */
const slowly = (wire: Wire, ask: Ask | string): Promise<unknown> =>
  wire.late(1000, async () => {
    const answer = await wire.call(ask);
    return answer === "no answer" ? answer : [answer.status, JSON.stringify(answer.body).length > 2000];
  });
const SLOW_ANSWER = slowTo(8);
const asking = (headers: Record<string, string>): Ask => ({ headers });
const large = (headers: Record<string, string>): Ask => ({ method: "POST", body: "x".repeat(16 * 1024), headers });
const NO_LAYER = "no.layer";

const LIMIT = "local_ratelimit.v3.LocalRateLimit";
const ENABLED = { filter_enabled: { default_value: ALL }, filter_enforced: { default_value: ALL } };
const bucket = (max: number, more: Config = {}): Config => ({
  token_bucket: { max_tokens: max, fill_interval: "600s", ...more },
});
const limited = (value: Config): Config =>
  web({ hcm: { http_filters: [httpFilter("limit", LIMIT, { stat_prefix: "limit", ...value }), ROUTER] } });
const limit = (id: string, value: Config, more: Partial<Case>): Case => ({
  id: `local rate limit ${id}`,
  config: limited({ ...bucket(1), ...ENABLED, ...value }),
  run: (wire) => wire.calls(["/", "/", "/"]),
  ...more,
});

export const filterCases: readonly Case[] = [
  fault("abort", ABORT, { proves: ["HTTPFault.abort", "FaultAbort.percentage"], needs: ["FaultAbort.http_status"] }),
  fault("abort never", { abort: { http_status: 418, percentage: { numerator: 0 } } }, {}),
  {
    id: "fault abort of grpc",
    config: faulty({ abort: { grpc_status: 8, percentage: ALL } }),
    run: (wire) => wire.calls([GRPC, "/"]),
    needs: ["FaultAbort.grpc_status"],
  },
  fault(
    "for an upstream",
    { ...ABORT, upstream_cluster: "other" },
    {
      proves: ["HTTPFault.upstream_cluster"],
      config: faulty({ ...ABORT, upstream_cluster: "other" }, { clusters: [cluster("app"), cluster("other")] }),
      upstreams: { app: "http", other: "http" },
    },
  ),
  fault(
    "by header",
    { ...ABORT, headers: [{ name: "x-fault", present_match: true }] },
    { proves: ["HTTPFault.headers"] },
  ),
  fault("at most so many", { ...ABORT, max_active_faults: 0 }, { proves: ["HTTPFault.max_active_faults"] }),
  fault(
    "delay",
    { delay: { fixed_delay: "0.3s", percentage: ALL } },
    {
      run: (wire) => wire.late(250, () => wire.call()),
      proves: ["HTTPFault.delay", "FaultDelay.percentage"],
      needs: ["FaultDelay.fixed_delay"],
    },
  ),
  {
    id: "fault slow answer",
    config: faulty({ response_rate_limit: SLOW_ANSWER }),
    run: (wire) => slowly(wire, { method: "POST", body: "x".repeat(16 * 1024) }),
    proves: ["HTTPFault.response_rate_limit", "FaultRateLimit.percentage"],
    needs: ["FaultRateLimit.fixed_limit", "FaultRateLimit.FixedLimit.limit_kbps"],
  },
  {
    id: "fault slow answer of its own",
    config: web({
      hcm: { http_filters: [httpFilter("fault", FAULT, { response_rate_limit: slowTo(1) }), ROUTER] },
      routes: [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "x".repeat(2000) } } }],
    }),
    run: (wire) => slowly(wire, "/"),
    proves: ["HTTPFault.response_rate_limit"],
  },
  fault(
    "abort that the caller chooses",
    { abort: { header_abort: {}, percentage: ALL } },
    {
      run: (wire) =>
        wire.calls([
          "/",
          ...["418", "200", "599", "199", "600", "+418", " 418 ", "4x8", "-1", "99999999999999999999"].map((code) =>
            asking({ "x-envoy-fault-abort-request": code }),
          ),
          asking({ "x-envoy-fault-abort-grpc-request": "8" }),
          { ...GRPC, headers: { ...GRPC.headers, "x-envoy-fault-abort-grpc-request": "8" } },
          { ...GRPC, headers: { ...GRPC.headers, "x-envoy-fault-abort-grpc-request": "17" } },
          asking({ "x-envoy-fault-abort-request": "418", "x-envoy-fault-abort-grpc-request": "8" }),
          asking({ "x-envoy-fault-abort-request": "99", "x-envoy-fault-abort-grpc-request": "8" }),
          ...["0", "100", "1000", "no", "-1", "4294967296"].map((percentage) =>
            asking({ "x-envoy-fault-abort-request": "418", "x-envoy-fault-abort-request-percentage": percentage }),
          ),
        ]),
      proves: ["FaultAbort.percentage"],
      needs: ["FaultAbort.header_abort"],
    },
  ),
  fault(
    "abort that the caller may not choose",
    { abort: { header_abort: {} } },
    {
      run: (wire) =>
        wire.calls([
          asking({ "x-envoy-fault-abort-request": "418" }),
          asking({ "x-envoy-fault-abort-request": "418", "x-envoy-fault-abort-request-percentage": "100" }),
        ]),
    },
  ),
  fault("of fixed kinds, whatever the caller says", ABORT, {
    run: (wire) =>
      wire.calls([
        asking({ "x-envoy-fault-abort-request": "404" }),
        asking({ "x-envoy-fault-abort-request-percentage": "0" }),
      ]),
  }),
  fault(
    "delay that the caller chooses",
    { delay: { header_delay: {}, percentage: ALL } },
    {
      run: async (wire) => [
        await wire.late(250, () => wire.call(asking({ "x-envoy-fault-delay-request": "300" }))),
        await wire.calls([
          "/",
          ...["0", "1x", "-300"].map((ms) => asking({ "x-envoy-fault-delay-request": ms })),
          asking({ "x-envoy-fault-delay-request": "600000", "x-envoy-fault-delay-request-percentage": "0" }),
        ]),
      ],
      proves: ["FaultDelay.percentage"],
      needs: ["FaultDelay.header_delay"],
    },
  ),
  {
    id: "fault slow answer that the caller chooses",
    config: faulty({ response_rate_limit: { header_limit: {}, percentage: ALL } }),
    run: async (wire) => [
      await slowly(wire, large({ "x-envoy-fault-throughput-response": "8" })),
      await wire.calls(["/", ...["0", "no"].map((kib) => asking({ "x-envoy-fault-throughput-response": kib }))]),
    ],
    proves: ["FaultRateLimit.percentage"],
    needs: ["FaultRateLimit.header_limit"],
  },
  fault(
    "without a runtime",
    {
      ...ABORT,
      delay_percent_runtime: NO_LAYER,
      abort_percent_runtime: NO_LAYER,
      delay_duration_runtime: NO_LAYER,
      abort_http_status_runtime: NO_LAYER,
      max_active_faults_runtime: NO_LAYER,
      response_rate_limit_percent_runtime: NO_LAYER,
      abort_grpc_status_runtime: NO_LAYER,
      disable_downstream_cluster_stats: true,
    },
    {
      inert: [
        "delay_percent_runtime",
        "abort_percent_runtime",
        "delay_duration_runtime",
        "abort_http_status_runtime",
        "max_active_faults_runtime",
        "response_rate_limit_percent_runtime",
        "abort_grpc_status_runtime",
        "disable_downstream_cluster_stats",
      ].map((field) => `HTTPFault.${field}`),
    },
  ),
  limit(
    "one token",
    {},
    {
      proves: [
        "LocalRateLimit.filter_enabled",
        "LocalRateLimit.filter_enforced",
        "http.local_ratelimit.v3.LocalRateLimit.token_bucket",
      ],
      needs: [
        "http.local_ratelimit.v3.LocalRateLimit.stat_prefix",
        "TokenBucket.max_tokens",
        "TokenBucket.fill_interval",
      ],
      explained: { "TokenBucket.max_tokens": REFUSED_HERE },
    },
  ),
  limit(
    "status",
    { status: { code: "Forbidden" } },
    { proves: ["LocalRateLimit.status"], needs: ["v3.HttpStatus.code"] },
  ),
  limit(
    "headers",
    { response_headers_to_add: [header("x-limited", "yes")] },
    {
      proves: ["LocalRateLimit.response_headers_to_add"],
    },
  ),
  limit(
    "told in headers",
    { ...bucket(2), enable_x_ratelimit_headers: "DRAFT_VERSION_03" },
    {
      proves: ["LocalRateLimit.enable_x_ratelimit_headers"],
    },
  ),
  limit(
    "not enforced",
    {
      filter_enforced: { default_value: { numerator: 0 } },
      request_headers_to_add_when_not_enforced: [header("x-would", "limit")],
    },
    { proves: ["LocalRateLimit.request_headers_to_add_when_not_enforced"] },
  ),
  limit(
    "of grpc",
    { rate_limited_as_resource_exhausted: true },
    {
      run: (wire) => wire.calls([GRPC, GRPC]),
      proves: ["LocalRateLimit.rate_limited_as_resource_exhausted"],
    },
  ),
  limit(
    "that fills",
    { token_bucket: { max_tokens: 3, tokens_per_fill: 3, fill_interval: "0.5s" } },
    {
      run: async (wire) => {
        const first = await wire.statuses(["/", "/", "/", "/"]);
        await wire.wait(1100);
        return [first[0], await wire.statuses(["/", "/", "/"])];
      },
      proves: ["TokenBucket.tokens_per_fill"],
    },
  ),
  limit(
    "without effect",
    {
      stage: 1,
      vh_rate_limits: "IGNORE",
      always_consume_default_token_bucket: false,
      local_rate_limit_per_downstream_connection: false,
    },
    {
      inert: [
        "LocalRateLimit.stage",
        "LocalRateLimit.vh_rate_limits",
        "LocalRateLimit.always_consume_default_token_bucket",
        "LocalRateLimit.local_rate_limit_per_downstream_connection",
      ],
    },
  ),
];

// Retries: which conditions, how often, how long apart, where to. Rule: what the upstream got is counted, not guessed.

import { cluster, ROUTER, typed, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

const FAST = { retry_back_off: { base_interval: "0.001s", max_interval: "0.002s" } };
const retry = (policy: Config): Config => ({ match: { prefix: "/" }, route: { cluster: "app", retry_policy: policy } });
const once = (steps: string, more: Record<string, string> = {}): Ask => ({ headers: { "x-do": steps, ...more } });
const attempts = (id: string, policy: Config, asks: readonly Ask[], more: Partial<Case> = {}): Case => ({
  id: `retry ${id}`,
  config: web({ routes: [retry({ num_retries: 2, ...FAST, ...policy })] }),
  run: async (wire) => {
    const told: unknown[] = [];
    for (const ask of asks) {
      const before = wire.received().length;
      const status = await wire.status(ask);
      told.push([status, wire.received().length - before]);
    }
    return told;
  },
  ...more,
});
const MANY = [
  "500,200",
  "503,200",
  "404,200",
  "409,200",
  "504,504,504,200",
  "503+x-envoy-ratelimited=1,200",
  "429+x-envoy-ratelimited=1,200",
].map((steps) => once(steps));

/** An upstream that says when to come again: in x-wait, else in x-other.  */
const told = (id: string, format: string, steps: () => string, more: Partial<Case> = {}, max: Config = {}): Case => ({
  id: `back-off ${id}`,
  config: web({
    routes: [
      retry({
        retry_on: "retriable-status-codes",
        retriable_status_codes: [429],
        ...FAST,
        rate_limited_retry_back_off: {
          reset_headers: [{ name: "X-Wait", format: format.toUpperCase() }, { name: "x-other" }],
          max_interval: "9s",
          ...max,
        },
      }),
    ],
  }),
  run: (wire) => wire.late(800, () => wire.status(once(steps()))),
  ...more,
});

export const retryCases: readonly Case[] = [
  attempts("on 5xx", { retry_on: "5xx" }, MANY, {
    proves: ["route.v3.RetryPolicy.retry_on", "RouteAction.retry_policy"],
  }),
  attempts("on gateway errors", { retry_on: "gateway-error" }, MANY),
  attempts("on 409", { retry_on: "retriable-4xx" }, MANY),
  attempts("on rate limits", { retry_on: "envoy-ratelimited" }, MANY),
  attempts("on status codes", { retry_on: "retriable-status-codes", retriable_status_codes: [404] }, MANY, {
    proves: ["route.v3.RetryPolicy.retriable_status_codes"],
  }),
  attempts(
    "on headers",
    { retry_on: "retriable-headers", retriable_headers: [{ name: "x-again", string_match: { exact: "yes" } }] },
    [once("200+x-again=yes,200"), once("200+x-again=no,200"), once("500,200")],
    { proves: ["route.v3.RetryPolicy.retriable_headers"] },
  ),
  attempts(
    "of some requests only",
    { retry_on: "5xx", retriable_request_headers: [{ name: "x-may", present_match: true }] },
    [once("500,200"), once("500,200", { "x-may": "1", "x-key": "2" })],
    { proves: ["route.v3.RetryPolicy.retriable_request_headers"] },
  ),
  attempts("more than once", { retry_on: "5xx", num_retries: 3 }, [once("500,500,500,200"), once("500")], {
    proves: ["route.v3.RetryPolicy.num_retries"],
  }),
  attempts("with a body", { retry_on: "5xx" }, [
    { method: "POST", body: "x".repeat(1000), headers: { "x-do": "500,200" } },
  ]),
  attempts(
    "with more of a body than the host keeps",
    { retry_on: "5xx" },
    [
      { method: "POST", body: "x".repeat(1000), headers: { "x-do": "500,200" } },
      { method: "POST", body: "x".repeat(10), headers: { "x-do": "500,200", "x-key": "2" } },
    ],
    {
      config: web({
        routes: [retry({ retry_on: "5xx", num_retries: 2, ...FAST })],
        host: { per_request_buffer_limit_bytes: 100 },
      }),
      proves: ["VirtualHost.per_request_buffer_limit_bytes"],
    },
  ),
  attempts(
    "with a body that the route keeps and the host does not",
    { retry_on: "5xx" },
    [{ method: "POST", body: "x".repeat(1000), headers: { "x-do": "500,200" } }],
    {
      config: web({
        routes: [{ ...retry({ retry_on: "5xx", num_retries: 2, ...FAST }), per_request_buffer_limit_bytes: 100_000 }],
        host: { per_request_buffer_limit_bytes: 100 },
      }),
      proves: ["route.v3.Route.per_request_buffer_limit_bytes"],
    },
  ),
  attempts("on reset", { retry_on: "reset" }, [{ method: "POST", body: "x", headers: { "x-do": "reset,200" } }], {
    proves: ["route.v3.RetryPolicy.retry_on"],
  }),
  {
    id: "retry after a refused connection",
    isChance: true,
    config: web({
      routes: [
        retry({
          retry_on: "connect-failure",
          num_retries: 2,
          ...FAST,
          retry_host_predicate: [
            {
              name: "envoy.retry_host_predicates.previous_hosts",
              typed_config: typed("retry.host.previous_hosts.v3.PreviousHostsPredicate"),
            },
          ],
          host_selection_retry_max_attempts: 20,
        }),
      ],
      clusters: [cluster("app", {}, ["app", "dead"])],
    }),
    upstreams: { app: "http", dead: "dead" },
    run: async (wire) => (await wire.statuses(["/", "/", "/", "/", "/", "/"])).sort(),
    proves: ["route.v3.RetryPolicy.retry_on"],
  },
  {
    id: "retry elsewhere",
    config: web({
      routes: [
        retry({
          retry_on: "5xx",
          num_retries: 1,
          ...FAST,
          retry_host_predicate: [
            {
              name: "envoy.retry_host_predicates.previous_hosts",
              typed_config: typed("retry.host.previous_hosts.v3.PreviousHostsPredicate"),
            },
          ],
          host_selection_retry_max_attempts: 50,
        }),
      ],
      clusters: [cluster("app", { lb_policy: "RANDOM" }, ["app", "b"])],
    }),
    upstreams: { app: "http", b: "http" },
    run: async (wire) => {
      let elsewhere = 0;
      for (let index = 0; index < 24; index++) {
        const before = wire.received().length;
        await wire.call({ headers: { "x-do": "500,200", "x-key": String(index) } });
        const [first, second] = wire.received().slice(before);
        if (second !== undefined && first?.split(" ")[0] !== second.split(" ")[0]) elsewhere++;
      }
      return elsewhere === 24 ? "always elsewhere" : elsewhere > 22 ? "nearly always" : "sometimes";
    },
    proves: ["route.v3.RetryPolicy.retry_host_predicate", "route.v3.RetryPolicy.host_selection_retry_max_attempts"],
    needs: ["RetryHostPredicate.name", "RetryHostPredicate.typed_config"],
  },
  {
    id: "retry policy of a virtual host",
    config: web({ host: { retry_policy: { retry_on: "5xx", ...FAST } } }),
    run: async (wire) => [await wire.status(once("500,200")), wire.received().length],
    proves: ["VirtualHost.retry_policy"],
  },
  {
    id: "timeout of a try",
    config: web({ routes: [retry({ retry_on: "5xx", num_retries: 1, per_try_timeout: "0.3s", ...FAST })] }),
    run: async (wire) => [await wire.call(once("slow1500,200")), wire.received().length],
    proves: ["route.v3.RetryPolicy.per_try_timeout"],
  },
  {
    id: "idle timeout of a try",
    config: web({ routes: [retry({ retry_on: "5xx", num_retries: 1, per_try_idle_timeout: "0.3s", ...FAST })] }),
    run: async (wire) => [await wire.call(once("slow1500,200")), wire.received().length],
    proves: ["route.v3.RetryPolicy.per_try_idle_timeout"],
  },
  {
    id: "idle timeout of a try that is not repeated, with a body",
    config: web({ routes: [retry({ per_try_idle_timeout: "0.3s" })] }),
    run: (wire) => wire.late(250, () => wire.call({ method: "POST", body: "body", headers: { "x-do": "slow1500" } })),
    proves: ["route.v3.RetryPolicy.per_try_idle_timeout"],
  },
  {
    id: "back-off of retries",
    config: web({
      routes: [
        retry({ retry_on: "5xx", num_retries: 8, retry_back_off: { base_interval: "0.001s", max_interval: "0.002s" } }),
      ],
    }),
    run: (wire) => wire.late(400, () => wire.status(once("500,500,500,500,500,500,500,500,200"))),
    proves: ["route.v3.RetryPolicy.retry_back_off"],
    needs: ["RetryBackOff.base_interval"],
  },
  {
    id: "longest back-off of retries",
    config: web({
      routes: [
        retry({ retry_on: "5xx", num_retries: 12, retry_back_off: { base_interval: "0.02s", max_interval: "0.021s" } }),
      ],
    }),
    run: (wire) => wire.late(450, () => wire.status(once(`${"500,".repeat(12)}200`))),
    proves: ["RetryBackOff.max_interval"],
  },
  told("told in seconds", "seconds", () => "429+x-wait=1,200", {
    proves: ["route.v3.RetryPolicy.rate_limited_retry_back_off"],
    needs: ["RateLimitedRetryBackOff.reset_headers", "ResetHeader.name"],
  }),
  told("told as a time", "UNIX_TIMESTAMP", () => `429+x-wait=${Math.floor(Date.now() / 1000) + 2},200`, {
    proves: ["ResetHeader.format"],
  }),
  told("told as a time that has come", "UNIX_TIMESTAMP", () => `429+x-wait=${Math.floor(Date.now() / 1000) - 5},200`),
  told("told as nothing", "SECONDS", () => "429+x-wait=0,200"),
  told("told in words", "SECONDS", () => "429+x-wait=1 s,200"),
  told(
    "told for longer than is waited",
    "SECONDS",
    () => "429+x-wait=2,200",
    { proves: ["RateLimitedRetryBackOff.max_interval"] },
    { max_interval: "1.600s" },
  ),
  told("told for longer than is waited, and shorter elsewhere", "SECONDS", () => "429+x-wait=200+x-other=1,200"),
  {
    id: "router statistics",
    config: web({
      hcm: {
        http_filters: [{ ...ROUTER, typed_config: typed("filters.http.router.v3.Router", { dynamic_stats: false }) }],
      },
    }),
    run: (wire) => wire.call(),
    proves: ["Router.dynamic_stats"],
  },
];

// Limits of clusters: breakers, budgets, connections and their ages. Rule: calls that are held make the limit, so that nothing
// depends on who is faster.

import { chosen } from "../answers";
import { cluster, direct, endpoint, HTTP2, httpOptions, TO_APP, web } from "../config";
import type { Case } from "../types";
import type { Ask, Wire } from "../wire";
import { breakers, CLUSTER, endpoints, served } from "./two-hosts";

const SLOW: Ask = { headers: { "x-do": "slow600" } };
/** Statuses of so many slow calls at the same time, sorted. */
const together = async (wire: Wire, count: number, ask: Ask = SLOW): Promise<unknown> =>
  (await Promise.all(Array.from({ length: count }, () => wire.status(ask)))).sort();
const RETRY = { match: { prefix: "/" }, route: { cluster: "app", retry_policy: { retry_on: "5xx", num_retries: 3 } } };
const SAID = { headers: { "x-do": "slow300" } };
const OPTIONS = "upstreams.http.v3.HttpProtocolOptions.";

export const limitCases: readonly Case[] = [
  served(
    "requests at a time",
    endpoints([endpoint("@app")], breakers({ max_requests: 1 })),
    (wire) => together(wire, 2),
    {
      proves: [],
      upstreams: { app: "http2" },
      config: web({ clusters: [endpoints([endpoint("@app")], { ...breakers({ max_requests: 1 }), ...HTTP2 })] }),
    },
  ),
  served(
    "refused beyond the limit",
    endpoints([endpoint("@app")]),
    async (wire) => {
      const held = wire.call(SLOW);
      await wire.wait(120);
      const refused = await wire.call();
      return [refused, chosen(await held)];
    },
    {
      proves: ["CircuitBreakers.Thresholds.max_requests", `${CLUSTER}circuit_breakers`, "CircuitBreakers.thresholds"],
      upstreams: { app: "http2" },
      config: web({ clusters: [endpoints([endpoint("@app")], { ...breakers({ max_requests: 1 }), ...HTTP2 })] }),
    },
  ),
  served(
    "connections and waiting requests",
    endpoints([endpoint("@app")], breakers({ max_connections: 1, max_pending_requests: 1 })),
    async (wire) => {
      const first = wire.status(SLOW);
      await wire.wait(120);
      const second = wire.status();
      await wire.wait(60);
      const third = await wire.status();
      return [await first, await second, third];
    },
    { proves: ["CircuitBreakers.Thresholds.max_connections", "CircuitBreakers.Thresholds.max_pending_requests"] },
  ),
  served(
    "retries at a time",
    endpoints([endpoint("@app")]),
    (wire) => wire.calls([{ headers: { "x-do": "500,200" } }]),
    {
      config: web({ clusters: [endpoints([endpoint("@app")], breakers({ max_retries: 0 }))], routes: [RETRY] }),
      proves: ["CircuitBreakers.Thresholds.max_retries"],
    },
  ),
  served("retry budget", endpoints([endpoint("@app")]), (wire) => wire.calls([{ headers: { "x-do": "500,200" } }]), {
    config: web({
      clusters: [
        endpoints(
          [endpoint("@app")],
          breakers({ retry_budget: { budget_percent: { value: 0 }, min_retry_concurrency: 0 } }),
        ),
      ],
      routes: [RETRY],
    }),
    proves: ["CircuitBreakers.Thresholds.retry_budget", "RetryBudget.min_retry_concurrency"],
  }),
  served(
    "share of the retry budget",
    endpoints([endpoint("@app")]),
    (wire) => wire.calls([{ headers: { "x-do": "500,200" } }]),
    {
      config: web({
        clusters: [
          endpoints(
            [endpoint("@app")],
            breakers({ retry_budget: { budget_percent: { value: 100 }, min_retry_concurrency: 0 } }),
          ),
        ],
        routes: [RETRY],
      }),
      proves: ["RetryBudget.budget_percent"],
    },
  ),
  served(
    "requests per upstream connection",
    endpoints([endpoint("@app")]),
    async (wire) => {
      await wire.statuses(["/", "/", "/", "/"]);
      return wire.connections("app");
    },
    {
      config: web({
        clusters: [
          endpoints(
            [endpoint("@app")],
            httpOptions({
              common_http_protocol_options: { max_requests_per_connection: 2 },
              explicit_http_config: { http_protocol_options: {} },
            }),
          ),
        ],
      }),
      proves: [`${OPTIONS}common_http_protocol_options`],
    },
  ),
  served(
    "idle upstream connections",
    endpoints([endpoint("@app")]),
    async (wire) => {
      await wire.status();
      await wire.wait(700);
      await wire.status();
      return wire.connections("app");
    },
    {
      config: web({
        clusters: [
          endpoints(
            [endpoint("@app")],
            httpOptions({
              common_http_protocol_options: { idle_timeout: "0.2s" },
              explicit_http_config: { http_protocol_options: {} },
            }),
          ),
        ],
      }),
      proves: ["core.v3.HttpProtocolOptions.idle_timeout"],
    },
  ),
  served(
    "old upstream connections",
    endpoints([endpoint("@app")]),
    async (wire) => {
      for (let index = 0; index < 4; index++) {
        await wire.status();
        await wire.wait(250);
      }
      return wire.connections("app") > 1;
    },
    {
      config: web({
        clusters: [
          endpoints(
            [endpoint("@app")],
            httpOptions({
              common_http_protocol_options: { max_connection_duration: "0.2s" },
              explicit_http_config: { http_protocol_options: {} },
            }),
          ),
        ],
      }),
      proves: ["core.v3.HttpProtocolOptions.max_connection_duration"],
    },
  ),
  served(
    "headers of a response",
    endpoints([endpoint("@app")]),
    (wire) =>
      wire.statuses([{ headers: { "x-do": `200${Array.from({ length: 30 }, (_, i) => `+x-${i}=1`).join("")}` } }, "/"]),
    {
      config: web({
        clusters: [
          endpoints(
            [endpoint("@app")],
            httpOptions({
              common_http_protocol_options: { max_headers_count: 20 },
              explicit_http_config: { http_protocol_options: {} },
            }),
          ),
        ],
      }),
      proves: ["core.v3.HttpProtocolOptions.max_headers_count"],
    },
  ),
  served("connect timeout", endpoints([endpoint("@app")]), (wire) => wire.late(200, () => wire.call()), {
    upstreams: { app: "silent" },
    config: web({
      routes: [{ match: { prefix: "/" }, route: { cluster: "app", timeout: "1.5s" } }],
      clusters: [
        endpoints([endpoint("@app")], {
          connect_timeout: "0.25s",
          transport_socket: {
            name: "tls",
            typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            },
          },
        }),
      ],
    }),
    proves: [`${CLUSTER}connect_timeout`],
  }),
  served("held back", endpoints([endpoint("@app")]), async (wire) => (await wire.calls([SAID])).length, {
    config: web({
      clusters: [endpoints([endpoint("@app")], { per_connection_buffer_limit_bytes: 65_536 })],
      routes: [TO_APP, { match: { prefix: "/never" }, ...direct(200) }],
    }),
  }),
  served("two clusters", endpoints([endpoint("@app")]), async (wire) => (await wire.calls(["/", "/b"])).map(chosen), {
    config: web({
      routes: [{ match: { prefix: "/b" }, route: { cluster: "b" } }, TO_APP],
      clusters: [cluster("app"), cluster("b")],
    }),
  }),
];

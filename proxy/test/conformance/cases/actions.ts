// What a route does: forward with rewrites, split by weight, redirect, answer. Rule: what reached the upstream is in the answer.

import { chosen, told } from "../answers";
import { cluster, direct, header, TO_APP, typed, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

const to = (action: Config, match: Config = { prefix: "/" }): Config => ({
  match,
  route: { cluster: "app", ...action },
});
const paths = (id: string, routes: readonly Config[], asks: readonly (Ask | string)[], more: Partial<Case>): Case => ({
  id,
  config: web({ routes }),
  run: async (wire) => {
    const answers = await wire.calls(asks);
    return answers.map((each) => [told(each, "path"), told(each, "host"), told(each, "headers")]);
  },
  ...more,
});
const percent = (part = 0, of = 1): number => Math.round((part / of) * 20) * 5;

export const actionCases: readonly Case[] = [
  {
    id: "route to a cluster",
    config: web(),
    run: (wire) => wire.calls(["/", { method: "POST", path: "/x?y", body: "body", headers: { "x-a": "1" } }]),
    needs: ["RouteAction.cluster", "Route.route", "VirtualHost.routes"].slice(0, 2),
  },
  paths(
    "prefix rewrite",
    [to({ prefix_rewrite: "/new" }, { prefix: "/old" }), to({ prefix_rewrite: "/other" }, { prefix: "/other" })],
    ["/old/a?b", "/older", "/old", "/other"],
    {
      proves: ["RouteAction.prefix_rewrite"],
    },
  ),
  paths("prefix rewrite of an exact path", [to({ prefix_rewrite: "/new" }, { path: "/old" })], ["/old?b", "/old"], {}),
  paths(
    "regex rewrite",
    [to({ regex_rewrite: { pattern: { regex: "^/item/(\\d)(\\d*)" }, substitution: "/i/\\2/\\1" } })],
    ["/item/42?z=/item/1", "/item/x", "/item/7"],
    {
      proves: ["RouteAction.regex_rewrite", "RegexMatchAndSubstitute.substitution"],
      needs: ["RegexMatchAndSubstitute.pattern"],
    },
  ),
  paths("host rewrite", [to({ host_rewrite_literal: "new.test" })], ["/", { headers: { host: "x:81" } }], {
    proves: ["RouteAction.host_rewrite_literal"],
  }),
  paths(
    "host rewrite by a header",
    [to({ host_rewrite_header: "X-To" })],
    ["/", { headers: { "x-to": "new.test" } }, { headers: { "x-to": "" } }],
    { proves: ["RouteAction.host_rewrite_header"] },
  ),
  paths(
    "host rewrite by a header that the route adds, and x-forwarded-host",
    [
      {
        ...to({ host_rewrite_header: "x-to", append_x_forwarded_host: true }),
        request_headers_to_add: [header("x-to", "added.test")],
        request_headers_to_remove: ["x-none"],
      },
      to({ host_rewrite_header: "x-none", append_x_forwarded_host: true }, { prefix: "/none" }),
    ].reverse(),
    ["/", "/none"],
    { proves: ["RouteAction.host_rewrite_header"] },
  ),
  paths(
    "host rewrite by the path",
    [
      to({
        prefix_rewrite: "/",
        host_rewrite_path_regex: { pattern: { regex: "^/(\\w+)/.*$" }, substitution: "\\1.test" },
      }),
    ],
    ["/one/x?/two/y", "/none", { path: "/three/", headers: { host: "three.test" } }],
    { proves: ["RouteAction.host_rewrite_path_regex"] },
  ),
  paths(
    "append x-forwarded-host",
    [to({ host_rewrite_literal: "new.test", append_x_forwarded_host: true })],
    ["/", { headers: { "x-forwarded-host": "first" } }],
    { proves: ["RouteAction.append_x_forwarded_host"] },
  ),
  {
    id: "host rewrite by the endpoint",
    config: web({
      routes: [to({ auto_host_rewrite: true })],
      clusters: [
        {
          name: "app",
          type: "STRICT_DNS",
          dns_lookup_family: "V4_ONLY",
          load_assignment: {
            cluster_name: "app",
            endpoints: [
              {
                lb_endpoints: [
                  {
                    endpoint: {
                      hostname: "named.test",
                      address: { socket_address: { address: "localhost", port_value: "@app" } },
                    },
                  },
                ],
              },
            ],
          },
        },
      ],
    }),
    run: async (wire) => told(await wire.call(), "host"),
    proves: ["RouteAction.auto_host_rewrite", "Endpoint.hostname"],
  },
  {
    id: "cluster that is not there",
    config: web({
      routes: [
        { match: { prefix: "/a" }, route: { cluster: "missing", cluster_not_found_response_code: "NOT_FOUND" } },
        { match: { prefix: "/b" }, route: { cluster: "missing" } },
      ],
      routeConfig: { validate_clusters: false },
    }),
    run: (wire) => wire.calls(["/a", "/b"]),
    proves: ["RouteAction.cluster_not_found_response_code"],
    needs: ["RouteConfiguration.validate_clusters"],
  },
  {
    id: "weighted clusters",
    config: web({
      routes: [
        {
          match: { prefix: "/" },
          route: {
            weighted_clusters: {
              clusters: [
                {
                  name: "app",
                  weight: 1,
                  request_headers_to_add: [header("x-to", "app")],
                  response_headers_to_add: [header("x-by", "app")],
                },
                {
                  name: "b",
                  weight: 3,
                  request_headers_to_remove: ["x-gone"],
                  response_headers_to_remove: ["x-upstream-note"],
                  response_headers_to_add: [header("x-by", "b")],
                },
              ],
              runtime_key_prefix: "no.layer",
            },
          },
        },
      ],
      clusters: [cluster("app"), cluster("b")],
    }),
    upstreams: { app: "http", b: "http" },
    run: async (wire) => {
      const ask: Ask = { headers: { "x-gone": "1", "x-do": "200+x-upstream-note=1" } };
      const seen = new Map<string, unknown>();
      const tally = await wire.tally(
        480,
        () => ask,
        (answer) => {
          const name = chosen(answer);
          if (!seen.has(name)) seen.set(name, answer);
          return name;
        },
      );
      const share = (tally["app"] ?? 0) / 480;
      const near =
        share > 0.13 && share < 0.38 ? "a quarter" : share < 0.01 ? "none" : share > 0.99 ? "all" : "another share";
      return { share: near, app: seen.get("app"), b: seen.get("b") };
    },
    proves: [
      "route.v3.WeightedCluster.ClusterWeight.request_headers_to_add",
      "route.v3.WeightedCluster.ClusterWeight.request_headers_to_remove",
      "route.v3.WeightedCluster.ClusterWeight.response_headers_to_add",
      "route.v3.WeightedCluster.ClusterWeight.response_headers_to_remove",
    ],
    needs: [
      "route.v3.WeightedCluster.ClusterWeight.name",
      "route.v3.WeightedCluster.ClusterWeight.weight",
      "route.v3.WeightedCluster.clusters",
      "RouteAction.weighted_clusters",
    ],
    inert: ["WeightedCluster.runtime_key_prefix"],
  },
  {
    id: "direct response",
    config: web({ routes: [{ match: { prefix: "/" }, ...direct(418, "teapot") }] }),
    run: (wire) =>
      wire.calls(
        ["/", { method: "HEAD" }, { method: "POST", body: "x" }].slice(0, 1).concat([{ method: "POST", body: "x" }]),
      ),
    proves: ["DirectResponseAction.body"],
    needs: ["DirectResponseAction.status", "Route.direct_response"],
  },
  {
    id: "direct response from bytes",
    config: web({
      routes: [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_bytes: "Ynl0ZXM=" } } }],
    }),
    run: (wire) => wire.call(),
    needs: ["DataSource.inline_bytes"],
  },
  {
    id: "direct response that is long",
    config: web({
      routes: [{ match: { prefix: "/" }, ...direct(200, "x".repeat(5000)) }],
      routeConfig: { max_direct_response_body_size_bytes: 6000 },
    }),
    run: (wire) => wire.call(),
    needs: ["RouteConfiguration.max_direct_response_body_size_bytes"],
  },
  {
    id: "sum of the weights",
    config: web({
      routes: [
        {
          match: { prefix: "/" },
          route: {
            weighted_clusters: {
              clusters: [
                { name: "app", weight: 1 },
                { name: "b", weight: 0 },
              ],
              total_weight: 1,
            },
          },
        },
      ],
      clusters: [cluster("app"), cluster("b")],
    }),
    upstreams: { app: "http", b: "http" },
    run: async (wire) => percent((await wire.tally(20, () => "/", chosen))["app"], 20),
  },
  {
    id: "attempt counts",
    config: web({
      routes: [to({ retry_policy: { retry_on: "5xx", num_retries: 3, retry_back_off: { base_interval: "0.001s" } } })],
      host: { include_request_attempt_count: true, include_attempt_count_in_response: true },
    }),
    run: (wire) => wire.calls([{ headers: { "x-do": "503,503,200" } }, "/"]),
    proves: ["VirtualHost.include_request_attempt_count", "VirtualHost.include_attempt_count_in_response"],
  },
  {
    id: "upgrade of a route",
    config: web({
      routes: [
        to({ upgrade_configs: [{ upgrade_type: "websocket", enabled: false }] }, { prefix: "/no" }),
        to({ upgrade_configs: [{ upgrade_type: "websocket" }] }, { prefix: "/yes" }),
        TO_APP,
      ],
      hcm: { upgrade_configs: [{ upgrade_type: "websocket" }] },
      clusters: [cluster("app")],
    }),
    upstreams: { app: "tcp" },
    run: async (wire) => {
      const ask = (path: string): string =>
        `GET ${path} HTTP/1.1\r\nhost: app.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`;
      const answers: unknown[] = [];
      for (const path of ["/no", "/yes", "/"]) {
        const { text } = await wire.raw(ask(path), { until: /\r\n\r\n/ });
        answers.push(text.slice(0, 12));
      }
      return { answers, connections: wire.received().length };
    },
    proves: [
      "HttpConnectionManager.upgrade_configs",
      "RouteAction.UpgradeConfig.enabled",
      "RouteAction.upgrade_configs",
    ],
  },
  {
    id: "CONNECT that ends here",
    config: web({
      routes: [
        {
          match: { connect_matcher: {} },
          route: { cluster: "app", upgrade_configs: [{ upgrade_type: "CONNECT", connect_config: {} }] },
        },
        { match: { prefix: "/" }, ...direct(404, "rest") },
      ],
      hcm: { upgrade_configs: [{ upgrade_type: "CONNECT" }] },
    }),
    upstreams: { app: "tcp" },
    run: async (wire) => {
      const { text } = await wire.raw("CONNECT a:7 HTTP/1.1\r\nhost: a:7\r\n\r\nhello", { until: /app:hello/ });
      return [text.split("\r\n")[0], text.endsWith("app:hello")];
    },
    needs: ["RouteMatch.connect_matcher", "RouteAction.UpgradeConfig.upgrade_type"],
  },
  {
    id: "filters of a weighted cluster",
    config: web({
      routes: [
        {
          match: { prefix: "/" },
          route: {
            weighted_clusters: {
              clusters: [
                {
                  name: "app",
                  weight: 1,
                  typed_per_filter_config: {
                    fault: typed("filters.http.fault.v3.HTTPFault", {
                      abort: { http_status: 418, percentage: { numerator: 100 } },
                    }),
                  },
                },
              ],
            },
          },
        },
      ],
      hcm: {
        http_filters: [
          { name: "fault", typed_config: typed("filters.http.fault.v3.HTTPFault") },
          { name: "router", typed_config: typed("filters.http.router.v3.Router") },
        ],
      },
    }),
    run: (wire) => wire.call(),
    proves: ["route.v3.WeightedCluster.ClusterWeight.typed_per_filter_config"],
  },
];

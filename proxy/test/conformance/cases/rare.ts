// Rows that only a rare configuration shows: values that are out of bounds, names that are no names, secrets nobody asks for, the
// admin interface. Rule: a configuration that both refuse is a case too (`isRefused`); it is taken without the field.

import { at, cluster, direct, EXT, endpoint, hcm, httpOptions, listener, REFUSED_HERE, typed, web } from "../config";
import type { Case, Config } from "../types";
import type { Wire } from "../wire";

const OUTLIER = "cluster.v3.OutlierDetection.";
const CLUSTER = "cluster.v3.Cluster.";
const refused = (id: string, config: Config, row: string): Case => ({
  id: `out of bounds, ${id}`,
  config,
  run: () => Promise.resolve("taken"),
  isRefused: true,
  proves: [row],
});
const upstream = (over: Config): Config => web({ clusters: [cluster("app", over)] });
const FIVE = { dead: "dead", app: "http", c: "http", d: "http", e: "http" } as const;
/** One of five cannot be reached: is it still asked at the end? */
const local = (id: string, detection: Config, row: string): Case => ({
  id: `outlier own failures ${id}`,
  config: web({
    clusters: [
      {
        ...cluster("app", {}, Object.keys(FIVE)),
        outlier_detection: {
          interval: "0.5s",
          base_ejection_time: "600s",
          max_ejection_time: "600s",
          max_ejection_percent: 100,
          split_external_local_origin_errors: true,
          consecutive_local_origin_failure: 1000,
          success_rate_minimum_hosts: 5,
          success_rate_request_volume: 3,
          success_rate_stdev_factor: 1000,
          failure_percentage_minimum_hosts: 5,
          failure_percentage_request_volume: 3,
          failure_percentage_threshold: 50,
          ...detection,
        },
        common_lb_config: { healthy_panic_threshold: { value: 0 }, update_merge_window: "0s" },
      },
    ],
  }),
  upstreams: FIVE,
  run: async (wire) => {
    // The interval may end in between: both halves are enough.
    await wire.tally(
      60,
      () => "/",
      () => "asked",
      1,
    );
    await wire.wait(700);
    const { 503: failed = 0 } = await wire.tally(
      20,
      () => "/",
      (answer) => (answer === "no answer" ? answer : `${answer.status}`),
      1,
    );
    return failed > 0 ? "still asked" : "out";
  },
  proves: [row],
});
const back = async (wire: Wire): Promise<string> => {
  await wire.call({ headers: { "x-do": "500", "x-key": "first" } });
  await wire.wait(1200);
  return String(await wire.status());
};
const tls = (options: Config): Config => ({
  ...httpOptions({ auto_config: options }),
  transport_socket: {
    name: "tls",
    typed_config: {
      "@type": `${EXT}.transport_sockets.tls.v3.UpstreamTlsContext`,
      common_tls_context: { tls_params: { tls_maximum_protocol_version: "TLSv1_3" } },
    },
  },
});
const AUTO = "HttpProtocolOptions.AutoHttpConfig.";

export const rareCases: readonly Case[] = [
  refused(
    "how often a name is looked up",
    upstream({ type: "STRICT_DNS", dns_refresh_rate: "0.0005s" }),
    `${CLUSTER}dns_refresh_rate`,
  ),
  refused(
    "longest ejection",
    upstream({ outlier_detection: { base_ejection_time: "5s", max_ejection_time: "1s" } }),
    `${OUTLIER}max_ejection_time`,
  ),
  refused(
    "format of a log on stdout",
    web({
      hcm: {
        access_log: [
          {
            name: "stdout",
            typed_config: typed("access_loggers.stream.v3.StdoutAccessLog", {
              log_format: { text_format_source: { inline_string: "%NO_SUCH_OPERATOR%\n" } },
            }),
          },
        ],
        route_config: {
          virtual_hosts: [
            { name: "all", domains: ["none.test"], routes: [{ match: { prefix: "/" }, ...direct(200) }] },
          ],
        },
      },
    }),
    "StdoutAccessLog.log_format",
  ),
  refused(
    "a family of addresses",
    upstream({ type: "STRICT_DNS", dns_lookup_family: 9 }),
    `${CLUSTER}dns_lookup_family`,
  ),
  local("by success rate", { enforcing_local_origin_success_rate: 0 }, `${OUTLIER}enforcing_local_origin_success_rate`),
  local(
    "by percentage",
    { enforcing_local_origin_success_rate: 0, enforcing_failure_percentage_local_origin: 100 },
    `${OUTLIER}enforcing_failure_percentage_local_origin`,
  ),
  {
    id: "outlier that stays out for longer",
    config: upstream({
      outlier_detection: {
        consecutive_5xx: 1,
        interval: "0.1s",
        base_ejection_time: "0.1s",
        max_ejection_time: "0.1s",
        max_ejection_percent: 100,
        max_ejection_time_jitter: "100000s",
      },
      common_lb_config: { healthy_panic_threshold: { value: 0 }, update_merge_window: "0s" },
    }),
    run: back,
    proves: [`${OUTLIER}max_ejection_time_jitter`],
  },
  {
    id: "a sum of weights",
    config: web({
      routes: [
        {
          match: { prefix: "/" },
          route: {
            weighted_clusters: {
              total_weight: 4,
              clusters: [
                { name: "app", weight: 1 },
                { name: "app", weight: 3 },
              ],
            },
          },
        },
      ],
    }),
    run: (wire) => wire.status(),
    inert: ["WeightedCluster.total_weight"],
  },
  {
    id: "a secret that nobody asks for",
    config: { ...web(), secrets: [{ name: "free", generic_secret: { secret: { inline_string: "text" } } }] },
    run: (wire) => wire.status(),
    needs: ["Secret.generic_secret"],
  },
  {
    id: "CONNECT that ends nowhere",
    config: web({
      routes: [
        {
          match: { connect_matcher: {} },
          route: { cluster: "app", upgrade_configs: [{ upgrade_type: "CONNECT", connect_config: {} }] },
        },
        { match: { prefix: "/" }, ...direct(404) },
      ],
      hcm: { upgrade_configs: [{ upgrade_type: "CONNECT" }] },
    }),
    upstreams: { app: "tcp" },
    run: async (wire) => {
      const { text } = await wire.raw("CONNECT a:7 HTTP/1.1\r\nhost: a:7\r\n\r\nhello", { until: /app:hello/ });
      return text.startsWith("HTTP/1.1 200") ? "a tunnel" : "none";
    },
    proves: ["RouteAction.UpgradeConfig.connect_config"],
    explained: { "RouteAction.UpgradeConfig.connect_config": REFUSED_HERE },
  },
  {
    id: "HTTP/1 by ALPN, with trailers",
    config: web({ clusters: [cluster("app", tls({ http_protocol_options: { enable_trailers: true } }))] }),
    upstreams: { app: "tls" },
    run: (wire) => wire.call({ http2: true, headers: { "x-do": "trailer" } }),
    proves: [`${AUTO}http_protocol_options`],
  },
  {
    id: "HTTP/2 by ALPN, a stream at a time",
    config: web({ clusters: [cluster("app", tls({ http2_protocol_options: { max_concurrent_streams: 1 } }))] }),
    upstreams: { app: "tls-http2" },
    run: async (wire) => {
      await wire.call();
      const slow = { headers: { "x-do": "slow300" } };
      await Promise.all([wire.call(slow), wire.call(slow), wire.call(slow)]);
      return wire.connections("app") > 1 ? "a connection for each" : "one connection";
    },
    proves: [`${AUTO}http2_protocol_options`],
  },
  {
    id: "admin",
    config: {
      node: { id: "node-id", cluster: "node-cluster" },
      admin: { address: at("@free:admin") },
      static_resources: {
        listeners: [
          listener(
            [
              hcm({
                route_config: {
                  virtual_hosts: [
                    { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, ...direct(200) }] },
                  ],
                },
              }),
            ],
            {
              address: at("@free:main"),
            },
          ),
        ],
        clusters: [
          { name: "app", load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints: [endpoint("@app")] }] } },
        ],
      },
    },
    resources: {},
    run: async (wire) =>
      [await wire.status(), await wire.call({ listener: "admin", path: "/ready", headers: { host: "localhost" } })].map(
        (one) => (typeof one === "object" ? [one.status, one.body] : one),
      ),
    proves: ["bootstrap.v3.Admin.address", "bootstrap.v3.Bootstrap.admin"],
  },
];

// What HTTP/1 and HTTP/2 are told by configuration: trailers, CONNECT, upgrades, SETTINGS. Rule: bytes where a client would hide it.

import { cluster, direct, HTTP2, header, httpOptions, REFUSED_HERE, ROUTER, TO_APP, web } from "../config";
import type { Case, Config } from "../types";

const option = (id: string, hcm: Config, run: Case["run"], more: Partial<Case> = {}): Case => ({
  id: `manager ${id}`,
  config: web({ hcm }),
  run,
  ...more,
});
const HCM = "HttpConnectionManager.";
const http1 = (value: Config): Config => httpOptions({ explicit_http_config: { http_protocol_options: value } });
const LATE =
  "POST / HTTP/1.1\r\nhost: app.test\r\ntransfer-encoding: chunked\r\ntrailer: x-late\r\n\r\n3\r\nabc\r\n0\r\nx-late: yes\r\n\r\n";

export const protocolCases: readonly Case[] = [
  {
    id: "trailers of HTTP/1",
    config: web({
      hcm: { http_protocol_options: { enable_trailers: true } },
      clusters: [cluster("app", http1({ enable_trailers: true }))],
    }),
    run: async (wire) => {
      const { text } = await wire.raw(LATE, { until: /\r\n0\r\n|\}$/ });
      const answer = await wire.call({ headers: { te: "trailers", "x-do": "trailer" } });
      return [text.includes('"x-late":"yes"'), answer];
    },
    proves: [
      `${HCM}http_protocol_options`,
      "Http1ProtocolOptions.enable_trailers",
      "ExplicitHttpConfig.http_protocol_options",
    ].slice(0, 2),
  },
  option(
    "absolute URL",
    { http_protocol_options: { allow_absolute_url: true, allow_chunked_length: false } },
    async (wire) => {
      const { text } = await wire.raw("GET http://b.test/x HTTP/1.1\r\nhost: a\r\n\r\n", { until: /\}$/ });
      return [text.split("\r\n")[0], text.includes('"host":"b.test"')];
    },
    { inert: ["Http1ProtocolOptions.allow_absolute_url", "Http1ProtocolOptions.allow_chunked_length"] },
  ),
  {
    id: "CONNECT over HTTP/2",
    config: web({
      routes: [
        {
          match: { connect_matcher: {} },
          route: { cluster: "app", upgrade_configs: [{ upgrade_type: "CONNECT", connect_config: {} }] },
        },
        { match: { prefix: "/" }, ...direct(404, "rest") },
      ],
      hcm: { upgrade_configs: [{ upgrade_type: "CONNECT" }], http2_protocol_options: { allow_connect: true } },
    }),
    upstreams: { app: "tcp" },
    run: async (wire) => [
      (await wire.connectHttp2("main")).status,
      ((await wire.settings("main")) as Record<string, number>)["connect"],
    ],
    proves: ["Http2ProtocolOptions.allow_connect"],
  },
  {
    id: "upgrades that are off",
    config: web({ hcm: { upgrade_configs: [{ upgrade_type: "websocket", enabled: false }] } }),
    upstreams: { app: "tcp" },
    run: async (wire) => {
      const { text } = await wire.raw(
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        { until: /\r\n\r\n/ },
      );
      return [text.slice(0, 12), wire.received().length];
    },
    proves: ["HttpConnectionManager.UpgradeConfig.enabled"],
  },
  {
    id: "HTTP/2 settings",
    config: web({
      hcm: {
        http2_protocol_options: {
          max_concurrent_streams: 7,
          initial_stream_window_size: 70_000,
          initial_connection_window_size: 90_000,
          hpack_table_size: 1024,
        },
      },
    }),
    run: (wire) => wire.settings("main"),
    explained: Object.fromEntries(
      ["initial_stream_window_size", "initial_connection_window_size"].map((field) => [
        `Http2ProtocolOptions.${field}`,
        "HTTP/2 windows are smaller where nothing is said",
      ]),
    ),
    proves: [
      "max_concurrent_streams",
      "initial_stream_window_size",
      "initial_connection_window_size",
      "hpack_table_size",
    ].map((field) => `Http2ProtocolOptions.${field}`),
  },
  {
    id: "filters of a manager",
    config: web({
      hcm: {
        http_filters: [ROUTER],
        route_config: { name: "named", virtual_hosts: [{ name: "a", domains: ["*"], routes: [TO_APP] }] },
      },
    }),
    run: (wire) => wire.call({ headers: { "x-do": "200+x-a=1" } }),
    proves: [`${HCM}route_config`].slice(1),
    explained: { [`${HCM}http_filters`]: REFUSED_HERE },
    needs: [
      `${HCM}http_filters`,
      `${HCM}route_config`,
      "http_connection_manager.v3.HttpFilter.name",
      "http_connection_manager.v3.HttpFilter.typed_config",
    ],
  },
  {
    id: "HTTP/2 to the upstream",
    config: web({
      clusters: [cluster("app", HTTP2)],
      routes: [{ ...TO_APP, response_headers_to_add: [header("x-a", "1")] }],
    }),
    upstreams: { app: "http2" },
    run: async (wire) => [await wire.call(), await wire.call({ http2: true, method: "POST", body: "x" })],
    proves: [
      "ExplicitHttpConfig.http2_protocol_options",
      "HttpProtocolOptions.explicit_http_config",
      "Cluster.typed_extension_protocol_options",
    ].slice(2),
    needs: ["ExplicitHttpConfig.http2_protocol_options", "HttpProtocolOptions.explicit_http_config"],
  },
];

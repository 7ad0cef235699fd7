// Listeners, filter chains and TCP. Rule: a connection shows by its bytes which chain and which upstream it got.

import { at, cluster, direct, EXT, fileLog, hcm, listener, typed, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Wire } from "../wire";

const TLS = "transport_sockets.tls.v3";
const CONTEXT = {
  name: "tls",
  typed_config: {
    "@type": `${EXT}.${TLS}.DownstreamTlsContext`,
    common_tls_context: {
      tls_certificates: [
        { certificate_chain: { inline_string: "@pem:server.cert" }, private_key: { inline_string: "@pem:server.key" } },
      ],
    },
  },
};
const RAW = { name: "raw", typed_config: { "@type": `${EXT}.transport_sockets.raw_buffer.v3.RawBuffer` } };
const INSPECTOR = {
  name: "tls_inspector",
  typed_config: { "@type": `${EXT}.filters.listener.tls_inspector.v3.TlsInspector` },
};
const says = (text: string): Config =>
  hcm({
    route_config: {
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, ...direct(200, text) }] }],
    },
  });
const both = (over: Config = {}): Config => ({
  listeners: [
    {
      name: "main",
      address: at(0),
      listener_filters: [INSPECTOR],
      filter_chains: [
        {
          name: "secure",
          filter_chain_match: { transport_protocol: "tls" },
          filters: [says("tls")],
          transport_socket: CONTEXT,
        },
        { filters: [says("plain")], transport_socket: RAW, metadata: { filter_metadata: { other: {} } } },
      ],
      ...over,
    },
  ],
});
const plainAndTls = async (wire: Wire): Promise<unknown> => wire.calls([{}, { tls: {} }]);
const tcp = (value: Config, clusters: readonly Config[] = [cluster("app")], more: Config = {}): Config => ({
  listeners: [
    listener(
      [{ name: "tcp", typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", { stat_prefix: "tcp", ...value }) }],
      more,
    ),
  ],
  clusters,
});
const hello = (wire: Wire): Promise<unknown> => wire.raw("hello", { until: /hello/, forMs: 1200 });
const PROXY = "tcp_proxy.v3.TcpProxy.";
const TCP: Readonly<Record<string, UpstreamKind>> = { app: "tcp" };

export const listenerCases: readonly Case[] = [
  {
    id: "plain and TLS on one port",
    config: both(),
    run: plainAndTls,
    proves: ["FilterChain.filter_chain_match"].slice(1),
    needs: ["FilterChain.filter_chain_match", "FilterChainMatch.transport_protocol"],
    inert: ["FilterChain.name", "listener.v3.FilterChain.metadata"],
  },
  {
    id: "the default chain",
    config: {
      listeners: [
        {
          name: "main",
          address: at(0),
          listener_filters: [INSPECTOR],
          filter_chains: [
            { filter_chain_match: { transport_protocol: "tls" }, filters: [says("tls")], transport_socket: CONTEXT },
          ],
          default_filter_chain: { filters: [says("default")] },
        },
      ],
    },
    run: plainAndTls,
    proves: ["Listener.default_filter_chain"],
    needs: [],
  },
  {
    id: "a plain transport socket",
    config: web({ chain: { transport_socket: RAW } }),
    run: plainAndTls,
  },
  {
    id: "a listener's opaque parts",
    config: web({
      listener: {
        stat_prefix: "some",
        metadata: { filter_metadata: { other: {} } },
        enable_reuse_port: false,
        traffic_direction: "OUTBOUND",
        per_connection_buffer_limit_bytes: 65_536,
      },
    }),
    run: (wire) => wire.call(),
    proves: ["v3.Listener.stat_prefix"],
    inert: ["v3.Listener.metadata", "v3.Listener.enable_reuse_port"],
  },
  {
    id: "parts of a listener",
    config: web(),
    run: (wire) => wire.call(),
    needs: [
      "v3.Listener.address",
      "v3.Listener.filter_chains",
      "core.v3.Address.socket_address",
      "core.v3.SocketAddress.address",
      "core.v3.SocketAddress.port_value",
      "listener.v3.Filter.name",
      "listener.v3.Filter.typed_config",
    ],
  },
  {
    id: "filters of a chain",
    config: web({ routes: [{ match: { prefix: "/" }, ...direct(200) }] }),
    run: async (wire) =>
      (await wire.raw("GET / HTTP/1.1\r\nhost: a\r\n\r\n", { until: /200/, forMs: 1000 })).text.slice(0, 15),
    needs: [],
  },
  {
    id: "protocol of an address",
    config: web({
      listener: { address: { socket_address: { address: "127.0.0.1", port_value: 0, protocol: "TCP" } } },
    }),
    run: (wire) => wire.call(),
    inert: ["SocketAddress.protocol"],
  },
  {
    id: "listener filters wait so long",
    config: both({ listener_filters_timeout: "0.3s" }),
    run: async (wire) => (await wire.raw("", { forMs: 1200 })).end,
    proves: ["Listener.listener_filters_timeout"],
  },
  {
    id: "listener filters",
    config: both(),
    run: plainAndTls,
    needs: [],
  },
  {
    id: "tcp",
    config: tcp({ cluster: "app" }),
    upstreams: TCP,
    run: hello,
    needs: [`${PROXY}cluster`, `${PROXY}stat_prefix`],
  },
  {
    id: "tcp to weighted clusters",
    config: tcp(
      {
        weighted_clusters: {
          clusters: [
            { name: "app", weight: 1 },
            { name: "b", weight: 4 },
          ],
        },
      },
      [cluster("app"), cluster("b")],
    ),
    upstreams: { app: "tcp", b: "tcp" },
    isChance: true,
    run: async (wire) => {
      let app = 0;
      for (let index = 0; index < 60; index++) {
        if ((await wire.raw("x", { until: /:x/ })).text === "app:x") app++;
      }
      return app === 0 ? "none" : app < 24 ? "few" : "many";
    },
    needs: [
      `${PROXY}weighted_clusters`,
      "TcpProxy.WeightedCluster.clusters",
      "TcpProxy.WeightedCluster.ClusterWeight.name",
      "TcpProxy.WeightedCluster.ClusterWeight.weight",
    ],
  },
  {
    id: "tcp that is idle",
    config: tcp({ cluster: "app", idle_timeout: "0.3s" }),
    upstreams: TCP,
    run: (wire) => wire.raw("x", { forMs: 1500 }),
    proves: [`${PROXY}idle_timeout`],
  },
  {
    id: "tcp attempts",
    isChance: true,
    config: tcp({ cluster: "app", max_connect_attempts: 6 }, [cluster("app", {}, ["dead", "app"])]),
    upstreams: { app: "tcp", dead: "dead" },
    run: async (wire) => {
      let served = 0;
      for (let index = 0; index < 6; index++) if ((await wire.raw("x", { until: /:x/ })).text === "app:x") served++;
      return served === 6 ? "always" : "sometimes";
    },
    proves: [`${PROXY}max_connect_attempts`],
  },
  {
    id: "tcp log",
    config: tcp({
      cluster: "app",
      access_log: [
        fileLog({
          text_format_source: {
            inline_string:
              "%BYTES_RECEIVED% %BYTES_SENT% %RESPONSE_FLAGS% %UPSTREAM_CLUSTER% %UPSTREAM_HOST% %PROTOCOL% %RESPONSE_CODE% %DOWNSTREAM_LOCAL_ADDRESS%\n",
          },
        }),
      ],
    }),
    upstreams: TCP,
    run: async (wire) => [await hello(wire), await wire.log(1)],
    proves: [`${PROXY}access_log`],
  },
  {
    id: "tcp log of nobody",
    config: tcp({
      cluster: "app",
      access_log: [fileLog({ text_format_source: { inline_string: "%RESPONSE_FLAGS% %BYTES_SENT%\n" } })],
    }),
    upstreams: { app: "dead" },
    run: async (wire) => [await hello(wire), await wire.log(1)],
  },
];

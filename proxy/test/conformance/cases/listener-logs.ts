// The log of a listener: one line for each connection when it ends. Rule: also those that no filter chain took, or that never said
// who they want.

import { at, cluster, direct, EXT, fileLog, hcm, typed } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Wire } from "../wire";

const FORMAT =
  `%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS% %PROTOCOL% in %BYTES_RECEIVED% %UPSTREAM_CLUSTER%
 %UPSTREAM_HOST% %REQUESTED_SERVER_NAME% %DOWNSTREAM_LOCAL_ADDRESS% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %REQ(:PATH)% %ROUTE_NAME%`.replaceAll(
    "\n",
    "",
  );
const INSPECTOR = { name: "tls_inspector", typed_config: typed("filters.listener.tls_inspector.v3.TlsInspector") };
const PROXY_PROTOCOL = {
  name: "proxy_protocol",
  typed_config: typed("filters.listener.proxy_protocol.v3.ProxyProtocol"),
};
const TLS = {
  name: "tls",
  typed_config: {
    "@type": `${EXT}.transport_sockets.tls.v3.DownstreamTlsContext`,
    common_tls_context: {
      tls_certificates: [
        { certificate_chain: { inline_string: "@pem:server.cert" }, private_key: { inline_string: "@pem:server.key" } },
      ],
    },
  },
};
const HTTP = hcm({
  route_config: {
    virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, ...direct(200, "told") }] }],
  },
});
const tcp = (to: string): Config => ({
  name: "tcp",
  typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", { stat_prefix: "tcp", cluster: to }),
});
const BY_NAME = [
  { filter_chain_match: { server_names: ["app.test"] }, filters: [HTTP], transport_socket: TLS },
  { filter_chain_match: { transport_protocol: "raw_buffer" }, filters: [HTTP] },
];

const logged = (
  id: string,
  filterChains: readonly Config[],
  over: Config,
  run: (wire: Wire) => Promise<unknown>,
  more: Partial<Case> = {},
  { format = FORMAT, filter = undefined as Config | undefined } = {},
): Case => ({
  id: `listener log ${id}`,
  config: {
    listeners: [
      {
        name: "main",
        address: at(0),
        listener_filters: [INSPECTOR],
        access_log: [
          {
            ...fileLog({ text_format_source: { inline_string: `${format}\n` } }),
            ...(filter === undefined ? {} : { filter }),
          },
        ],
        filter_chains: filterChains,
        ...over,
      },
    ],
    clusters: [cluster("app"), cluster("gone")],
  },
  upstreams: { app: "tcp", gone: "dead" } as Record<string, UpstreamKind>,
  run,
  ...more,
});
const sni = (name: string) => ({ tls: { sni: name } });

export const listenerLogCases: readonly Case[] = [
  logged(
    "of HTTP",
    BY_NAME,
    {},
    async (wire) => {
      await wire.call("/");
      const plain = await wire.log(1);
      await wire.call({ ...sni("app.test") });
      return [plain, (await wire.log(2)).at(-1)];
    },
    { proves: ["v3.Listener.access_log"] },
  ),
  logged(
    "of HTTP/2",
    [{ filters: [HTTP] }],
    { listener_filters: [] },
    async (wire) => {
      await wire.call({ http2: true });
      wire.close();
      return wire.log(1);
    },
    {},
    { format: "%PROTOCOL% %RESPONSE_FLAGS%" },
  ),
  logged("of what no filter chain takes", BY_NAME, {}, async (wire) => {
    await wire.call({ ...sni("other.test") });
    return wire.log(1);
  }),
  logged(
    "of what no filter chain takes, alone",
    BY_NAME,
    {},
    async (wire) => {
      await wire.call("/");
      await wire.call({ ...sni("other.test") });
      return wire.log(1);
    },
    {},
    { filter: { response_flag_filter: { flags: ["NR"] } } },
  ),
  logged(
    "of a handshake that fails",
    [{ filters: [HTTP], transport_socket: TLS }],
    {},
    async (wire) => {
      await wire.handshake({ sni: "app.test", max: "TLSv1.2" });
      const told = await wire.log(1);
      await wire.raw("no TLS at all\r\n\r\n", { forMs: 300 });
      return [told, (await wire.log(2)).length];
    },
    {},
    { format: "%RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_HOST%" },
  ),
  logged("of a caller that says nothing", [{ filters: [HTTP] }], { listener_filters_timeout: "0.3s" }, async (wire) => {
    await wire.raw("", { forMs: 1500 });
    return wire.log(1);
  }),
  logged(
    "of TCP",
    [{ filters: [tcp("app")] }],
    {},
    async (wire) => {
      await wire.raw("hello", { until: /hello/, forMs: 1500 });
      return wire.log(1);
    },
    {},
    { format: `${FORMAT} out %BYTES_SENT%` },
  ),
  logged("of TCP without an upstream", [{ filters: [tcp("gone")] }], {}, async (wire) => {
    await wire.raw("hello", { forMs: 500 });
    return wire.log(1);
  }),
  logged(
    "of what is refused",
    [
      {
        filters: [
          {
            name: "rbac",
            typed_config: typed("filters.network.rbac.v3.RBAC", {
              stat_prefix: "rbac",
              rules: {
                action: "DENY",
                policies: { all: { permissions: [{ any: true }], principals: [{ any: true }] } },
              },
            }),
          },
          tcp("app"),
        ],
      },
    ],
    {},
    async (wire) => {
      await wire.raw("hello", { forMs: 500 });
      return wire.log(1);
    },
    {},
    { format: "%CONNECTION_TERMINATION_DETAILS% %RESPONSE_FLAGS%" },
  ),
  logged(
    "behind a balancer",
    [{ filters: [tcp("app")] }],
    { listener_filters: [PROXY_PROTOCOL] },
    async (wire) => {
      await wire.raw("PROXY TCP4 10.1.2.3 10.1.2.4 1234 443\r\nhello", { until: /hello/, forMs: 1500 });
      const told = await wire.log(1);
      await wire.raw("no header at all\r\n", { forMs: 300 });
      return [told, (await wire.log(2)).at(-1)];
    },
    {},
    { format: "%DOWNSTREAM_LOCAL_ADDRESS% %RESPONSE_FLAGS% %UPSTREAM_CLUSTER%" },
  ),
];

// Which filter chain takes a connection, and TLS that is passed through by the name it asks for. Rule: the answer tells the chain.

import { chosen } from "../answers";
import { at, cluster, direct, EXT, fileLog, hcm, typed } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Wire } from "../wire";
import { ads } from "./discovery";

const CONTEXT = {
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
const INSPECTOR = {
  name: "tls_inspector",
  typed_config: typed("filters.listener.tls_inspector.v3.TlsInspector"),
};
const HTTP_INSPECTOR = {
  name: "http_inspector",
  typed_config: typed("filters.listener.http_inspector.v3.HttpInspector"),
};
const SNI_CLUSTER = { name: "sni", typed_config: typed("filters.network.sni_cluster.v3.SniCluster") };
const says = (text: string): Config =>
  hcm({
    route_config: {
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, ...direct(200, text) }] }],
    },
  });
const tcp = (value: Config): Config => ({
  name: "tcp",
  typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", { stat_prefix: "tcp", ...value }),
});
const log = (format: string): Config => ({
  access_log: [fileLog({ text_format_source: { inline_string: `${format}\n` } })],
});

type Chain = readonly [text: string, match: Config];

/** Chains by what they say; "rest" is said by the default chain. */
const listener = (chains: readonly Config[], over: Config = {}): Config => ({
  name: "main",
  address: at(0),
  listener_filters: [INSPECTOR],
  filter_chains: chains,
  ...over,
});
const plain = (chains: readonly Chain[]): Config => ({
  listeners: [
    listener(
      chains.map(([text, match]) => ({ filter_chain_match: match, filters: [says(text)] })),
      { default_filter_chain: { filters: [says("rest")] } },
    ),
  ],
});
const secure = (chains: readonly Chain[]): Config => ({
  listeners: [
    listener(
      chains.map(([text, match]) => ({ filter_chain_match: match, filters: [says(text)], transport_socket: CONTEXT })),
      { default_filter_chain: { filters: [says("rest")], transport_socket: CONTEXT } },
    ),
  ],
});
const range = (prefix: string, length: number): Config => ({ address_prefix: prefix, prefix_len: length });
const bodies = async (
  wire: Wire,
  asks: readonly (readonly [sni: string, alpn?: readonly string[]])[],
): Promise<unknown> => {
  const answers = await wire.calls(asks.map(([sni, alpn]) => ({ tls: { sni, ...(alpn ? { alpn } : {}) } })));
  return answers.map((answer) => (answer === "no answer" ? answer : answer.body));
};
const MATCH = "FilterChainMatch.";
const one = (field: string, id: string, match: Config): Case => ({
  id: `chain by ${id}`,
  config: plain([["one", match]]),
  run: (wire) => wire.call(),
  proves: [`${MATCH}${field}`],
});
const refused = (id: string, chains: readonly Chain[]): Case => ({
  id: `chains refused: ${id}`,
  config: secure(chains),
  isRefused: true,
  run: async () => null,
});

const passing = (chains: readonly Config[], clusters: readonly string[] = ["app", "other"]): Config => ({
  listeners: [listener(chains)],
  clusters: clusters.map((name) => cluster(name)),
});
const BY_NAME: Config = passing([
  { filter_chain_match: { server_names: ["app.test"] }, filters: [tcp({ cluster: "app" })] },
  { filter_chain_match: { server_names: ["*.other.test"] }, filters: [tcp({ cluster: "other" })] },
]);
/** Signatures differ in length from run to run: of what passes through, bytes are told in words. */
const TLS_UPSTREAMS: Readonly<Record<string, UpstreamKind>> = { app: "tls", other: "tls" };

/** Plain text by what it is, told by the upstream that has the bytes. */
const byProtocol = (inspectors: readonly Config[]): Config => ({
  listeners: [
    listener(
      ["http/1.0", "http/1.1", "h2c"].map((name) => ({
        filter_chain_match: { transport_protocol: "raw_buffer", application_protocols: [name] },
        filters: [tcp({ cluster: name })],
      })),
      {
        listener_filters: inspectors,
        listener_filters_timeout: "1s",
        default_filter_chain: { filters: [tcp({ cluster: "other" })] },
      },
    ),
  ],
  clusters: ["http/1.0", "http/1.1", "h2c", "other"].map((name) => cluster(name, {}, [name])),
});
const TOLD_APART = ((): Config => {
  const { listeners, clusters } = byProtocol([INSPECTOR, HTTP_INSPECTOR]) as Record<string, readonly Config[]>;
  const secure = { filter_chain_match: { transport_protocol: "tls" }, filters: [tcp({ cluster: "tls" })] };
  return {
    listeners: listeners?.map((each) => ({ ...each, filter_chains: [secure, ...(each["filter_chains"] as Config[])] })),
    clusters: [...(clusters ?? []), cluster("tls")],
  };
})();
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FIRST_BYTES: readonly string[] = [
  "GET / HTTP/1.1\r\n",
  "GET / HTTP/1.0\r\n",
  "POST /a?b HTTP/1.1\nhost",
  PREFACE,
  PREFACE.slice(0, 10),
  "GET / HTTP/2.0\r\n",
  "GET / HTTP/1.2\r\n",
  "GET /\r\n",
  "QUIT\r\n",
  "FOO bar\r\n",
  "hello there world\r\n",
  "GET / x y\r\n",
  "get / HTTP/1.1\r\n",
  "GET / http/1.1\r\n",
  "GET  /  HTTP/1.1\r\n",
  " GET / HTTP/1.1\r\n",
  "\r\nGET / HTTP/1.1\r\n",
  "GET / HTTP/1.1\r",
  "MAIL FROM:<a@b>\r\n",
  "CONNECT a.test:443 HTTP/1.1\r\n",
  "GET http://a.test/ HTTP/1.1\r\n",
  "OPTIONS * HTTP/1.0\r\n",
  "GET / HTT",
  "\x16\x03\x01\n\n\n",
];
const whose = async (wire: Wire): Promise<unknown> => {
  const found = await Promise.all(FIRST_BYTES.map((bytes) => wire.raw(bytes, { until: /:/, forMs: 3000 })));
  return found.map(({ text, end }) => [text.replace(/:.*/s, ""), end]);
};
const BY_PROTOCOL: Readonly<Record<string, UpstreamKind>> = {
  "http/1.0": "tcp",
  "http/1.1": "tcp",
  h2c: "tcp",
  other: "tcp",
};

export const chainCases: readonly Case[] = [
  {
    id: "chains by server name",
    config: secure([
      ["exact", { server_names: ["app.test", "B.test"] }],
      ["wild", { server_names: ["*.test"] }],
      ["wilder", { server_names: ["*.app.test"] }],
    ]),
    run: (wire) =>
      bodies(
        wire,
        ["app.test", "b.test", "APP.test", "c.test", "x.app.test", "x.y.app.test", "test", "other", ""].map(
          (name) => [name] as const,
        ),
      ),
    needs: [`${MATCH}server_names`],
  },
  {
    id: "chain by server name alone",
    config: secure([["one", { server_names: ["app.test"] }]]),
    run: (wire) => bodies(wire, [["app.test"], ["x.app.test"], [""]]),
    proves: [`${MATCH}server_names`],
  },
  {
    id: "chains by protocol",
    config: secure([
      ["two", { application_protocols: ["x-two"] }],
      ["three", { application_protocols: ["x-three", "x-four"] }],
    ]),
    run: (wire) =>
      bodies(wire, [["a", ["x-two"]], ["a", ["x-four", "x-two"]], ["a", ["x-two", "x-four"]], ["a", ["x"]], ["a"]]),
    needs: [`${MATCH}application_protocols`],
  },
  {
    id: "chain by protocol alone",
    config: secure([["one", { application_protocols: ["x-two"] }]]),
    run: (wire) => bodies(wire, [["a", ["x-two"]], ["a"]]),
    proves: [`${MATCH}application_protocols`],
  },
  {
    id: "chains have no way back",
    config: secure([
      ["never", { server_names: ["app.test"], application_protocols: ["x-two"] }],
      ["any", {}],
    ]),
    run: (wire) => bodies(wire, [["app.test"], ["app.test", ["x-two"]], ["b.test"]]),
  },
  one("destination_port", "its port", { destination_port: 1 }),
  one("prefix_ranges", "its address", { prefix_ranges: [range("10.0.0.0", 8)] }),
  one("source_prefix_ranges", "the caller's address", { source_prefix_ranges: [range("10.0.0.0", 8)] }),
  one("direct_source_prefix_ranges", "the caller's own address", {
    direct_source_prefix_ranges: [range("10.0.0.0", 8)],
  }),
  one("source_type", "where the caller is", { source_type: "EXTERNAL" }),
  one("source_ports", "the caller's port", { source_ports: [1, 2] }),
  {
    id: "chains by the narrowest range",
    config: plain([
      ["wide", { source_prefix_ranges: [range("127.0.0.0", 8)] }],
      ["narrow", { source_prefix_ranges: [range("9.0.0.0", 8), range("127.0.0.1", 32)] }],
      ["local", { source_type: "SAME_IP_OR_LOOPBACK", source_prefix_ranges: [range("127.0.0.0", 16)] }],
    ]),
    run: (wire) => wire.call(),
  },
  refused("every name", [["one", { server_names: ["*"] }]]),
  refused("a part of a label", [["one", { server_names: ["*w.test"] }]]),
  refused("two for one name", [
    ["one", { server_names: ["a.test", "b.test"] }],
    ["two", { server_names: ["b.test", "c.test"] }],
  ]),
  {
    id: "TLS passed through by its name",
    config: BY_NAME,
    upstreams: TLS_UPSTREAMS,
    isChance: true,
    run: (wire) => wire.calls(["app.test", "App.Test", "x.other.test", "third", ""].map((sni) => ({ tls: { sni } }))),
  },
  {
    id: "TLS passed through by its name, as the log has it",
    config: passing([
      {
        filter_chain_match: { server_names: ["app.test"] },
        filters: [tcp({ cluster: "app", ...log("%REQUESTED_SERVER_NAME% %RESPONSE_FLAGS% %UPSTREAM_CLUSTER%") })],
      },
      { filters: [tcp({ cluster: "other", ...log("rest %REQUESTED_SERVER_NAME%") })] },
    ]),
    upstreams: { app: "tls", other: "tcp" },
    isChance: true,
    run: async (wire) => {
      await wire.call({ tls: { sni: "APP.test" } });
      const lines = await wire.log(1);
      return [lines, await wire.raw("hello", { until: /hello/, forMs: 1500 }), await wire.log(2)];
    },
  },
  {
    id: "TLS passed through where a policy allows its name",
    config: passing([
      {
        filters: [
          {
            name: "rbac",
            typed_config: typed("filters.network.rbac.v3.RBAC", {
              stat_prefix: "rbac",
              rules: {
                policies: {
                  names: {
                    permissions: [{ requested_server_name: { exact: "app.test" } }],
                    principals: [{ any: true }],
                  },
                },
              },
            }),
          },
          tcp({ cluster: "app" }),
        ],
      },
    ]),
    upstreams: TLS_UPSTREAMS,
    isChance: true,
    run: (wire) => wire.statuses(["app.test", "other.test", ""].map((sni) => ({ tls: { sni } }))),
  },
  {
    id: "a cluster of the name that is asked for, which is not there",
    config: passing([
      { filters: [SNI_CLUSTER, tcp({ cluster: "app", ...log("%REQUESTED_SERVER_NAME% %RESPONSE_FLAGS%") })] },
    ]),
    upstreams: TLS_UPSTREAMS,
    isChance: true,
    run: async (wire) => {
      const statuses = await wire.statuses([{ tls: { sni: "third" } }, { tls: {} }]);
      return [statuses, (await wire.log(2)).toSorted()];
    },
  },
  {
    id: "a cluster of the name that is asked for",
    config: ads(),
    resources: {
      listener: { main: { ...listener([{ filters: [SNI_CLUSTER, tcp({ cluster: "app" })] }]) } },
      cluster: {
        app: cluster("app"),
        "other.test": cluster("other.test", {}, ["other"]),
      },
    },
    upstreams: TLS_UPSTREAMS,
    isChance: true,
    run: (wire) => wire.calls([{ tls: { sni: "Other.test" } }, { tls: {} }]),
  },
  {
    id: "chains by what plain text is",
    config: byProtocol([HTTP_INSPECTOR]),
    upstreams: BY_PROTOCOL,
    run: whose,
  },
  {
    id: "chains by what plain text is, after TLS was looked for",
    config: byProtocol([INSPECTOR, HTTP_INSPECTOR]),
    upstreams: BY_PROTOCOL,
    run: whose,
  },
  {
    // In a process of its own: the inspectors of all listeners count as one.
    id: "chains by inspectors that count",
    config: { static_resources: TOLD_APART },
    resources: {},
    upstreams: { ...BY_PROTOCOL, tls: "tls" },
    run: async (wire) => {
      const secure = await wire.calls([{ tls: { sni: "a.test", alpn: ["http/1.1"] } }, { tls: {} }]);
      return [secure.map(chosen), await whose(wire)];
    },
  },
  {
    id: "bytes that are too few to be TLS",
    config: passing([{ filters: [tcp({ cluster: "app" })] }], ["app"]),
    upstreams: { app: "tcp" },
    run: (wire) => wire.raw("x", { until: /:x/, forMs: 1500 }),
  },
];

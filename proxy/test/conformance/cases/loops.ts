// Requests that come back, and requests for a name that the connection was not opened for: answered by what Envoy's configuration can say,
// Via and a route that looks at it, chains by name and a virtual host for the rest.

import { chosen } from "../answers";
import { at, cluster, direct, EXT, hcm, listener, TO_APP, typed, web } from "../config";
import type { Case, Config } from "../types";

/** The proxy has added itself when routes are looked at: it has been here before when it stands there twice. */
const SEEN = (name: string): Config => ({
  match: {
    prefix: "/",
    headers: [{ name: "via", string_match: { safe_regex: { regex: `(.*, )?1\\.1 ${name},.*` } } }],
  },
  ...direct(508, "loop"),
});
const to = (name: string, prefix = "/"): Config => ({ match: { prefix }, route: { cluster: name } });
const proxy = (name: string, listenerName: string, routes: readonly Config[]): Config =>
  listener(
    [
      hcm({
        stat_prefix: listenerName,
        via: `1.1 ${name}`,
        route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [SEEN(name), ...routes] }] },
      }),
    ],
    { name: listenerName, address: at(`@free:${listenerName}`) },
  );
const loops = (listeners: readonly Config[], clusters: readonly Config[]): Config => ({
  node: { id: "node", cluster: "node" },
  static_resources: { listeners, clusters },
});
const itself = (name: string, listenerName: string): Config => ({
  name,
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: at(`@free:${listenerName}`) } }] }],
  },
});

const CONTEXT = {
  name: "tls",
  typed_config: {
    "@type": `${EXT}.transport_sockets.tls.v3.DownstreamTlsContext`,
    common_tls_context: {
      alpn_protocols: ["h2", "http/1.1"],
      tls_certificates: [
        { certificate_chain: { inline_string: "@pem:server.cert" }, private_key: { inline_string: "@pem:server.key" } },
      ],
    },
  },
};
const named = (name: string): Config => ({
  filter_chain_match: { server_names: [name] },
  transport_socket: CONTEXT,
  filters: [
    hcm({
      route_config: {
        virtual_hosts: [
          { name: "own", domains: [name], routes: [TO_APP] },
          { name: "rest", domains: ["*"], routes: [{ match: { prefix: "/" }, ...direct(421) }] },
        ],
      },
    }),
  ],
});

export const loopCases: readonly Case[] = [
  {
    id: "loop of a proxy with itself",
    config: loops(
      [proxy("first", "main", [to("app", "/app"), to("itself")])],
      [cluster("app"), itself("itself", "main")],
    ),
    resources: {},
    run: async (wire) => {
      const answers = await wire.calls([
        "/",
        "/app",
        { path: "/app", headers: { via: "1.1 other" } },
        { path: "/app", headers: { via: "1.1 first" } },
        { path: "/app", headers: { via: "1.1 other, 1.1 first, 1.1 third" } },
        { path: "/app", headers: { via: "1.1 firstborn" } },
      ]);
      return { chosen: answers.map(chosen), received: wire.received() };
    },
  },
  {
    id: "loop of two proxies",
    config: loops(
      [proxy("first", "main", [to("second")]), proxy("second", "second", [to("first")])],
      [itself("first", "main"), itself("second", "second")],
    ),
    resources: {},
    run: (wire) => wire.call(),
  },
  {
    id: "via of an answer of its own",
    config: web({ hcm: { via: "1.1 own" }, routes: [{ match: { prefix: "/" }, ...direct(200, "here") }] }),
    run: (wire) => wire.call(),
  },
  {
    id: "via of a refusal",
    config: web({ hcm: { via: "1.1 own" }, routes: [] }),
    run: (wire) => wire.call({ headers: { via: "1.1 other" } }),
  },
  {
    id: "authority of another connection",
    config: {
      listeners: [
        {
          name: "main",
          address: at(0),
          listener_filters: [
            { name: "tls_inspector", typed_config: typed("filters.listener.tls_inspector.v3.TlsInspector") },
          ],
          filter_chains: [named("one.test"), named("two.test")],
        },
      ],
      clusters: [cluster("app")],
    },
    run: async (wire) => {
      const asks = [
        { tls: { sni: "one.test" }, headers: { host: "one.test" } },
        { tls: { sni: "one.test" }, headers: { host: "two.test" } },
        { tls: { sni: "two.test" }, headers: { host: "two.test" } },
        { tls: { sni: "two.test" }, headers: { host: "one.test" } },
      ];
      const answers = [
        ...(await wire.calls(asks)),
        ...(await wire.calls(asks.map((ask) => ({ ...ask, http2: true })))),
      ];
      return { chosen: answers.map(chosen), received: wire.received().length };
    },
  },
];

// Who may call: HTTP and network RBAC. Rule: every permission and principal has a request that it lets through and one that not.

import { cluster, httpFilter, listener, ROUTER, typed, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

const RULES = "rbac.v3.RBAC";
const ANY = [{ any: true }];
const policy = (permissions: readonly Config[], principals: readonly Config[] = ANY): Config => ({
  policies: { one: { permissions, principals } },
});
const guarded = (rules: Config, more: Config = {}): Config =>
  web({ hcm: { http_filters: [httpFilter("rbac", RULES, { rules, ...more }), ROUTER] } });
const PATHS = ["/", "/a", "/a/b", "/b?x=/a"];
const ASKS: readonly Ask[] = [
  ...PATHS.map((path) => ({ path })),
  { headers: { "x-role": "admin" } },
  { headers: { "x-role": "none" } },
  { method: "POST", path: "/a" },
];
const rbac = (id: string, rules: Config, more: Partial<Case>): Case => ({
  id: `rbac ${id}`,
  config: guarded(rules),
  run: (wire) => wire.statuses(ASKS),
  ...more,
});
const permission = (id: string, rule: Config, more: Partial<Case> = {}): Case =>
  rbac(`permission ${id}`, policy([rule]), { needs: [`rbac.v3.Permission.${Object.keys(rule)[0]}`], ...more });
const principal = (id: string, who: Config, more: Partial<Case> = {}): Case =>
  rbac(`principal ${id}`, policy(ANY, [who]), { needs: [`rbac.v3.Principal.${Object.keys(who)[0]}`], ...more });
const PATH_A: Config = { url_path: { path: { prefix: "/a" } } };
const ADMIN: Config = { header: { name: "x-role", string_match: { exact: "admin" } } };
const range = (prefix: string, length?: number): Config => ({
  address_prefix: prefix,
  ...(length === undefined ? {} : { prefix_len: length }),
});
const network = (rules: Config, more: Config = {}): Config => ({
  listeners: [
    listener([
      { name: "rbac", typed_config: typed("filters.network.rbac.v3.RBAC", { stat_prefix: "rbac", rules, ...more }) },
      {
        name: "tcp",
        typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", { stat_prefix: "tcp", cluster: "app" }),
      },
    ]),
  ],
  clusters: [cluster("app")],
});

export const rbacCases: readonly Case[] = [
  {
    id: "rbac denies",
    config: guarded({ action: "DENY", ...policy([PATH_A]) }),
    run: (wire) => wire.calls(ASKS),
    proves: ["filters.http.rbac.v3.RBAC.rules", "config.rbac.v3.RBAC.action", "config.rbac.v3.RBAC.policies"],
    needs: ["config.rbac.v3.Policy.permissions", "config.rbac.v3.Policy.principals", "PathMatcher.path"],
  },
  {
    id: "rbac only watches",
    config: guarded({ action: "LOG", ...policy([PATH_A]) }),
    run: (wire) => wire.statuses(ASKS),
    proves: ["config.rbac.v3.RBAC.action"],
  },
  {
    id: "rbac in the shadow",
    config: web({
      hcm: {
        http_filters: [
          httpFilter("rbac", RULES, {
            shadow_rules: { action: "DENY", ...policy([PATH_A]) },
            shadow_rules_stat_prefix: "shadow",
            rules: { action: "DENY", ...policy([ADMIN]) },
            rules_stat_prefix: "rules",
          }),
          ROUTER,
        ],
      },
    }),
    run: (wire) => wire.statuses(ASKS),
    proves: [
      "filters.http.rbac.v3.RBAC.shadow_rules",
      "filters.http.rbac.v3.RBAC.shadow_rules_stat_prefix",
      "filters.http.rbac.v3.RBAC.rules_stat_prefix",
    ],
  },
  permission("any", { any: true }),
  permission("path", PATH_A),
  permission("header", ADMIN),
  permission(
    "and",
    { and_rules: { rules: [PATH_A, ADMIN] } },
    { needs: ["Permission.and_rules", "Permission.Set.rules"] },
  ),
  permission("or", { or_rules: { rules: [PATH_A, ADMIN] } }),
  permission("not", { not_rule: PATH_A }),
  permission(
    "destination address",
    { destination_ip: range("127.0.0.0", 8) },
    { needs: ["Permission.destination_ip"] },
  ),
  permission(
    "other destination address",
    { destination_ip: range("10.0.0.0", 8) },
    {
      needs: ["CidrRange.address_prefix"],
      proves: ["CidrRange.prefix_len"],
    },
  ),
  permission("port", { destination_port: 81 }),
  permission(
    "ports",
    { destination_port_range: { start: 1024, end: 65536 } },
    {
      needs: ["Permission.destination_port_range", "Int32Range.end"],
    },
  ),
  permission("ports from", { destination_port_range: { start: 1, end: 1024 } }, {}),
  permission("server name", { requested_server_name: { exact: "a.test" } }),
  permission("no server name", { requested_server_name: { safe_regex: { regex: ".*" } } }),
  principal("any", { any: true }),
  principal("header", ADMIN),
  principal("path", PATH_A),
  principal("and", { and_ids: { ids: [PATH_A, ADMIN] } }, { needs: ["Principal.and_ids", "Principal.Set.ids"] }),
  principal("or", { or_ids: { ids: [PATH_A, ADMIN] } }),
  principal("not", { not_id: PATH_A }),
  principal("without TLS", { authenticated: {} }),
  principal("source address", { source_ip: range("127.0.0.1", 32) }),
  principal("other source address", { direct_remote_ip: range("10.0.0.0", 8) }),
  principal("direct address", { direct_remote_ip: range("127.0.0.1", 32) }),
  {
    id: "rbac principal by the forwarded address",
    config: web({
      hcm: {
        http_filters: [
          httpFilter("rbac", RULES, { rules: policy(ANY, [{ remote_ip: range("10.0.0.0", 8) }]) }),
          ROUTER,
        ],
      },
    }),
    run: (wire) =>
      wire.statuses([
        {},
        { headers: { "x-forwarded-for": "10.1.1.1" } },
        { headers: { "x-forwarded-for": "11.1.1.1" } },
      ]),
    needs: ["rbac.v3.Principal.remote_ip"],
  },
  {
    id: "rbac principal by certificate",
    config: web({
      hcm: {
        http_filters: [
          httpFilter("rbac", RULES, {
            rules: policy(ANY, [{ authenticated: { principal_name: { suffix: "/sa/client" } } }]),
          }),
          ROUTER,
        ],
      },
      chain: {
        transport_socket: {
          name: "tls",
          typed_config: typed("transport_sockets.tls.v3.DownstreamTlsContext", {
            common_tls_context: {
              tls_certificates: [
                {
                  certificate_chain: { inline_string: "@pem:server.cert" },
                  private_key: { inline_string: "@pem:server.key" },
                },
              ],
              validation_context: { trusted_ca: { inline_string: "@pem:ca.cert" } },
            },
          }),
        },
      },
    }),
    run: (wire) => wire.statuses([{ tls: { as: "client" } }, { tls: { as: "second" } }, { tls: {} }]),
    proves: ["Principal.Authenticated.principal_name"],
  },
  {
    id: "rbac of a route",
    config: web({
      routes: [
        {
          match: { prefix: "/open" },
          route: { cluster: "app" },
          typed_per_filter_config: { rbac: typed("filters.http.rbac.v3.RBACPerRoute") },
        },
        {
          match: { prefix: "/a" },
          route: { cluster: "app" },
          typed_per_filter_config: {
            rbac: typed("filters.http.rbac.v3.RBACPerRoute", {
              rbac: { rules: { action: "DENY", ...policy([ADMIN]) } },
            }),
          },
        },
        { match: { prefix: "/" }, route: { cluster: "app" } },
      ],
      hcm: { http_filters: [httpFilter("rbac", RULES, { rules: { action: "DENY", ...policy(ANY) } }), ROUTER] },
    }),
    run: (wire) => wire.statuses([...ASKS, "/open", { path: "/a", headers: { "x-role": "admin" } }]),
    proves: ["RBACPerRoute.rbac"],
  },
  {
    id: "network rbac",
    config: network(policy(ANY, [{ source_ip: range("10.0.0.0", 8) }]), {
      shadow_rules: policy(ANY),
      shadow_rules_stat_prefix: "shadow",
      enforcement_type: "ONE_TIME_ON_FIRST_BYTE",
    }),
    upstreams: { app: "tcp" },
    run: (wire) => wire.raw("hello", { until: /hello/, forMs: 600 }),
    proves: [
      "filters.network.rbac.v3.RBAC.rules",
      "filters.network.rbac.v3.RBAC.shadow_rules",
      "filters.network.rbac.v3.RBAC.shadow_rules_stat_prefix",
    ],
    needs: ["filters.network.rbac.v3.RBAC.stat_prefix"],
    inert: ["filters.network.rbac.v3.RBAC.enforcement_type"],
  },
  {
    id: "network rbac lets through",
    config: network(policy(ANY, [{ source_ip: range("127.0.0.0", 8) }])),
    upstreams: { app: "tcp" },
    run: (wire) => wire.raw("hello", { until: /hello/, forMs: 600 }),
  },
];

// Consistent hashing: by what a request is hashed, and which host it then has. Rule: hosts are known by a key of their own, for the ports of
// upstreams differ from run to run; where the address itself is hashed nobody listens there, and the log says who was chosen.

import { chosen } from "../answers";
import { cluster, endpoint, listener, logging, typed, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Ask, Wire } from "../wire";
import { policy } from "./balancing";

const RING = "load_balancing_policies.ring_hash.v3.RingHash";
const MAGLEV = "load_balancing_policies.maglev.v3.Maglev";
const HASH = "route.v3.RouteAction.HashPolicy";
const NAMES = ["app", "b", "c"];
const UPSTREAMS: Readonly<Record<string, UpstreamKind>> = { app: "http", b: "http", c: "http" };
const KEYS = Array.from({ length: 12 }, (_, index) => `key-${index}`);

const keyed = (key: string): Config => ({ metadata: { filter_metadata: { "envoy.lb": { hash_key: key } } } });
const hosts = (over: Readonly<Record<string, Config>> = {}): Config => ({
  load_assignment: {
    cluster_name: "app",
    endpoints: [{ lb_endpoints: NAMES.map((name) => endpoint(`@${name}`, { ...keyed(name), ...over[name] })) }],
  },
});
const byHeader: Config = { header: { header_name: "x-hash" } };
const ask = (key: string): Ask => ({ headers: { "x-hash": key } });

/** Who has which key; a key that has not always the same makes it chance. */
const owners =
  (asks: readonly Ask[], outcome = chosen) =>
  async (wire: Wire): Promise<string> => {
    const all: string[] = [];
    for (let round = 0; round < 3; round++) {
      const names: string[] = [];
      for (const one of asks) names.push(outcome(await wire.call(one)));
      all.push(names.join(" "));
    }
    return all.every((each) => each === all[0]) ? String(all[0]) : "by chance";
  };

const hashing = (
  id: string,
  policies: readonly Config[],
  asks: readonly Ask[],
  more: Partial<Case> & { cluster?: Config; route?: Config } = {},
): Case => {
  const { cluster: over = {}, route = {}, ...rest } = more;
  return {
    id: `hashing ${id}`,
    config: web({
      routes: [{ match: { prefix: "/" }, route: { cluster: "app", hash_policy: policies, ...route } }],
      clusters: [{ name: "app", lb_policy: "RING_HASH", ...hosts(), ...over }],
    }),
    upstreams: UPSTREAMS,
    isChance: true,
    run: owners(asks),
    ...rest,
  };
};
const table = (id: string, over: Config, more: Partial<Case> = {}): Case =>
  hashing(id, [byHeader], KEYS.map(ask), { cluster: over, ...more });

const COOKIE = { name: "shop", path: "/a", attributes: [{ name: "SameSite", value: "Strict" }, { name: "Secure" }] };
/** What a caller without the cookie is given, whether it keeps its host with it, and whether another one is given then. */
const withCookie = async (wire: Wire): Promise<unknown> => {
  const first = await wire.call();
  if (first === "no answer") return first;
  const [text = ""] = (first.headers["set-cookie"] ?? []) as readonly string[];
  const value = /"([0-9a-f]+)"/.exec(text)?.[1] ?? "";
  const later = await wire.calls(Array.from({ length: 12 }, () => ({ headers: { cookie: `shop=${value}` } })));
  return {
    given: text.replace(value, (hex) => `${hex.length > 12 ? "hexadecimal" : hex}`),
    isKept: later.every((each) => chosen(each) === chosen(first)),
    isGivenAgain: later.some((each) => each !== "no answer" && each.headers["set-cookie"] !== undefined),
  };
};

/** Addresses that nobody listens at: the log says who was asked. */
const nobody = (hostnames: boolean): Config => ({
  name: "app",
  lb_policy: "RING_HASH",
  load_assignment: {
    cluster_name: "app",
    endpoints: [
      {
        lb_endpoints: [2, 3, 4].map((last) => ({
          endpoint: {
            address: { socket_address: { address: `127.0.0.${last}`, port_value: 9 } },
            ...(hostnames ? { hostname: `host-${last}` } : {}),
          },
        })),
      },
    ],
  },
});
const asked = async (wire: Wire): Promise<string> => {
  for (const key of KEYS) await wire.call(ask(key));
  return (await wire.log(KEYS.length)).join(" ");
};
const addresses = (
  id: string,
  over: Config,
  hostnames: boolean,
  more: Partial<Case> & { route?: Config } = {},
): Case => {
  const { route = {}, ...rest } = more;
  return {
    id: `hashing ${id}`,
    config: web({
      hcm: logging("%UPSTREAM_HOST%"),
      routes: [{ match: { prefix: "/" }, route: { cluster: "app", hash_policy: [byHeader], ...route } }],
      clusters: [{ ...nobody(hostnames), ...over }],
    }),
    isChance: true,
    run: asked,
    ...rest,
  };
};

const localities = (one: number, other: number): Config => ({
  load_assignment: {
    cluster_name: "app",
    endpoints: [
      { locality: { zone: "a" }, load_balancing_weight: one, lb_endpoints: [endpoint("@app", keyed("app"))] },
      {
        locality: { zone: "b" },
        load_balancing_weight: other,
        lb_endpoints: [endpoint("@b", keyed("b")), endpoint("@c", keyed("c"))],
      },
    ],
  },
});
const BY_WEIGHT = { locality_weighted_lb_config: {} };
const BY_NAME = { consistent_hashing_lb_config: { use_hostname_for_hashing: true } };
const ELSEWHERE: Config = {
  retry_policy: {
    retry_on: "connect-failure",
    num_retries: 1,
    retry_back_off: { base_interval: "0.01s" },
    retry_host_predicate: [
      {
        name: "envoy.retry_host_predicates.previous_hosts",
        typed_config: typed("retry.host.previous_hosts.v3.PreviousHostsPredicate"),
      },
    ],
    host_selection_retry_max_attempts: 4,
  },
};

const tcp = (value: Config): Config => ({
  listeners: [
    listener([
      {
        name: "tcp",
        typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", { stat_prefix: "tcp", cluster: "app", ...value }),
      },
    ]),
  ],
  clusters: [{ name: "app", lb_policy: "RING_HASH", ...hosts() }],
});
const connections = async (wire: Wire): Promise<string> => {
  const names: string[] = [];
  for (let index = 0; index < 16; index++) names.push((await wire.raw("x", { until: /:/ })).text.split(":")[0] ?? "");
  return names.every((name) => name === names[0]) ? String(names[0]) : "by chance";
};

export const hashingCases: readonly Case[] = [
  hashing("by a header", [byHeader], KEYS.map(ask), {
    proves: ["route.v3.RouteAction.hash_policy"],
    needs: [`${HASH}.header`, `${HASH}.Header.header_name`],
  }),
  hashing(
    "by a header that is not there",
    [byHeader],
    Array.from({ length: 8 }, () => ({})),
  ),
  hashing(
    "by a header of several values",
    [byHeader],
    [
      ["b", "a"],
      ["a", "b"],
      ["c", "d"],
      ["d", "e", "f"],
    ].map((values) => ({ headers: { "x-hash": values } })),
  ),
  hashing("by what is not ASCII", [byHeader], ["grün", "größer", "£20"].map(ask)),
  hashing(
    "by long values",
    [byHeader],
    [31, 32, 33, 64, 100, 255].map((length) => ask("x".repeat(length))),
  ),
  hashing(
    "by a part of a header",
    [{ header: { header_name: "x-hash", regex_rewrite: { pattern: { regex: "-.*" }, substitution: "" } } }],
    [...KEYS, "other-1", "third-2"].map(ask),
    { proves: [`${HASH}.Header.regex_rewrite`] },
  ),
  hashing(
    "by host and path",
    [{ header: { header_name: ":authority" } }, { header: { header_name: ":path" } }],
    ["/", "/a", "/b?c", "/d"].flatMap((path) => ["one.test", "two.test"].map((host) => ({ path, headers: { host } }))),
  ),
  hashing(
    "by the path that goes on",
    [{ header: { header_name: ":path" } }, { query_parameter: { name: "q" } }],
    ["/a/1", "/a/2", "/a/3?q=4"].map((path) => ({ path })),
    { route: { prefix_rewrite: "/" } },
  ),
  hashing(
    "by the host that goes on",
    [{ header: { header_name: ":authority" } }],
    ["one.test", "two.test", "three.test", "four.test"].map((host) => ({ headers: { host } })),
    { route: { host_rewrite_literal: "app.test" } },
  ),
  hashing(
    "by host under its name in HTTP/1.1",
    [{ header: { header_name: "host" } }],
    ["one.test", "two.test", "three.test", "four.test"].map((host) => ({ headers: { host } })),
  ),
  {
    ...hashing("by a header that the route adds", [], KEYS.slice(0, 3).map(ask)),
    config: web({
      routes: [
        {
          match: { prefix: "/" },
          route: { cluster: "app", hash_policy: [{ header: { header_name: "x-new" } }] },
          request_headers_to_add: [{ header: { key: "x-new", value: "same" } }],
        },
      ],
      clusters: [{ name: "app", lb_policy: "RING_HASH", ...hosts() }],
    }),
  },
  hashing(
    "by a cookie",
    [{ cookie: { name: "shop" } }],
    [
      ...KEYS.map((key) => `shop=${key}`),
      "a=b; shop=c",
      'shop="c"',
      "shop=c; shop=d",
      "a=b;   shop=e ; c=d",
      "shop= f",
    ].map((cookie) => ({
      headers: { cookie },
    })),
    { needs: [`${HASH}.cookie`, `${HASH}.Cookie.name`] },
  ),
  hashing(
    "by a cookie without a value",
    [{ cookie: { name: "shop" } }],
    [
      { headers: { cookie: "shop=" } },
      { headers: { cookie: "shop" } },
      { headers: { cookie: "other=shop" } },
      { headers: { cookie: "shop =a" } },
      {},
      {},
      {},
      {},
    ],
  ),
  hashing("by a cookie that is given", [{ cookie: { ...COOKIE, ttl: "3600s" } }], [], {
    run: withCookie,
    proves: [`${HASH}.Cookie.path`, `${HASH}.Cookie.attributes`, `${HASH}.CookieAttribute.value`],
    needs: [`${HASH}.CookieAttribute.name`],
  }),
  hashing("by a cookie of a session", [{ cookie: { name: "shop", ttl: "0s" } }], [], {
    run: withCookie,
    proves: [`${HASH}.Cookie.ttl`],
    removal: {
      [`${HASH}.Cookie.ttl`]: () =>
        web({
          routes: [{ match: { prefix: "/" }, route: { cluster: "app", hash_policy: [{ cookie: { name: "none" } }] } }],
          clusters: [cluster("app")],
        }),
    },
  }),
  hashing("by a cookie that is given, after another try", [{ cookie: { name: "shop", ttl: "0s" } }], [], {
    route: { retry_policy: { retry_on: "5xx", num_retries: 1, retry_back_off: { base_interval: "0.01s" } } },
    run: async (wire) => {
      const answer = await wire.call({ headers: { "x-do": "503" } });
      if (answer === "no answer") return answer;
      const cookies = (answer.headers["set-cookie"] ?? []) as readonly string[];
      return { status: answer.status, cookies: cookies.length };
    },
  }),
  hashing(
    "by the caller's address",
    [{ connection_properties: { source_ip: true } }],
    Array.from({ length: 8 }, () => ({})),
    { proves: [`${HASH}.ConnectionProperties.source_ip`], needs: [`${HASH}.connection_properties`] },
  ),
  hashing(
    "by a parameter of the query",
    [{ query_parameter: { name: "q" } }],
    [...KEYS.map((key) => `/?q=${key}`), "/?q=a%20b", "/?q", "/?p=1&q=2", "/?q=3&q=4", "/?q=5#6"].map((path) => ({
      path,
    })),
    { needs: [`${HASH}.query_parameter`, `${HASH}.QueryParameter.name`] },
  ),
  hashing(
    "by the first that says something",
    [{ ...byHeader, terminal: true }, { query_parameter: { name: "q" } }],
    [...KEYS.map((key) => ({ ...ask("one"), path: `/?q=${key}` })), { path: "/?q=2" }, { path: "/?q=3" }],
    { proves: [`${HASH}.terminal`] },
  ),
  hashing("by the same twice", [byHeader, byHeader], KEYS.map(ask)),
  hashing("beside a policy that does not hash", [{ cookie: { name: "shop", ttl: "5s" } }], [], {
    cluster: { lb_policy: "ROUND_ROBIN" },
    run: async (wire) => {
      const answer = await wire.call();
      return answer === "no answer" ? answer : (answer.headers["set-cookie"] ?? "no cookie");
    },
  }),

  table(
    "small ring",
    { ring_hash_lb_config: { minimum_ring_size: 4 } },
    {
      proves: ["Cluster.RingHashLbConfig.minimum_ring_size"],
    },
  ),
  table(
    "ring that may not grow",
    { ring_hash_lb_config: { minimum_ring_size: 1, maximum_ring_size: 2 } },
    {
      proves: ["Cluster.ring_hash_lb_config", "Cluster.RingHashLbConfig.maximum_ring_size"],
    },
  ),
  table("ring of nothing", { ring_hash_lb_config: { minimum_ring_size: 0 } }),
  table(
    "ring by MurmurHash2",
    { ring_hash_lb_config: { hash_function: "MURMUR_HASH_2" } },
    {
      proves: ["Cluster.RingHashLbConfig.hash_function"],
    },
  ),
  table(
    "ring with a least size above its largest",
    {
      ring_hash_lb_config: { minimum_ring_size: 20, maximum_ring_size: 10 },
    },
    { isRefused: true, proves: ["Cluster.RingHashLbConfig.maximum_ring_size"] },
  ),
  table("ring of weights", hosts({ b: { load_balancing_weight: 7 }, c: { load_balancing_weight: 2 } })),
  table("ring without a host that is ill", hosts({ b: { health_status: "UNHEALTHY" } })),
  table("ring in panic", hosts({ b: { health_status: "UNHEALTHY" }, c: { health_status: "UNHEALTHY" } })),
  table("ring without a host that is degraded", hosts({ b: { health_status: "DEGRADED" } })),
  table("ring of localities by weight", { ...localities(1, 6), common_lb_config: BY_WEIGHT }),
  table("ring of two levels", {
    load_assignment: {
      cluster_name: "app",
      endpoints: [
        {
          lb_endpoints: [endpoint("@app", keyed("app")), endpoint("@b", { ...keyed("b"), health_status: "UNHEALTHY" })],
        },
        { priority: 1, lb_endpoints: [endpoint("@c", keyed("c"))] },
      ],
    },
  }),
  table("ring of nobody but degraded hosts", {
    load_assignment: {
      cluster_name: "app",
      endpoints: [
        { lb_endpoints: NAMES.map((name) => endpoint(`@${name}`, { ...keyed(name), health_status: "DEGRADED" })) },
      ],
    },
  }),
  table("Maglev", { lb_policy: "MAGLEV" }),
  table(
    "Maglev of a small table",
    { lb_policy: "MAGLEV", maglev_lb_config: { table_size: 7 } },
    {
      proves: ["Cluster.maglev_lb_config", "Cluster.MaglevLbConfig.table_size"],
    },
  ),
  table(
    "Maglev of a table that is no prime number",
    { lb_policy: "MAGLEV", maglev_lb_config: { table_size: 9 } },
    {
      isRefused: true,
      proves: ["Cluster.MaglevLbConfig.table_size"],
    },
  ),
  table("Maglev of weights", {
    lb_policy: "MAGLEV",
    maglev_lb_config: { table_size: 31 },
    ...hosts({ app: { load_balancing_weight: 5 }, c: { load_balancing_weight: 2 } }),
  }),
  table("Maglev of localities by weight", { lb_policy: "MAGLEV", ...localities(1, 6), common_lb_config: BY_WEIGHT }),

  table(
    "ring as a policy",
    policy(RING, { minimum_ring_size: 2, maximum_ring_size: 4, hash_function: "MURMUR_HASH_2" }),
    {
      proves: [`${RING}.minimum_ring_size`, `${RING}.hash_function`],
    },
  ),
  table("ring as a policy that may not grow", policy(RING, { minimum_ring_size: 1, maximum_ring_size: 2 }), {
    proves: [`${RING}.maximum_ring_size`],
  }),
  table(
    "ring as a policy, by localities",
    { ...localities(1, 6), ...policy(RING, { minimum_ring_size: 5, ...BY_WEIGHT }) },
    {
      proves: [`${RING}.locality_weighted_lb_config`],
    },
  ),
  table("Maglev as a policy", policy(MAGLEV, { table_size: 5 }), { proves: [`${MAGLEV}.table_size`] }),
  table(
    "Maglev as a policy, by localities",
    { ...localities(1, 9), ...policy(MAGLEV, { table_size: 11, ...BY_WEIGHT }) },
    {
      proves: [`${MAGLEV}.locality_weighted_lb_config`],
    },
  ),

  addresses("of addresses", {}, false),
  addresses("of addresses, Maglev", { lb_policy: "MAGLEV" }, false),
  addresses("of names of hosts that are not resolved", { common_lb_config: BY_NAME }, true, {
    isRefused: true,
    proves: ["Cluster.CommonLbConfig.ConsistentHashingLbConfig.use_hostname_for_hashing"],
  }),
  addresses("of names", { type: "STRICT_DNS", common_lb_config: BY_NAME }, true, {
    proves: [
      "CommonLbConfig.consistent_hashing_lb_config",
      "Cluster.CommonLbConfig.ConsistentHashingLbConfig.use_hostname_for_hashing",
    ],
  }),
  addresses("of names, as a policy", policy(RING, BY_NAME), true, {
    proves: [`${RING}.consistent_hashing_lb_config`, "common.v3.ConsistentHashingLbConfig.use_hostname_for_hashing"],
  }),
  addresses("of names, Maglev as a policy", policy(MAGLEV, BY_NAME), true, {
    proves: [`${MAGLEV}.consistent_hashing_lb_config`],
  }),
  addresses("again elsewhere", {}, false, { route: ELSEWHERE }),
  addresses("again elsewhere, Maglev", { lb_policy: "MAGLEV" }, false, { route: ELSEWHERE }),

  {
    id: "hashing of TCP by the caller's address",
    config: tcp({ hash_policy: [{ source_ip: {} }] }),
    upstreams: { app: "tcp", b: "tcp", c: "tcp" },
    isChance: true,
    run: connections,
    proves: ["tcp_proxy.v3.TcpProxy.hash_policy"],
    needs: ["type.v3.HashPolicy.source_ip"],
  },
];

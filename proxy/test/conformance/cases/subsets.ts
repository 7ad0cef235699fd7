// Subsets of a cluster's hosts, which routes choose by metadata. Rule: who may answer at all is told, of so many calls in turn that nobody is missed.

import { chosen } from "../answers";
import { endpoint, listener, typed, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Wire } from "../wire";
import { policy } from "./balancing";

const THREE: Readonly<Record<string, UpstreamKind>> = { app: "http", b: "http", c: "http" };
const lb = (values: Config): Config => ({ filter_metadata: { "envoy.lb": values } });
const host = (name: string, values: Config, over: Config = {}): Config =>
  endpoint(`@${name}`, { metadata: lb(values), ...over });
/** `app` is the first version, `b` the second, which is on trial, `c` says nothing. */
const HOSTS: readonly Config[] = [
  host("app", { version: "1", stage: "prod" }),
  host("b", { version: "2", stage: "test" }),
  endpoint("@c"),
];
const SPLIT: Config = { subset_selectors: [{ keys: ["version"] }, { keys: ["stage", "version"] }] };

interface Parts {
  readonly asks?: Config | undefined;
  readonly route?: Config;
  readonly split?: Config;
  readonly hosts?: readonly Config[];
  readonly cluster?: Config;
}
const config = ({ asks, route, split = {}, hosts = HOSTS, cluster = {} }: Parts): Config =>
  web({
    routes: [
      {
        match: { prefix: "/" },
        route: { ...(route ?? { cluster: "app" }), ...(asks === undefined ? {} : { metadata_match: lb(asks) }) },
      },
    ],
    clusters: [
      {
        name: "app",
        load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints: hosts }] },
        lb_subset_config: { ...SPLIT, ...split },
        ...cluster,
      },
    ],
  });

const everybody = async (wire: Wire): Promise<string> => {
  const seen = new Set<string>();
  for (let index = 0; index < 12; index++) seen.add(chosen(await wire.call()));
  return [...seen].sort().join(" ");
};
const subset = (id: string, parts: Parts, more: Partial<Case> = {}): Case => ({
  id: `subset ${id}`,
  config: config(parts),
  upstreams: THREE,
  isChance: true,
  run: everybody,
  ...more,
});

/** The same by TCP: HTTP is what it carries. */
const byTcp = (id: string, tcp: Config, more: Partial<Case> = {}): Case => ({
  id: `subset by TCP ${id}`,
  config: {
    ...config({}),
    listeners: [
      listener([
        { name: "tcp", typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", { stat_prefix: "tcp", ...tcp }) },
      ]),
    ],
  },
  upstreams: THREE,
  isChance: true,
  run: everybody,
  ...more,
});

const ACTION = "route.v3.RouteAction.";
const WEIGHT = "route.v3.WeightedCluster.ClusterWeight.";
const CONFIG = "LbSubsetConfig.";
const ANY = { fallback_policy: "ANY_ENDPOINT" };
const DEFAULT = { fallback_policy: "DEFAULT_SUBSET", default_subset: { stage: "test" } };

export const subsetCases: readonly Case[] = [
  subset(
    "of one key",
    { asks: { version: "2" } },
    {
      proves: [
        `${ACTION}metadata_match`,
        "Cluster.lb_subset_config",
        `${CONFIG}subset_selectors`,
        "LbSubsetSelector.keys",
      ],
      removal: {
        "LbSubsetSelector.keys": () =>
          config({ asks: { version: "2" }, split: { subset_selectors: [{ keys: ["stage"] }] } }),
      },
    },
  ),
  subset(
    "of two keys, in any order",
    { asks: { version: "1", stage: "prod" } },
    { proves: [`${ACTION}metadata_match`] },
  ),
  subset("of two keys of which nobody has both", { asks: { version: "1", stage: "test" } }),
  subset("of a key that no selector has alone", { asks: { stage: "prod" } }),
  subset("of more than a selector has", { asks: { version: "1", stage: "prod", zone: "a" } }),
  subset("of a value that nobody has", { asks: { version: "3" } }),
  subset("of a value of another type", { asks: { version: 2 } }),
  subset("of numbers, lists and objects", {
    asks: { version: [1, { b: true, a: null }] },
    hosts: [host("app", { version: [1, { a: null, b: true }] }), host("b", { version: [1] })],
  }),
  subset("that nobody asks for", {}),
  subset("whose hosts are ill", {
    asks: { version: "2" },
    split: ANY,
    hosts: [HOSTS[0] as Config, host("b", { version: "2" }, { health_status: "UNHEALTHY" })],
  }),
  subset("whose hosts are ill, without panic", {
    asks: { version: "2" },
    split: ANY,
    hosts: [HOSTS[0] as Config, host("b", { version: "2" }, { health_status: "UNHEALTHY" })],
    cluster: { common_lb_config: { healthy_panic_threshold: { value: 0 } } },
  }),
  subset(
    "that nobody is in, then anybody",
    { asks: { version: "3" }, split: ANY },
    { proves: [`${CONFIG}fallback_policy`] },
  ),
  subset("that nobody asks for, then anybody", { split: ANY }, { proves: [`${CONFIG}fallback_policy`] }),
  subset(
    "that nobody is in, then the default",
    { asks: { version: "3" }, split: DEFAULT },
    {
      proves: [`${CONFIG}default_subset`, `${CONFIG}fallback_policy`],
    },
  ),
  subset("that nobody is in, nor in the default", {
    asks: { version: "3" },
    split: { ...DEFAULT, default_subset: { stage: "none" } },
  }),
  subset(
    "whose selector has a fallback of its own",
    {
      asks: { version: "3" },
      split: {
        ...ANY,
        default_subset: { stage: "test" },
        subset_selectors: [{ keys: ["version"], fallback_policy: "DEFAULT_SUBSET" }],
      },
    },
    { proves: ["LbSubsetSelector.fallback_policy"] },
  ),
  subset(
    "whose selector has none to fall back to",
    {
      asks: { version: "3" },
      split: { ...ANY, subset_selectors: [{ keys: ["version"], fallback_policy: "NO_FALLBACK" }] },
    },
    { proves: ["LbSubsetSelector.fallback_policy"] },
  ),
  subset(
    "of a weighted cluster",
    {
      asks: { version: "1" },
      route: { weighted_clusters: { clusters: [{ name: "app", weight: 1, metadata_match: lb({ version: "2" }) }] } },
    },
    { proves: [`${WEIGHT}metadata_match`] },
  ),
  subset(
    "of a weighted cluster and its route together",
    {
      asks: { version: "1", stage: "test" },
      split: { subset_selectors: [{ keys: ["stage", "version"] }] },
      route: { weighted_clusters: { clusters: [{ name: "app", weight: 1, metadata_match: lb({ version: "2" }) }] } },
    },
    { proves: [`${WEIGHT}metadata_match`, `${ACTION}metadata_match`] },
  ),
  subset(
    "by priority levels of its own",
    {
      asks: { version: "2" },
      cluster: {
        load_assignment: {
          cluster_name: "app",
          endpoints: [
            { lb_endpoints: [HOSTS[0]] },
            { priority: 1, lb_endpoints: [HOSTS[1]] },
            { priority: 2, lb_endpoints: [host("c", { version: "2" })] },
          ],
        },
      },
    },
    { proves: ["LocalityLbEndpoints.priority"] },
  ),
  subset(
    "without weights of localities",
    {
      split: ANY,
      cluster: {
        common_lb_config: { locality_weighted_lb_config: {} },
        load_assignment: {
          cluster_name: "app",
          endpoints: [
            { locality: { zone: "a" }, load_balancing_weight: 1, lb_endpoints: [HOSTS[0]] },
            { locality: { zone: "b" }, lb_endpoints: [HOSTS[1]] },
          ],
        },
      },
    },
    { inert: ["CommonLbConfig.locality_weighted_lb_config"] },
  ),
  subset(
    "beside a policy of the cluster",
    {
      asks: { version: "2" },
      cluster: policy("load_balancing_policies.round_robin.v3.RoundRobin"),
    },
    { isRefused: true, proves: ["Cluster.lb_subset_config"] },
  ),
  subset("without selectors", { asks: { version: "2" }, split: { subset_selectors: [] } }),
  byTcp(
    "of one key",
    { cluster: "app", metadata_match: lb({ version: "2" }) },
    {
      proves: ["TcpProxy.metadata_match"],
    },
  ),
  byTcp("that nobody is in", { cluster: "app", metadata_match: lb({ version: "9" }) }),
  byTcp(
    "of one of its clusters",
    {
      weighted_clusters: { clusters: [{ name: "app", weight: 1, metadata_match: lb({ version: "2" }) }] },
      metadata_match: lb({ version: "1" }),
    },
    { proves: ["tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight.metadata_match"] },
  ),
  byTcp("of one of its clusters, and of the filter", {
    weighted_clusters: { clusters: [{ name: "app", weight: 1, metadata_match: lb({ stage: "test" }) }] },
    metadata_match: lb({ version: "2" }),
  }),
];

// Zone-aware routing: which zone is chosen, and when none is. Rule: where all or none is the answer, no chance is in it; the one share that is
// told from many calls has bounds five deviations away.

import { chosen } from "../answers";
import { at, endpoint, web } from "../config";
import type { Case, Config } from "../types";
import type { Wire } from "../wire";
import { policy } from "./balancing";

const LOCALITY = { region: "r", sub_zone: "s" };
type Zones = Readonly<Record<string, readonly Config[]>>;
const assignment = (name: string, zones: Zones): Config => ({
  cluster_name: name,
  endpoints: Object.entries(zones).map(([zone, list]) => ({
    locality: { ...LOCALITY, zone },
    lb_endpoints: list,
  })),
});
const times = (count: number, upstream: string): readonly Config[] =>
  Array.from({ length: count }, () => endpoint(`@${upstream}`));
/** Nobody asks them: they only say from which zones is called. */
const callers = (count: number, over: Config = {}): readonly Config[] =>
  Array.from({ length: count }, (_, index) => ({ endpoint: { address: at(9 + index) }, ...over }));

interface Parts {
  readonly upstream: Zones;
  readonly local: Zones;
  readonly zoneAware?: Config;
  readonly common?: Config;
  /** The same as the policy of the cluster. */
  readonly policy?: Config;
  readonly name?: string;
  readonly over?: Config;
}

const AWARE = { routing_enabled: { value: 100 } };
const bootstrap = ({ upstream, local, zoneAware, common, name = "home", over = {}, ...said }: Parts): Config => {
  const balanced = {
    ...common,
    ...(zoneAware === undefined ? {} : { zone_aware_lb_config: zoneAware }),
  };
  return {
    node: { id: "node", cluster: "home", locality: { ...LOCALITY, zone: "a" } },
    cluster_manager: { local_cluster_name: name },
    static_resources: web({
      clusters: [
        {
          name: "app",
          load_assignment: assignment("app", upstream),
          ...(said.policy === undefined
            ? { common_lb_config: balanced }
            : policy(ROUND_ROBIN, { locality_lb_config: { zone_aware_lb_config: said.policy } })),
        },
        { name: "home", load_assignment: assignment("home", local) },
      ],
    }),
    ...over,
  };
};

const share = async (wire: Wire, count = 60): Promise<unknown> => {
  const tally = await wire.tally(count, () => "/", chosen, 4);
  const names = Object.keys(tally).sort();
  return Object.fromEntries(names.map((each) => [each, names.length === 1 ? "all" : "some"]));
};
/** Of 1,500 calls: two thirds are told from a half, and from all, with bounds more than six deviations away. */
const part = async (wire: Wire): Promise<unknown> => {
  const count = 1500;
  const { app = 0, ...rest } = await wire.tally(count, () => "/", chosen, 8);
  const [low, high] = [0.585, 0.745];
  const of = app / count;
  return { app: of < low ? "less" : of > high ? "more" : "two thirds", others: Object.keys(rest).sort() };
};

const zones = (id: string, parts: Parts, more: Partial<Case> = {}): Case => ({
  id: `zones ${id}`,
  config: bootstrap(parts),
  resources: {},
  upstreams: { app: "http", b: "http", c: "http" },
  run: (wire) => share(wire),
  ...more,
});
const SIX: Zones = { a: times(3, "app"), b: times(3, "b") };
const EVEN: Zones = { a: callers(1), b: callers(1) };
const ROUND_ROBIN = "load_balancing_policies.round_robin.v3.RoundRobin";
const POLICY_ROW = "LocalityLbConfig.ZoneAwareLbConfig";
const AWARE_ROW = "CommonLbConfig.ZoneAwareLbConfig";

export const zoneCases: readonly Case[] = [
  zones(
    "the own one can carry everything",
    { upstream: SIX, local: EVEN },
    {
      proves: [
        "bootstrap.v3.Bootstrap.cluster_manager",
        "ClusterManager.local_cluster_name",
        "LocalityLbEndpoints.locality",
      ],
    },
  ),
  zones(
    "smaller cluster than the default",
    { upstream: { a: times(2, "app"), b: times(2, "b") }, local: EVEN, zoneAware: { min_cluster_size: 4 } },
    { proves: ["CommonLbConfig.zone_aware_lb_config", `${AWARE_ROW}.min_cluster_size`] },
  ),
  zones(
    "never",
    { upstream: SIX, local: EVEN, zoneAware: { routing_enabled: { value: 0 } } },
    { proves: [`${AWARE_ROW}.routing_enabled`] },
  ),
  zones("hosts in one zone", { upstream: { b: times(6, "b") }, local: EVEN, zoneAware: AWARE }),
  zones("callers in one zone", { upstream: SIX, local: { a: callers(2) }, zoneAware: AWARE }),
  zones("no callers in the own zone", { upstream: SIX, local: { b: callers(1), c: callers(1) }, zoneAware: AWARE }),
  zones("no hosts in the own zone", {
    upstream: { b: times(3, "b"), c: times(3, "c") },
    local: { a: callers(1), b: callers(1) },
    zoneAware: AWARE,
  }),
  zones("the own hosts are not healthy", {
    upstream: {
      a: [endpoint("@app", { health_status: "UNHEALTHY" })],
      b: times(3, "b"),
      c: times(3, "c"),
    },
    local: { a: callers(1), b: callers(1) },
    zoneAware: AWARE,
  }),
  zones("unhealthy hosts make a cluster smaller", {
    upstream: {
      a: times(3, "app"),
      b: [...times(2, "b"), endpoint("@b", { health_status: "UNHEALTHY" })],
    },
    local: EVEN,
    zoneAware: AWARE,
  }),
  zones("the rest goes where capacity is left", {
    upstream: { a: times(1, "app"), b: times(1, "b"), c: times(2, "c") },
    local: { a: callers(2), b: callers(1), c: callers(1) },
    zoneAware: { min_cluster_size: 4 },
  }),
  zones(
    "two thirds of the callers, half of the hosts",
    { upstream: SIX, local: { a: callers(3), b: callers(1) }, zoneAware: AWARE },
    { run: part },
  ),
  zones("the callers panic", {
    upstream: SIX,
    local: {
      a: [...callers(1), ...callers(2, { health_status: "UNHEALTHY" })],
      b: callers(1, { health_status: "UNHEALTHY" }),
    },
    zoneAware: AWARE,
  }),
  zones("the callers panic, and nobody is asked", {
    upstream: SIX,
    local: {
      a: [...callers(1), ...callers(2, { health_status: "UNHEALTHY" })],
      b: callers(1, { health_status: "UNHEALTHY" }),
    },
    zoneAware: { fail_traffic_on_panic: true },
  }),
  zones(
    "panic without anybody",
    {
      upstream: {
        a: [endpoint("@app", { health_status: "UNHEALTHY" })],
        b: [endpoint("@b", { health_status: "UNHEALTHY" })],
      },
      local: EVEN,
      zoneAware: { fail_traffic_on_panic: true },
    },
    { proves: [`${AWARE_ROW}.fail_traffic_on_panic`] },
  ),
  zones("panic", {
    upstream: {
      a: [endpoint("@app", { health_status: "UNHEALTHY" })],
      b: [endpoint("@b", { health_status: "UNHEALTHY" })],
    },
    local: EVEN,
    zoneAware: AWARE,
  }),
  zones(
    "of a policy, smaller cluster than the default",
    { upstream: { a: times(2, "app"), b: times(2, "b") }, local: EVEN, policy: { min_cluster_size: 4 } },
    { proves: [`${POLICY_ROW}.min_cluster_size`] },
  ),
  zones(
    "of a policy, never",
    { upstream: SIX, local: EVEN, policy: { routing_enabled: { value: 0 } } },
    { proves: [`${POLICY_ROW}.routing_enabled`] },
  ),
  zones(
    "of a policy, panic without anybody",
    {
      upstream: {
        a: [endpoint("@app", { health_status: "UNHEALTHY" })],
        b: [endpoint("@b", { health_status: "UNHEALTHY" })],
      },
      local: EVEN,
      policy: { fail_traffic_on_panic: true },
    },
    { proves: [`${POLICY_ROW}.fail_traffic_on_panic`] },
  ),
  zones(
    "of a policy, the own one takes everything",
    { upstream: { a: times(1, "app"), b: times(5, "b") }, local: EVEN, policy: { force_local_zone: {} } },
    { proves: [`${POLICY_ROW}.force_local_zone`] },
  ),
  zones(
    "of a policy, the own one takes everything from three hosts on",
    {
      upstream: { a: times(2, "app"), b: times(4, "b") },
      local: { a: callers(3), b: callers(1) },
      policy: { force_local_zone: { min_size: 3 } },
    },
    { proves: [`${POLICY_ROW}.ForceLocalZone.min_size`] },
  ),
  zones("of a policy, the own one would take everything and has nobody", {
    upstream: { a: [endpoint("@app", { health_status: "UNHEALTHY" })], b: times(6, "b") },
    local: EVEN,
    policy: { force_local_zone: {} },
  }),
  zones("of the called cluster itself", { upstream: SIX, local: EVEN, zoneAware: AWARE, name: "app" }),
  zones("a node without a locality", { upstream: SIX, local: EVEN, over: { node: { id: "node", cluster: "home" } } }),
  zones(
    "a cluster of nobody",
    { upstream: SIX, local: EVEN, name: "other" },
    { isRefused: true, proves: ["ClusterManager.local_cluster_name"] },
  ),
];

// Load balancing as a policy of the cluster, localities that weigh something, hosts that start slowly. Rule: what chance decides is told in
// words whose bounds are many deviations away; a share that turns decide is told as it is.

import { chosen } from "../answers";
import { endpoint, typed, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Wire } from "../wire";
import { answering, say, until } from "./active-health-parts";

const MESSAGE = "load_balancing_policies";
const LEAST = `${MESSAGE}.least_request.v3.LeastRequest`;
const ROUND = `${MESSAGE}.round_robin.v3.RoundRobin`;
const RANDOM = `${MESSAGE}.random.v3.Random`;
const LOCALITIES = "LocalityLbConfig";
const TWO: Readonly<Record<string, UpstreamKind>> = { app: "http", b: "http" };

/** `round_robin.v3.RoundRobin` and what it says, as a policy. */
export const policy = (type: string, value: Config = {}): Config => ({
  load_balancing_policy: {
    policies: [{ typed_extension_config: { name: "policy", typed_config: typed(type, value) } }],
  },
});
const both = [endpoint("@app"), endpoint("@b")];
const balanced = (id: string, over: Config, run: Case["run"], more: Partial<Case> = {}): Case => ({
  id: `balancing ${id}`,
  config: web({
    clusters: [{ name: "app", load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints: both }] }, ...over }],
  }),
  upstreams: TWO,
  isChance: true,
  run,
  ...more,
});

const inTurn = async (wire: Wire): Promise<string> => {
  const seen: string[] = [];
  for (let index = 0; index < 20; index++) seen.push(chosen(await wire.call()));
  return seen.every((each, index) => index === 0 || each !== seen[index - 1]) ? "in turn" : "by chance";
};
/** While one host is busy: does it get more? */
const busy = async (wire: Wire): Promise<string> => {
  const held = wire.call({ headers: { "x-do": "slow1500" } });
  await wire.wait(150);
  const [first = ""] = wire.received().map((each) => each.split(" ")[0] ?? "");
  const tally = await wire.tally(60, () => "/", chosen, 1);
  await held;
  return tally[first] === undefined ? "the busy one is spared" : "the busy one gets some";
};
/** Of 300 calls in turn. */
export const partOfB = async (wire: Wire): Promise<string> => {
  const { b = 0 } = await wire.tally(300, () => "/", chosen, 1);
  for (const [name, part] of Object.entries({ half: 150, "two thirds": 200, "three quarters": 221, most: 240 }))
    if (Math.abs(b - part) <= 9) return name;
  return `${b} of 300`;
};

/** The same where hosts are drawn: four fifths are told from a half, with bounds more than five deviations away. */
const moreOfB = async (wire: Wire): Promise<string> => {
  const { b = 0 } = await wire.tally(300, () => "/", chosen, 1);
  return b > 195 ? "more" : "half";
};

/** `b` weighs four times as much. */
const weighted = (b: readonly Config[] = [endpoint("@b")], load: Config = {}): Config => ({
  load_assignment: {
    cluster_name: "app",
    endpoints: [
      { locality: { zone: "a" }, lb_endpoints: [endpoint("@app")], load_balancing_weight: 1 },
      { locality: { zone: "b" }, lb_endpoints: b, load_balancing_weight: 4 },
    ],
    ...load,
  },
});
const BY_WEIGHT = { locality_lb_config: { locality_weighted_lb_config: {} } };

const NOBODY_IN_PANIC = { locality_lb_config: { zone_aware_lb_config: { fail_traffic_on_panic: true } } };
const ill: Config = {
  load_assignment: {
    cluster_name: "app",
    endpoints: [{ lb_endpoints: ["@app", "@b"].map((each) => endpoint(each, { health_status: "UNHEALTHY" })) }],
  },
};

const WINDOW_MS = 3000;
const slow = (over: Config = {}): Config => ({
  slow_start_config: { slow_start_window: `${WINDOW_MS / 1000}s`, ...over },
});
const aggression = (value: number): Config => ({ aggression: { default_value: value, runtime_key: "none" } });
/** `b` was ill for longer than a start takes, and is back. */
const freshB = async (wire: Wire): Promise<string> => {
  await until(wire, "app b");
  say(wire, "b", "503");
  await until(wire, "app");
  await wire.wait(WINDOW_MS);
  say(wire, "b", "200");
  const end = performance.now() + WINDOW_MS;
  while (!(await answering(wire)).includes("b") && performance.now() < end) await wire.wait(10);
  const { b = 0 } = await wire.tally(60, () => "/", chosen, 1);
  return b < 18 ? "few" : "many";
};
const starting = (id: string, over: Config, more: Partial<Case>): Case =>
  balanced(
    `starts slowly ${id}`,
    {
      health_checks: [
        {
          timeout: "1s",
          interval: "0.1s",
          no_traffic_interval: "0.1s",
          unhealthy_threshold: 1,
          healthy_threshold: 1,
          http_health_check: { path: "/hc" },
        },
      ],
      common_lb_config: { healthy_panic_threshold: { value: 0 }, update_merge_window: "0s" },
      ...over,
    },
    freshB,
    more,
  );
const COMMON_SLOW = "common.v3.SlowStartConfig";
const CLUSTER_SLOW = "Cluster.SlowStartConfig";

export const balancingCases: readonly Case[] = [
  balanced("a policy in place of lb_policy", { lb_policy: "RANDOM", ...policy(ROUND) }, inTurn, {
    proves: ["cluster.v3.Cluster.load_balancing_policy"],
    needs: [
      "LoadBalancingPolicy.policies",
      "LoadBalancingPolicy.Policy.typed_extension_config",
      "TypedExtensionConfig.name",
      "TypedExtensionConfig.typed_config",
    ],
  }),
  balanced(
    "a policy that lb_policy announces",
    { lb_policy: "LOAD_BALANCING_POLICY_CONFIG", ...policy(ROUND) },
    inTurn,
    {
      needs: ["cluster.v3.Cluster.load_balancing_policy"],
    },
  ),
  balanced(
    "a policy beside what lb_policy would have",
    { lb_policy: "LEAST_REQUEST", least_request_lb_config: { choice_count: 40 }, ...policy(ROUND) },
    inTurn,
    { inert: ["cluster.v3.Cluster.least_request_lb_config"] },
  ),
  balanced(
    "a policy beside localities of the cluster",
    { ...policy(ROUND), common_lb_config: { zone_aware_lb_config: {} } },
    inTurn,
    { isRefused: true, proves: ["cluster.v3.Cluster.common_lb_config"] },
  ),
  balanced("by chance", policy(RANDOM), inTurn),
  balanced(
    "the first of two policies",
    {
      load_balancing_policy: {
        policies: [RANDOM, ROUND].map((type) => ({
          typed_extension_config: { name: type, typed_config: typed(type) },
        })),
      },
    },
    inTurn,
  ),
  balanced("least requests of many draws", policy(LEAST, { choice_count: 60 }), busy, {
    proves: [`${LEAST}.choice_count`],
  }),
  balanced("least requests of all hosts", policy(LEAST, { selection_method: "FULL_SCAN" }), busy, {
    proves: [`${LEAST}.selection_method`],
  }),
  balanced("localities by weight", { ...weighted(), ...policy(ROUND, BY_WEIGHT) }, partOfB, {
    proves: [
      `${ROUND}.locality_lb_config`,
      "LocalityLbEndpoints.load_balancing_weight",
      `${LOCALITIES}.locality_weighted_lb_config`,
    ],
    removal: {
      [`${LOCALITIES}.locality_weighted_lb_config`]: () =>
        web({ clusters: [{ name: "app", ...weighted(), ...policy(ROUND) }] }),
    },
  }),
  balanced("localities by weight, least requests", { ...weighted(), ...policy(LEAST, BY_WEIGHT) }, partOfB, {
    proves: [`${LEAST}.locality_lb_config`],
  }),
  balanced("localities by weight, hosts by chance", { ...weighted(), ...policy(RANDOM, BY_WEIGHT) }, moreOfB, {
    proves: [`${RANDOM}.locality_lb_config`],
  }),
  balanced(
    "localities by weight, without a policy",
    { ...weighted(), common_lb_config: { locality_weighted_lb_config: {} } },
    partOfB,
    { proves: ["CommonLbConfig.locality_weighted_lb_config"] },
  ),
  balanced(
    "localities by weight, as far as they can carry it",
    {
      ...weighted([endpoint("@b"), endpoint("@b", { health_status: "UNHEALTHY" })], {
        policy: { overprovisioning_factor: 100 },
      }),
      ...policy(ROUND, BY_WEIGHT),
    },
    partOfB,
    { proves: ["ClusterLoadAssignment.policy", "ClusterLoadAssignment.Policy.overprovisioning_factor"] },
  ),
  balanced("in panic nobody", { ...ill, ...policy(ROUND, NOBODY_IN_PANIC) }, answering, {
    proves: [`${LOCALITIES}.zone_aware_lb_config`],
    // Envoy takes a locality_lb_config that says nothing.
    removal: {
      [`${LOCALITIES}.zone_aware_lb_config`]: () => web({ clusters: [{ name: "app", ...ill, ...policy(ROUND) }] }),
    },
  }),
  starting("in turn", policy(ROUND, slow()), {
    proves: [`${ROUND}.slow_start_config`, `${COMMON_SLOW}.slow_start_window`],
  }),
  starting("by requests", policy(LEAST, slow()), { proves: [`${LEAST}.slow_start_config`] }),
  starting("but with more at once", policy(ROUND, slow(aggression(100))), {
    proves: [`${COMMON_SLOW}.aggression`, "RuntimeDouble.default_value"],
  }),
  starting("but never with less", policy(ROUND, slow({ min_weight_percent: { value: 100 } })), {
    proves: [`${COMMON_SLOW}.min_weight_percent`],
  }),
  starting(
    "as the cluster says it",
    { round_robin_lb_config: slow() },
    {
      proves: ["RoundRobinLbConfig.slow_start_config", `${CLUSTER_SLOW}.slow_start_window`],
    },
  ),
  starting(
    "as the cluster says it, by requests",
    { lb_policy: "LEAST_REQUEST", least_request_lb_config: slow() },
    {
      proves: ["LeastRequestLbConfig.slow_start_config"],
    },
  ),
  starting(
    "as the cluster says it, but with more at once",
    { round_robin_lb_config: slow(aggression(100)) },
    {
      proves: [`${CLUSTER_SLOW}.aggression`],
    },
  ),
  starting(
    "as the cluster says it, but never with less",
    { round_robin_lb_config: slow({ min_weight_percent: { value: 100 } }) },
    {
      proves: [`${CLUSTER_SLOW}.min_weight_percent`],
    },
  ),
];

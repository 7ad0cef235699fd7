// Clusters and endpoints: who is chosen, when nobody is, limits. Rule: a share is told in words with room for chance, never as
// a number.

import { chosen } from "../answers";
import { at, cluster, endpoint, web } from "../config";
import type { Case } from "../types";
import type { Wire } from "../wire";
import { breakers, CLUSTER, endpoints, served } from "./two-hosts";

const order = async (wire: Wire): Promise<unknown> => {
  const seen: string[] = [];
  for (let index = 0; index < 8; index++) seen.push(chosen(await wire.call()));
  const changes = seen.slice(1).filter((each, index) => each !== seen[index]).length;
  return changes === 7 ? "in turn" : changes === 0 ? `always ${seen[0]}` : "by chance";
};
const share = async (wire: Wire, count = 80): Promise<unknown> => {
  const tally = await wire.tally(count, () => "/", chosen, 4);
  const part = (tally["app"] ?? 0) / count;
  const words = part === 0 ? "none" : part === 1 ? "all" : part > 0.6 ? "most" : part < 0.4 ? "few" : "half";
  return { app: words, failed: Object.keys(tally).filter((key) => !["app", "b"].includes(key)) };
};

export const clusterCases: readonly Case[] = [
  served("round robin", endpoints([endpoint("@app"), endpoint("@b")], { round_robin_lb_config: {} }), order, {
    inert: [`${CLUSTER}round_robin_lb_config`],
  }),
  served(
    "random",
    endpoints([endpoint("@app"), endpoint("@b")], { lb_policy: "RANDOM" }),
    async (wire) => {
      const seen: string[] = [];
      for (let index = 0; index < 24; index++) seen.push(chosen(await wire.call()));
      return seen.every((each, index) => index === 0 || each !== seen[index - 1]) ? "in turn" : "by chance";
    },
    { proves: [`${CLUSTER}lb_policy`] },
  ),
  served(
    "least requests",
    endpoints([endpoint("@app"), endpoint("@b")], {
      lb_policy: "LEAST_REQUEST",
      least_request_lb_config: { choice_count: 30 },
    }),
    async (wire) => {
      // Four calls are held at whoever got the first of them; the rest go elsewhere as long as loads are compared.
      const held = [wire.call({ headers: { "x-do": "slow1500" } }), wire.call({ headers: { "x-do": "slow1500" } })];
      await wire.wait(150);
      const first = wire.received().map((each) => each.split(" ")[0]);
      await Promise.all(held);
      return new Set(first).size;
    },
    {},
  ),
  served(
    "choices of least requests",
    endpoints([endpoint("@app"), endpoint("@b")], {
      lb_policy: "LEAST_REQUEST",
      least_request_lb_config: { choice_count: 40 },
    }),
    async (wire) => {
      let together = 0;
      for (let round = 0; round < 16; round++) {
        const held = [
          wire.call({ headers: { "x-do": "slow60" } }),
          wire.wait(15).then(() => wire.call({ headers: { "x-do": "slow60" } })),
        ];
        const [a, b] = (await Promise.all(held)).map((each) => chosen(each));
        if (a === b) together++;
      }
      return together === 0 ? "never the same" : "sometimes the same";
    },
    { proves: [`${CLUSTER}least_request_lb_config`, "LeastRequestLbConfig.choice_count"] },
  ),
  served(
    "weights of endpoints",
    endpoints([endpoint("@app", { load_balancing_weight: 4 }), endpoint("@b", { load_balancing_weight: 1 })]),
    (wire) => share(wire),
    {
      proves: ["LbEndpoint.load_balancing_weight"],
    },
  ),
  ...["UNHEALTHY", "DRAINING", "TIMEOUT", "DEGRADED"].map((health) =>
    served(
      `endpoint that is ${health}`,
      endpoints([endpoint("@app", { health_status: health }), endpoint("@b")]),
      // A degraded host still gets three tenths by chance: enough calls to tell them from four tenths.
      (wire) => share(wire, health === "DEGRADED" ? 480 : 24),
      {
        proves: ["LbEndpoint.health_status"],
      },
    ),
  ),
  served(
    "panic threshold",
    endpoints([endpoint("@app", { health_status: "UNHEALTHY" }), endpoint("@b", { health_status: "UNHEALTHY" })], {
      common_lb_config: { healthy_panic_threshold: { value: 0 } },
    }),
    (wire) => share(wire, 24),
    { proves: [`${CLUSTER}common_lb_config`, "CommonLbConfig.healthy_panic_threshold"] },
  ),
  served(
    "panic",
    endpoints([endpoint("@app", { health_status: "UNHEALTHY" }), endpoint("@b", { health_status: "UNHEALTHY" })]),
    (wire) => share(wire, 24),
  ),
  served(
    "panic value",
    endpoints(
      [
        endpoint("@app", { health_status: "UNHEALTHY" }),
        endpoint("@app", { health_status: "UNHEALTHY" }),
        endpoint("@b"),
      ],
      {
        common_lb_config: { healthy_panic_threshold: { value: 60 } },
      },
    ),
    (wire) => share(wire, 24),
    {},
  ),
  served(
    "panic at a value",
    endpoints([endpoint("@app", { health_status: "UNHEALTHY" }), endpoint("@b"), endpoint("@b")], {
      common_lb_config: { healthy_panic_threshold: { value: 90 } },
    }),
    (wire) => share(wire, 24),
    { proves: ["v3.Percent.value"] },
  ),
  served(
    "panic that is not needed",
    endpoints([endpoint("@app", { health_status: "UNHEALTHY" }), ...Array.from({ length: 4 }, () => endpoint("@b"))], {
      common_lb_config: { healthy_panic_threshold: { value: 90 } },
    }),
    (wire) => share(wire, 24),
  ),
  served("nobody", { name: "app", load_assignment: { cluster_name: "app" } }, (wire) => wire.call()),
  served("nobody listens", endpoints([endpoint("@gone")]), (wire) => wire.call(), { upstreams: { gone: "dead" } }),
  served("parts of endpoints", endpoints([endpoint("@app")]), (wire) => wire.call(), {
    proves: ["ClusterLoadAssignment.endpoints", "LocalityLbEndpoints.lb_endpoints"],
    needs: ["LbEndpoint.endpoint", "Endpoint.address", "ClusterLoadAssignment.cluster_name", `${CLUSTER}name`],
  }),
  served(
    "opaque parts",
    endpoints([{ endpoint: { address: at("@app") }, metadata: { filter_metadata: { other: { a: 1 } } } }], {
      metadata: { filter_metadata: { other: { a: 1 } } },
      alt_stat_name: "other",
      common_lb_config: { update_merge_window: "1s" },
      load_assignment: {
        cluster_name: "app",
        policy: { overprovisioning_factor: 200 },
        endpoints: [
          {
            lb_endpoints: [{ endpoint: { address: at("@app") }, metadata: { filter_metadata: { other: { a: 1 } } } }],
            locality: { region: "r" },
            load_balancing_weight: 3,
            metadata: { filter_metadata: { other: { a: 1 } } },
          },
        ],
      },
      ...breakers({ priority: "DEFAULT", track_remaining: true }),
    }),
    (wire) => wire.call(),
    {
      proves: [`${CLUSTER}alt_stat_name`],
      inert: [
        "CommonLbConfig.update_merge_window",
        "LocalityLbEndpoints.metadata",
        "Thresholds.track_remaining",
        "Thresholds.priority",
      ],
    },
  ),
  served(
    "by DNS",
    {
      name: "app",
      type: "STRICT_DNS",
      dns_lookup_family: "V4_ONLY",
      dns_refresh_rate: "60s",
      load_assignment: {
        cluster_name: "app",
        endpoints: [
          {
            lb_endpoints: [{ endpoint: { address: { socket_address: { address: "localhost", port_value: "@app" } } } }],
          },
        ],
      },
    },
    (wire) => wire.call(),
    { needs: [`${CLUSTER}type`], inert: [`${CLUSTER}dns_refresh_rate`].slice(1) },
  ),
  served(
    "by logical DNS",
    {
      name: "app",
      type: "LOGICAL_DNS",
      dns_lookup_family: "V4_ONLY",
      load_assignment: {
        cluster_name: "app",
        endpoints: [
          {
            lb_endpoints: [{ endpoint: { address: { socket_address: { address: "localhost", port_value: "@app" } } } }],
          },
        ],
      },
    },
    (wire) => wire.call(),
    { needs: [`${CLUSTER}type`] },
  ),
  {
    id: "cluster by logical DNS of two hosts",
    config: web({ clusters: [{ ...cluster("app", {}, ["app", "other"]), type: "LOGICAL_DNS" }] }),
    upstreams: { app: "http", other: "http" },
    run: () => Promise.resolve("taken"),
    isRefused: true,
    proves: [`${CLUSTER}type`],
  },
  served(
    "by DNS of the other family",
    {
      name: "app",
      type: "STRICT_DNS",
      dns_lookup_family: "V6_ONLY",
      load_assignment: {
        cluster_name: "app",
        endpoints: [
          {
            lb_endpoints: [{ endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: "@app" } } } }],
          },
        ],
      },
    },
    (wire) => wire.call(),
  ),
];

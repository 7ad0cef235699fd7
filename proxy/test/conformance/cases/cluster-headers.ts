// Clusters that a header of the request names. Rule: who answers is told, or with what status nobody does.

import { chosen } from "../answers";
import { cluster, httpFilter, ROUTER, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Ask } from "../wire";

const TWO: Readonly<Record<string, UpstreamKind>> = { app: "http", b: "http" };
const clusters = [cluster("app"), cluster("b")];
const to = (value: string | string[]): Ask => ({ headers: { "x-to": value } });
const answers =
  (asks: readonly (Ask | string)[]): Case["run"] =>
  async (wire) =>
    (await wire.calls(asks)).map(chosen);
const ASKS: readonly (Ask | string)[] = [to("app"), to("b"), to("B"), to("nobody"), to(""), "/"];

const named = (id: string, route: Config, asks: readonly (Ask | string)[], more: Partial<Case> = {}): Case => ({
  id: `cluster by header ${id}`,
  config: web({ routes: [{ match: { prefix: "/" }, route }], clusters }),
  upstreams: TWO,
  run: answers(asks),
  ...more,
});
const BY_HEADER = { cluster_header: "X-To" };
const ROUTE = "route.v3.RouteAction.cluster_header";
const WEIGHT = "WeightedCluster.ClusterWeight.cluster_header";
const MIRROR = "RequestMirrorPolicy.cluster_header";
const weighted = (choices: readonly Config[]): Config => ({ weighted_clusters: { clusters: choices } });
const mirrored = (policy: Config, over: Config = {}): Config => ({
  cluster: "app",
  request_mirror_policies: [policy],
  ...over,
});

export const clusterHeaderCases: readonly Case[] = [
  named("of the request", BY_HEADER, ASKS, { needs: [ROUTE] }),
  named("of the request, else not found", { ...BY_HEADER, cluster_not_found_response_code: "NOT_FOUND" }, ASKS, {
    proves: ["RouteAction.cluster_not_found_response_code"],
  }),
  named("that is the host", { cluster_header: ":authority" }, [
    { headers: { host: "b" } },
    { headers: { host: "app" } },
    { headers: { host: "b:80" } },
  ]),
  named("that is the method", { cluster_header: ":method" }, ["/"]),
  named("that comes twice", BY_HEADER, [to(["b", "app"]), to(["app", "b"])]),
  {
    id: "cluster by header as it is before filters change it",
    config: web({
      routes: [{ match: { prefix: "/" }, route: BY_HEADER }],
      clusters,
      hcm: {
        http_filters: [
          httpFilter("change", "header_mutation.v3.HeaderMutation", {
            mutations: {
              request_mutations: [
                {
                  append: { header: { key: "x-to", value: "b" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
                },
              ],
            },
          }),
          ROUTER,
        ],
      },
    }),
    upstreams: TWO,
    run: answers([to("app"), to("b"), "/"]),
  },
  named("of a weighted cluster", weighted([{ ...BY_HEADER, weight: 1 }]), ASKS, { needs: [WEIGHT] }),
  named(
    "of one of two weighted clusters",
    weighted([
      { ...BY_HEADER, weight: 1 },
      { name: "app", weight: 0 },
    ]),
    ASKS,
    { needs: [WEIGHT] },
  ),
  named("of a weighted cluster beside its name", weighted([{ ...BY_HEADER, name: "app", weight: 1 }]), ASKS, {
    isRefused: true,
    proves: [WEIGHT],
  }),
  ...(["b", "nobody", "app"] as const).map(
    (name): Case => ({
      id: `cluster by header of a mirror: ${name}`,
      config: web({ routes: [{ match: { prefix: "/" }, route: mirrored(BY_HEADER) }], clusters }),
      upstreams: TWO,
      run: async (wire) => {
        const answer = chosen(await wire.call(to(name)));
        return [answer, (await wire.reached("b", name === "b" ? 1 : 0)).length];
      },
      needs: [MIRROR],
    }),
  ),
  {
    id: "cluster by header of a mirror, as the route says it",
    config: web({
      routes: [
        {
          match: { prefix: "/" },
          route: mirrored(BY_HEADER),
          request_headers_to_add: [{ header: { key: "x-to", value: "b" } }],
        },
      ],
      clusters,
    }),
    upstreams: TWO,
    run: async (wire) => {
      const answer = chosen(await wire.call());
      await wire.wait(100);
      return [answer, wire.received().filter((each) => each.startsWith("b ")).length];
    },
  },
  {
    id: "cluster by header of a mirror beside its name",
    config: web({
      routes: [{ match: { prefix: "/" }, route: mirrored({ ...BY_HEADER, cluster: "b" }) }],
      clusters,
    }),
    upstreams: TWO,
    isRefused: true,
    run: answers(["/"]),
    proves: [MIRROR],
  },
];

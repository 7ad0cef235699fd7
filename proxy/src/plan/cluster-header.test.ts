// Clusters that a header names: the plan of routes, weighted clusters and mirrors, and who is found by them.

import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { decodeBootstrap } from "../contract/decode";
import { clusterInHeader } from "../semantics";
import { planBootstrap } from "./plan-bootstrap";
import type { ForwardAction } from "./types";
import { headerViewOf } from "./views";

function planned(route: JsonObject): ForwardAction | string[] {
  const socket = (port: number): JsonObject => ({ socket_address: { address: "127.0.0.1", port_value: port } });
  const type = "type.googleapis.com/envoy.extensions.filters";
  const manager = {
    "@type": `${type}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "main",
    http_filters: [{ name: "router", typed_config: { "@type": `${type}.http.router.v3.Router` } }],
    route_config: {
      name: "r",
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route }] }],
    },
  };
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: socket(1) } }] }];
  const decoded = decodeBootstrap(
    JSON.stringify({
      static_resources: {
        listeners: [
          { name: "main", address: socket(2), filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }] },
        ],
        clusters: [{ name: "app", load_assignment: { cluster_name: "app", endpoints } }],
      },
    }),
  );
  if (!decoded.ok) return decoded.violations.map(({ path, message }) => `${path}: ${message}`);
  const result = planBootstrap(decoded.value);
  if (!result.ok) return result.violations.map(({ path, message }) => `${path}: ${message}`);
  const [config] = result.result.routeConfigs.values();
  return config?.virtualHosts[0]?.routes[0]?.action as ForwardAction;
}

describe("a cluster that a header names", () => {
  it("is in the plan by the header's name in lower case, and read only where it is", () => {
    expect(planned({ cluster_header: "X-To" })).toMatchObject({
      readsCluster: true,
      clusters: [{ name: "", header: "x-to" }],
    });
    expect(planned({ cluster: "app" })).toMatchObject({ readsCluster: false, clusters: [{ header: null }] });
  });

  it("stands in place of the name of weighted clusters and mirrors", () => {
    const weighted: JsonObject = {
      clusters: [
        { name: "app", weight: 1 },
        { cluster_header: "x-to", weight: 2 },
      ],
    };
    expect(planned({ weighted_clusters: weighted })).toMatchObject({
      readsCluster: true,
      totalWeight: 3,
      clusters: [{ header: null }, { header: "x-to" }],
    });
    expect(planned({ cluster: "app", request_mirror_policies: [{ cluster_header: "x-to" }] })).toMatchObject({
      readsCluster: false,
      mirrors: [{ cluster: "", header: "x-to" }],
    });
  });

  it.each([
    [
      { weighted_clusters: { clusters: [{ name: "app", cluster_header: "x-to", weight: 1 }] } },
      "clusters[0].name: cannot",
    ],
    [{ weighted_clusters: { clusters: [{ weight: 1 }] } }, "clusters[0].name: must not be empty"],
    [{ cluster: "app", request_mirror_policies: [{ cluster: "app", cluster_header: "x-to" }] }, "[0].cluster: cannot"],
    [{ cluster: "app", request_mirror_policies: [{}] }, "[0].cluster: must not be empty"],
  ])("%j is refused", (route, problem) => {
    expect(planned(route)).toEqual([expect.stringContaining(problem)]);
  });

  it("is the first value, and nothing without the header", () => {
    const headers = headerViewOf([
      ["X-To", "b"],
      ["x-to", "app"],
    ]);
    const request = { method: "GET", path: "/", authority: "shop.test", scheme: "http" as const, headers };
    expect(clusterInHeader("x-to", request)).toBe("b");
    expect(clusterInHeader("x-other", request)).toBe("");
    expect(clusterInHeader(":authority", request)).toBe("shop.test");
  });
});

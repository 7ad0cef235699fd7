// Subsets as configured: what a plan says of them, and what is refused by its path.

import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { decodeBootstrap } from "../contract/decode";
import { planBootstrap } from "./plan-bootstrap";
import type { ClusterPlan } from "./types";

function planned(cluster: JsonObject, metadata: JsonObject = {}): ClusterPlan | string[] {
  const address = { socket_address: { address: "127.0.0.1", port_value: 1 } };
  const endpoints = [{ lb_endpoints: [{ endpoint: { address }, metadata: { filter_metadata: metadata } }] }];
  const app = { name: "app", load_assignment: { cluster_name: "app", endpoints }, ...cluster };
  const decoded = decodeBootstrap(JSON.stringify({ static_resources: { clusters: [app] } }));
  if (!decoded.ok) return decoded.violations.map(({ path, message }) => `${path}: ${message}`);
  const result = planBootstrap(decoded.value);
  if (!result.ok) return result.violations.map(({ path, message }) => `${path}: ${message}`);
  return result.result.clusters.get("app") as ClusterPlan;
}
const split = (over: JsonObject = {}): JsonObject => ({
  lb_subset_config: { subset_selectors: [{ keys: ["b", "a", "b"] }], ...over },
});
const at = "static_resources.clusters[0].lb_subset_config";

/** A cluster whose endpoints have each a value of their own. */
function manySubsets(count: number, over: JsonObject): string[] | number | undefined {
  const lb_endpoints = Array.from({ length: count }, (_, index) => ({
    endpoint: { address: { socket_address: { address: `10.0.${index >> 8}.${index & 255}`, port_value: 1 } } },
    metadata: { filter_metadata: { "envoy.lb": { a: index, b: "same" } } },
  }));
  const made = planned({
    ...split(),
    ...over,
    load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints }] },
  });
  return Array.isArray(made) ? made : made.endpoints.length;
}

describe("subsets in the plan", () => {
  it("are so many and no more, fewer where each has a large hash table", () => {
    expect(manySubsets(1000, {})).toBe(1000);
    expect(manySubsets(1001, {})).toEqual([
      `${at}.subset_selectors: make 1001 subsets of these endpoints, more than 1000; leave out keys that each endpoint has a value of its own for`,
    ]);
    expect(manySubsets(1001, { lb_subset_config: { subset_selectors: [{ keys: ["b"] }, { keys: ["none"] }] } })).toBe(
      1001,
    );
    const maglev = { lb_policy: "MAGLEV" };
    expect(manySubsets(255, maglev)).toBe(255);
    expect(manySubsets(256, maglev)).toEqual([
      expect.stringMatching(/more than 255; .*, or make the hash table smaller$/),
    ]);
    expect(manySubsets(1000, { lb_policy: "RING_HASH" })).toBe(1000);
  });

  it("have sorted keys, Envoy's fallback, and no weights of localities", () => {
    const weighted = { common_lb_config: { locality_weighted_lb_config: {} } };
    expect(planned({ ...split(), ...weighted })).toMatchObject({
      subsets: { selectors: [{ keys: ["a", "b"], fallback: null }], fallback: "none", defaultSubset: new Map() },
      balancing: { isLocalityWeighted: false },
    });
    expect(planned(weighted)).toMatchObject({ subsets: null, balancing: { isLocalityWeighted: true } });
  });

  it("are none without selectors", () => {
    expect(planned({ lb_subset_config: { fallback_policy: "ANY_ENDPOINT" } })).toMatchObject({ subsets: null });
  });

  it("take what endpoints say as text in one order", () => {
    expect(planned(split(), { "envoy.lb": { a: 1, b: { y: [true], x: "1" } }, other: { c: 1 } })).toMatchObject({
      endpoints: [
        {
          subset: new Map([
            ["a", "1"],
            ["b", '{"x":"1","y":[true]}'],
          ]),
        },
      ],
    });
  });

  it.each([
    [split({ list_as_any: true }), `${at}.list_as_any`],
    [split({ locality_weight_aware: true }), `${at}.locality_weight_aware`],
    [split({ panic_mode_any: true }), `${at}.panic_mode_any`],
    [split({ metadata_fallback_policy: "FALLBACK_LIST" }), `${at}.metadata_fallback_policy`],
    [split({ subset_selectors: [{ keys: ["a"], single_host_per_subset: true }] }), "single_host_per_subset"],
    [split({ subset_selectors: [{ keys: ["a"], fallback_policy: "KEYS_SUBSET" }] }), "fallback_policy"],
    [split({ subset_selectors: [{ keys: [] }] }), `${at}.subset_selectors[0].keys: must not be empty`],
  ])("refuse %j", (config, problem) => {
    expect(planned(config)).toEqual([expect.stringContaining(problem)]);
  });
});

// What a cluster says of load balancing, as a policy or by its fields, and what is refused by its path and by its name.

import type { JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { defaultBalancing } from "../../test/support/plans";
import { decodeBootstrap } from "../contract/decode";
import { planBootstrap } from "./plan-bootstrap";
import type { BalancingPlan } from "./types";

const policy = (type: string, value: JsonObject = {}): JsonObject => ({
  load_balancing_policy: {
    policies: [
      {
        typed_extension_config: {
          name: "policy",
          typed_config: { "@type": `type.googleapis.com/envoy.extensions.load_balancing_policies.${type}`, ...value },
        },
      },
    ],
  },
});

function planned(cluster: JsonObject): BalancingPlan | string[] {
  const address = { socket_address: { address: "127.0.0.1", port_value: 1 } };
  const endpoints = [{ lb_endpoints: [{ endpoint: { address } }] }];
  const app = { name: "app", load_assignment: { cluster_name: "app", endpoints }, ...cluster };
  const decoded = decodeBootstrap(JSON.stringify({ static_resources: { clusters: [app] } }));
  if (!decoded.ok) return decoded.violations.map(({ path, message }) => `${path}: ${message}`);
  const result = planBootstrap(decoded.value);
  if (!result.ok) return result.violations.map(({ path, message }) => `${path}: ${message}`);
  return (result.result.clusters.get("app") as { balancing: BalancingPlan }).balancing;
}

test("a policy stands in place of lb_policy and its parts", () => {
  expect(planned({})).toEqual(defaultBalancing);
  expect(planned({ lb_policy: "RANDOM", ...policy("round_robin.v3.RoundRobin") })).toEqual(defaultBalancing);
  expect(planned({ least_request_lb_config: { choice_count: 9 }, ...policy("random.v3.Random") })).toEqual({
    ...defaultBalancing,
    lbPolicy: "random",
  });
  expect(planned(policy("least_request.v3.LeastRequest", { selection_method: "FULL_SCAN" }))).toEqual({
    ...defaultBalancing,
    lbPolicy: "least-request",
    leastRequestChoices: null,
  });
});

test("slow start and localities are the same wherever they are said", () => {
  const slow = { slow_start_config: { slow_start_window: "30s", min_weight_percent: { value: 20 } } };
  const slowStart = { windowMs: 30_000, aggression: 1, minShare: 0.2 };
  expect(planned({ round_robin_lb_config: slow })).toEqual({ ...defaultBalancing, slowStart });
  expect(planned(policy("round_robin.v3.RoundRobin", slow))).toEqual({ ...defaultBalancing, slowStart });
  expect(planned({ lb_policy: "RANDOM", round_robin_lb_config: slow })).toMatchObject({ slowStart: null });
  const zones = { zone_aware_lb_config: { min_cluster_size: 3, force_local_zone: {} } };
  expect(planned(policy("random.v3.Random", { locality_lb_config: zones }))).toMatchObject({
    zoneAware: { minClusterSize: 3, keepsFrom: 1 },
  });
  expect(planned({ common_lb_config: { locality_weighted_lb_config: {} } })).toEqual({
    ...defaultBalancing,
    isLocalityWeighted: true,
  });
});

test("a policy that is not known is refused by its name", () => {
  for (const type of ["subset.v3.Subset", "wrr_locality.v3.WrrLocality", "round_robin.v2.RoundRobin"]) {
    const [problem = "", ...others] = planned(policy(type)) as string[];
    expect(others).toEqual([]);
    expect(problem).toContain("clusters[0].load_balancing_policy.policies[0].typed_extension_config.typed_config");
    expect(problem).toContain(type);
  }
});

test("what Envoy does not take is refused by its path", () => {
  const at = "static_resources.clusters[0]";
  expect(planned({ lb_policy: "LOAD_BALANCING_POLICY_CONFIG" })).toEqual([
    `${at}.lb_policy: needs load_balancing_policy`,
  ]);
  expect(planned({ load_balancing_policy: {} })).toEqual([
    `${at}.load_balancing_policy.policies: needs a policy with a typed_config`,
  ]);
  expect(planned({ ...policy("round_robin.v3.RoundRobin"), common_lb_config: { zone_aware_lb_config: {} } })).toEqual([
    `${at}.common_lb_config: says something of localities beside load_balancing_policy; say it in the policy`,
  ]);
});

test("a table of hashes is the same wherever it is said", () => {
  const ring = { kind: "ring", minimumSize: 100, maximumSize: 200, isMurmur: true, usesHostname: false } as const;
  const sizes = { minimum_ring_size: 100, maximum_ring_size: 200, hash_function: "MURMUR_HASH_2" };
  const hashed: BalancingPlan = { ...defaultBalancing, lbPolicy: "consistent-hash", hashTable: ring };
  expect(planned({ lb_policy: "RING_HASH", ring_hash_lb_config: sizes })).toEqual(hashed);
  expect(planned(policy("ring_hash.v3.RingHash", sizes))).toEqual(hashed);
  const maglev = { kind: "maglev", tableSize: 65_537, usesHostname: false } as const;
  expect(planned({ lb_policy: "MAGLEV" })).toEqual({ ...hashed, hashTable: maglev });
  expect(planned(policy("maglev.v3.Maglev", { table_size: 11 }))).toMatchObject({ hashTable: { tableSize: 11 } });
});

test("a table that cannot be is refused by its field", () => {
  expect(planned({ lb_policy: "MAGLEV", maglev_lb_config: { table_size: 9 } })).toEqual([
    "static_resources.clusters[0].maglev_lb_config.table_size: is 9; give a prime number, such as 65537",
  ]);
  expect(planned({ lb_policy: "RING_HASH", ring_hash_lb_config: { maximum_ring_size: 5 } })).toEqual([
    "static_resources.clusters[0].ring_hash_lb_config.minimum_ring_size: is 1024, more than the maximum_ring_size 5; lower it",
  ]);
  const hash = { common_lb_config: { consistent_hashing_lb_config: { use_hostname_for_hashing: true } } };
  expect(planned({ lb_policy: "MAGLEV", ...hash })).toEqual([
    expect.stringContaining("use_hostname_for_hashing: is for"),
  ]);
  const bounded = { common_lb_config: { consistent_hashing_lb_config: { hash_balance_factor: 120 } } };
  expect(planned({ lb_policy: "MAGLEV", ...bounded })).toEqual([expect.stringContaining("hash_balance_factor")]);
});

test("peak EWMA has Envoy's defaults, and times that are more than nothing", () => {
  const peak = (value: JsonObject = {}) => planned(policy("peak_ewma.v3alpha.PeakEwma", value));
  expect(peak()).toEqual({
    ...defaultBalancing,
    lbPolicy: "peak-ewma",
    peakEwma: { decayMs: 10_000, defaultRttMs: 10, penalty: 1_000_000 },
  });
  expect(peak({ decay_time: "2s", default_rtt: "0.030s", penalty_value: 50, max_samples_per_host: 5 })).toMatchObject({
    peakEwma: { decayMs: 2_000, defaultRttMs: 30, penalty: 50 },
  });
  expect(peak({ decay_time: "0s", default_rtt: "0s" })).toEqual([
    expect.stringMatching(/typed_config\.decay_time: must be more than 0s$/),
    expect.stringMatching(/typed_config\.default_rtt: must be more than 0s$/),
  ]);
});

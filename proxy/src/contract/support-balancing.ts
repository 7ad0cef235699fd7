// The part of the support table about load balancing: policies as extensions of the cluster, and as its fields. Rule: as in support.ts.

import { fields, inert, type MessageSupport, NO_RUNTIME, only, yes } from "./support-words";

const POLICIES = "envoy.extensions.load_balancing_policies";
const PEAK_EWMA = `${POLICIES}.peak_ewma.v3alpha.PeakEwma`;
const COMMON = `${POLICIES}.common.v3`;
const CLUSTER = "envoy.config.cluster.v3.Cluster";
const SLOW_START = fields("slow_start_window aggression min_weight_percent");
const ZONE_AWARE = fields("routing_enabled min_cluster_size fail_traffic_on_panic");
const RING: MessageSupport = {
  minimum_ring_size: {
    note: "up to 65,537 entries are made at once (1,024 in 6 ms, 65,536 in 60 ms), larger ones 2 ms at a time while the one before answers (8,388,608 in 13 s)",
  },
  ...fields("maximum_ring_size hash_function"),
};
const CHOICES = { note: "where the weights of hosts are all the same" };

/** Beside what Cluster takes otherwise. */
export const CLUSTER_BALANCING: MessageSupport = {
  lb_policy: only("ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "RING_HASH", "MAGLEV", "LOAD_BALANCING_POLICY_CONFIG"),
  load_balancing_policy: { note: "then lb_policy and its parts are without effect, as in Envoy" },
  ...fields(
    "least_request_lb_config round_robin_lb_config ring_hash_lb_config maglev_lb_config common_lb_config lb_subset_config",
  ),
};

export const BALANCING_TYPES = [
  `${POLICIES}.round_robin.v3.RoundRobin`,
  `${POLICIES}.least_request.v3.LeastRequest`,
  `${POLICIES}.random.v3.Random`,
  `${POLICIES}.ring_hash.v3.RingHash`,
  `${POLICIES}.maglev.v3.Maglev`,
  PEAK_EWMA,
];

export const BALANCING_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [`${CLUSTER}.LeastRequestLbConfig`]: { ...fields("choice_count slow_start_config") },
  [`${CLUSTER}.RoundRobinLbConfig`]: fields("slow_start_config"),
  [`${CLUSTER}.RingHashLbConfig`]: RING,
  [`${CLUSTER}.MaglevLbConfig`]: fields("table_size"),
  [`${CLUSTER}.SlowStartConfig`]: SLOW_START,
  [`${CLUSTER}.CommonLbConfig`]: {
    ...fields(
      "healthy_panic_threshold ignore_new_hosts_until_first_hc zone_aware_lb_config locality_weighted_lb_config",
    ),
    consistent_hashing_lb_config: yes,
    update_merge_window: inert("updates are applied at once"),
  },
  [`${CLUSTER}.CommonLbConfig.ConsistentHashingLbConfig`]: fields("use_hostname_for_hashing"),
  [`${CLUSTER}.CommonLbConfig.ZoneAwareLbConfig`]: ZONE_AWARE,
  [`${CLUSTER}.CommonLbConfig.LocalityWeightedLbConfig`]: {},
  [`${CLUSTER}.LbSubsetConfig`]: fields("fallback_policy default_subset subset_selectors"),
  [`${CLUSTER}.LbSubsetConfig.LbSubsetSelector`]: {
    ...fields("keys"),
    fallback_policy: only("NOT_DEFINED", "NO_FALLBACK", "ANY_ENDPOINT", "DEFAULT_SUBSET"),
  },
  "envoy.config.cluster.v3.LoadBalancingPolicy": {
    policies: { note: "the first counts, as each that is taken is known" },
  },
  "envoy.config.cluster.v3.LoadBalancingPolicy.Policy": fields("typed_extension_config"),
  [`${POLICIES}.round_robin.v3.RoundRobin`]: fields("slow_start_config locality_lb_config"),
  [`${POLICIES}.least_request.v3.LeastRequest`]: {
    ...fields("slow_start_config locality_lb_config"),
    choice_count: CHOICES,
    selection_method: CHOICES,
  },
  [`${POLICIES}.random.v3.Random`]: fields("locality_lb_config"),
  [`${POLICIES}.ring_hash.v3.RingHash`]: {
    ...RING,
    ...fields("consistent_hashing_lb_config locality_weighted_lb_config"),
  },
  [`${POLICIES}.maglev.v3.Maglev`]: fields("table_size consistent_hashing_lb_config locality_weighted_lb_config"),
  [PEAK_EWMA]: {
    decay_time: { note: "10 s where nothing is said; measured by the proxy, no HTTP filter is needed" },
    default_rtt: { note: "of a host that has not answered yet; 10 ms where nothing is said" },
    penalty_value: { note: "what a host costs that has not answered yet and is asked already, in milliseconds" },
    aggregation_interval: inert("each answer counts at once"),
    max_samples_per_host: inert("each answer counts at once"),
  },
  [`${COMMON}.ConsistentHashingLbConfig`]: fields("use_hostname_for_hashing"),
  [`${COMMON}.LocalityLbConfig`]: fields("zone_aware_lb_config locality_weighted_lb_config"),
  [`${COMMON}.LocalityLbConfig.ZoneAwareLbConfig`]: { ...ZONE_AWARE, ...fields("force_local_zone") },
  [`${COMMON}.LocalityLbConfig.ZoneAwareLbConfig.ForceLocalZone`]: fields("min_size"),
  [`${COMMON}.LocalityLbConfig.LocalityWeightedLbConfig`]: {},
  [`${COMMON}.SlowStartConfig`]: SLOW_START,
  "envoy.config.core.v3.RuntimeDouble": { ...fields("default_value"), runtime_key: NO_RUNTIME },
};

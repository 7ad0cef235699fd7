// Envoy load_balancing_policy, or the fields of a cluster that stood for it -> BalancingPlan. Rule: defaults are Envoy's; the policy wins
// whole, and what Envoy does not take beside it is refused here as well.

import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  type Cluster,
  Cluster_DiscoveryType,
  type Cluster_SlowStartConfig,
  Cluster_RingHashLbConfig_HashFunction as ClusterHashFunction,
  Cluster_LbPolicy as Lb,
  LeastRequest_SelectionMethod,
  LeastRequestSchema,
  type LocalityLbConfig,
  type LocalityLbConfig_ZoneAwareLbConfig,
  MaglevSchema,
  type PeakEwma,
  PeakEwmaSchema,
  RandomSchema,
  RingHash_HashFunction,
  RingHashSchema,
  RoundRobinSchema,
  type SlowStartConfig,
} from "../contract/messages";
import { maglev, ring } from "./hash-table";
import type { Scope } from "./scope";
import type { BalancingPlan, HashTablePlan, PeakEwmaPlan, SlowStartPlan, ZoneAwarePlan } from "./types";
import { milliseconds } from "./values";

const POLICIES: Readonly<Partial<Record<Lb, BalancingPlan["lbPolicy"]>>> = {
  [Lb.ROUND_ROBIN]: "round-robin",
  [Lb.LEAST_REQUEST]: "least-request",
  [Lb.RANDOM]: "random",
  [Lb.RING_HASH]: "consistent-hash",
  [Lb.MAGLEV]: "consistent-hash",
};
const DEFAULT_CHOICES = 2;
const DEFAULT_MIN_PERCENT = 10;
/** Of Envoy's contrib policy, which says them in its proto. */
const DEFAULT_DECAY_MS = 10_000;
const DEFAULT_RTT_MS = 10;
const DEFAULT_PENALTY = 1_000_000;

export function balancingPlan(cluster: Cluster, scope: Scope): BalancingPlan {
  const { loadBalancingPolicy: policy, clusterDiscoveryType: type } = cluster;
  const isResolved = type.case === "type" && type.value === Cluster_DiscoveryType.STRICT_DNS;
  if (cluster.commonLbConfig?.consistentHashingLbConfig?.useHostnameForHashing && !isResolved)
    scope
      .field("common_lb_config")
      .field("consistent_hashing_lb_config")
      .field("use_hostname_for_hashing")
      .fail("is for clusters of type STRICT_DNS; say it in a load_balancing_policy, or give hosts a hash_key");
  if (policy === undefined) return fieldsOf(cluster, scope);
  const at = scope.field("load_balancing_policy");
  const common = cluster.commonLbConfig?.localityConfigSpecifier.case;
  if (common !== undefined)
    scope
      .field("common_lb_config")
      .fail("says something of localities beside load_balancing_policy; say it in the policy");
  const [first] = policy.policies;
  const config = first?.typedExtensionConfig?.typedConfig;
  if (config === undefined) {
    at.field("policies").fail("needs a policy with a typed_config");
    return fieldsOf(cluster, scope);
  }
  return policyOf(config, at.item("policies", 0).field("typed_extension_config").field("typed_config"));
}

function hashed(hashTable: HashTablePlan, isLocalityWeighted: boolean): BalancingPlan {
  const plain = { leastRequestChoices: DEFAULT_CHOICES, slowStart: null, zoneAware: zoneAware(undefined) };
  return { lbPolicy: "consistent-hash", ...plain, isLocalityWeighted, hashTable, peakEwma: null };
}

function policyOf(config: Any, scope: Scope): BalancingPlan {
  const ringHash = anyUnpack(config, RingHashSchema);
  if (ringHash) {
    const isMurmur = ringHash.hashFunction === RingHash_HashFunction.MURMUR_HASH_2;
    const usesHostname = ringHash.consistentHashingLbConfig?.useHostnameForHashing ?? false;
    return hashed(ring(ringHash, isMurmur, usesHostname, scope), ringHash.localityWeightedLbConfig !== undefined);
  }
  const table = anyUnpack(config, MaglevSchema);
  if (table) {
    const usesHostname = table.consistentHashingLbConfig?.useHostnameForHashing ?? false;
    return hashed(maglev(table, usesHostname, scope), table.localityWeightedLbConfig !== undefined);
  }
  const least = anyUnpack(config, LeastRequestSchema);
  if (least) {
    const isFullScan = least.selectionMethod === LeastRequest_SelectionMethod.FULL_SCAN;
    return {
      lbPolicy: "least-request",
      leastRequestChoices: isFullScan ? null : (least.choiceCount ?? DEFAULT_CHOICES),
      slowStart: slowStart(least.slowStartConfig),
      hashTable: null,
      peakEwma: null,
      ...localities(least.localityLbConfig),
    };
  }
  const peak = anyUnpack(config, PeakEwmaSchema);
  if (peak) {
    const plain = { leastRequestChoices: DEFAULT_CHOICES, slowStart: null, hashTable: null };
    return { lbPolicy: "peak-ewma", ...plain, peakEwma: peakEwma(peak, scope), ...localities(undefined) };
  }
  const round = anyUnpack(config, RoundRobinSchema);
  const random = anyUnpack(config, RandomSchema);
  if (!round && !random) scope.fail("is no load balancing policy; name one");
  return {
    lbPolicy: random ? "random" : "round-robin",
    leastRequestChoices: DEFAULT_CHOICES,
    slowStart: slowStart(round?.slowStartConfig),
    hashTable: null,
    peakEwma: null,
    ...localities((round ?? random)?.localityLbConfig),
  };
}

function peakEwma({ decayTime, defaultRtt, penaltyValue }: PeakEwma, scope: Scope): PeakEwmaPlan {
  const decayMs = decayTime ? milliseconds(decayTime) : DEFAULT_DECAY_MS;
  const defaultRttMs = defaultRtt ? milliseconds(defaultRtt) : DEFAULT_RTT_MS;
  if (decayMs <= 0) scope.field("decay_time").fail("must be more than 0s");
  if (defaultRttMs <= 0) scope.field("default_rtt").fail("must be more than 0s");
  return { decayMs, defaultRttMs, penalty: penaltyValue ?? DEFAULT_PENALTY };
}

function localities(config: LocalityLbConfig | undefined): Pick<BalancingPlan, "zoneAware" | "isLocalityWeighted"> {
  const { localityConfigSpecifier: said } = config ?? {};
  return {
    zoneAware: zoneAware(said?.case === "zoneAwareLbConfig" ? said.value : undefined),
    isLocalityWeighted: said?.case === "localityWeightedLbConfig",
  };
}

function fieldsOf(cluster: Cluster, scope: Scope): BalancingPlan {
  const { lbPolicy, lbConfig, commonLbConfig, loadBalancingPolicy } = cluster;
  if (lbPolicy === Lb.LOAD_BALANCING_POLICY_CONFIG && loadBalancingPolicy === undefined)
    scope.field("lb_policy").fail("needs load_balancing_policy");
  const { localityConfigSpecifier: said } = commonLbConfig ?? {};
  const hashTable = tableOf(cluster, scope);
  if (hashTable !== null) return hashed(hashTable, said?.case === "localityWeightedLbConfig");
  const own = lbConfig.case === "leastRequestLbConfig" || lbConfig.case === "roundRobinLbConfig" ? lbConfig : undefined;
  const isOwn = own?.case === (lbPolicy === Lb.LEAST_REQUEST ? "leastRequestLbConfig" : "roundRobinLbConfig");
  return {
    lbPolicy: POLICIES[lbPolicy] ?? "round-robin",
    leastRequestChoices:
      (lbConfig.case === "leastRequestLbConfig" ? lbConfig.value.choiceCount : undefined) ?? DEFAULT_CHOICES,
    slowStart: isOwn && lbPolicy !== Lb.RANDOM ? slowStart(own?.value.slowStartConfig) : null,
    zoneAware: zoneAware(said?.case === "zoneAwareLbConfig" ? said.value : undefined),
    isLocalityWeighted: said?.case === "localityWeightedLbConfig",
    hashTable: null,
    peakEwma: null,
  };
}

function tableOf({ lbPolicy, lbConfig, commonLbConfig }: Cluster, scope: Scope): HashTablePlan | null {
  const usesHostname = commonLbConfig?.consistentHashingLbConfig?.useHostnameForHashing ?? false;
  if (lbPolicy === Lb.RING_HASH) {
    const said = lbConfig.case === "ringHashLbConfig" ? lbConfig.value : undefined;
    const isMurmur = said?.hashFunction === ClusterHashFunction.MURMUR_HASH_2;
    return ring(said, isMurmur, usesHostname, scope.field("ring_hash_lb_config"));
  }
  if (lbPolicy !== Lb.MAGLEV) return null;
  const said = lbConfig.case === "maglevLbConfig" ? lbConfig.value : undefined;
  return maglev(said, usesHostname, scope.field("maglev_lb_config"));
}

type ZoneAwareConfig = Pick<
  LocalityLbConfig_ZoneAwareLbConfig,
  "routingEnabled" | "minClusterSize" | "failTrafficOnPanic"
> &
  Partial<Pick<LocalityLbConfig_ZoneAwareLbConfig, "forceLocalZone">>;

function zoneAware(config: ZoneAwareConfig | undefined): ZoneAwarePlan {
  const forced = config?.forceLocalZone;
  return {
    routingEnabledPercent: Math.round(config?.routingEnabled?.value ?? 100),
    minClusterSize: Number(config?.minClusterSize ?? 6n),
    failsOnPanic: config?.failTrafficOnPanic ?? false,
    keepsFrom: forced === undefined ? null : (forced.minSize ?? 1),
  };
}

function slowStart(config: SlowStartConfig | Cluster_SlowStartConfig | undefined): SlowStartPlan | null {
  const windowMs = config?.slowStartWindow ? milliseconds(config.slowStartWindow) : 0;
  if (config === undefined || windowMs <= 0) return null;
  const aggression = config.aggression?.defaultValue ?? 1;
  return {
    windowMs,
    aggression: aggression > 0 ? aggression : 1,
    minShare: (config.minWeightPercent?.value ?? DEFAULT_MIN_PERCENT) / 100,
  };
}

// Envoy load_balancing_policy, or the fields of a cluster that stood for it -> BalancingPlan. Rule: defaults are Envoy's; the policy wins
// whole, and what Envoy does not take beside it is refused here as well.

import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  type Cluster,
  type Cluster_SlowStartConfig,
  Cluster_LbPolicy as Lb,
  LeastRequest_SelectionMethod,
  LeastRequestSchema,
  type LocalityLbConfig,
  type LocalityLbConfig_ZoneAwareLbConfig,
  RandomSchema,
  RoundRobinSchema,
  type SlowStartConfig,
} from "../contract/messages";
import type { Scope } from "./scope";
import type { BalancingPlan, SlowStartPlan, ZoneAwarePlan } from "./types";
import { milliseconds } from "./values";

const POLICIES: Readonly<Partial<Record<Lb, BalancingPlan["lbPolicy"]>>> = {
  [Lb.ROUND_ROBIN]: "round-robin",
  [Lb.LEAST_REQUEST]: "least-request",
  [Lb.RANDOM]: "random",
};
const DEFAULT_CHOICES = 2;
const DEFAULT_MIN_PERCENT = 10;

export function balancingPlan(cluster: Cluster, scope: Scope): BalancingPlan {
  const { loadBalancingPolicy: policy } = cluster;
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
  return policyOf(config);
}

/** Another type was refused by the support table. */
function policyOf(config: Any): BalancingPlan {
  const least = anyUnpack(config, LeastRequestSchema);
  if (least) {
    const isFullScan = least.selectionMethod === LeastRequest_SelectionMethod.FULL_SCAN;
    return {
      lbPolicy: "least-request",
      leastRequestChoices: isFullScan ? null : (least.choiceCount ?? DEFAULT_CHOICES),
      slowStart: slowStart(least.slowStartConfig),
      ...localities(least.localityLbConfig),
    };
  }
  const round = anyUnpack(config, RoundRobinSchema);
  const random = anyUnpack(config, RandomSchema);
  return {
    lbPolicy: random ? "random" : "round-robin",
    leastRequestChoices: DEFAULT_CHOICES,
    slowStart: slowStart(round?.slowStartConfig),
    ...localities((round ?? random)?.localityLbConfig),
  };
}

function localities(config: LocalityLbConfig | undefined): Pick<BalancingPlan, "zoneAware" | "isLocalityWeighted"> {
  const { localityConfigSpecifier: said } = config ?? {};
  return {
    zoneAware: zoneAware(said?.case === "zoneAwareLbConfig" ? said.value : undefined),
    isLocalityWeighted: said?.case === "localityWeightedLbConfig",
  };
}

function fieldsOf({ lbPolicy, lbConfig, commonLbConfig, loadBalancingPolicy }: Cluster, scope: Scope): BalancingPlan {
  if (lbPolicy === Lb.LOAD_BALANCING_POLICY_CONFIG && loadBalancingPolicy === undefined)
    scope.field("lb_policy").fail("needs load_balancing_policy");
  const { localityConfigSpecifier: said } = commonLbConfig ?? {};
  const own = lbConfig.case === "leastRequestLbConfig" || lbConfig.case === "roundRobinLbConfig" ? lbConfig : undefined;
  const isOwn = own?.case === (lbPolicy === Lb.LEAST_REQUEST ? "leastRequestLbConfig" : "roundRobinLbConfig");
  return {
    lbPolicy: POLICIES[lbPolicy] ?? "round-robin",
    leastRequestChoices:
      (lbConfig.case === "leastRequestLbConfig" ? lbConfig.value.choiceCount : undefined) ?? DEFAULT_CHOICES,
    slowStart: isOwn && lbPolicy !== Lb.RANDOM ? slowStart(own?.value.slowStartConfig) : null,
    zoneAware: zoneAware(said?.case === "zoneAwareLbConfig" ? said.value : undefined),
    isLocalityWeighted: said?.case === "localityWeightedLbConfig",
  };
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

// TrafficPolicy and Subset -> DestinationRule, one per service.

import {
  type ConnectionPool,
  type MeshObject,
  type OutlierDetection,
  objectKey,
  type Service,
  type TrafficPolicy,
} from "@/lib/mesh";
import { type ExportContext, metadataOf, originOfKind } from "../shared/export-context";
import { defined, msToDuration } from "../shared/fields";
import { loseHealthCheck } from "../shared/health-check";
import { hostOf } from "./export-route";
import { exportLoadBalancer } from "./load-balancer";
import { settingOf } from "./locality";

export function exportDestinationRule(context: ExportContext, service: Service): void {
  const key = objectKey(service);
  const policies = context.index.trafficPoliciesOf(key);
  const own = policies.find((policy) => policy.spec.subset === undefined);
  const subsets = context.index.subsetsOf(key);
  if (!own && subsets.length === 0) return;
  const parts: MeshObject[] = [...(own ? [own] : []), ...subsets, ...policies];
  // what was kept of the source is on its first object
  const carrier =
    parts.find((part) => originOfKind(part, "DestinationRule")?.kept) ??
    parts.find((part) => originOfKind(part, "DestinationRule"));
  const origin = originOfKind(carrier, "DestinationRule");
  const namespace = origin?.namespace ?? service.metadata.namespace;
  const trafficPolicy = own ? policyOf(context, own, undefined) : undefined;
  const spec = {
    host: hostOf(service.metadata.namespace, service.metadata.name, namespace),
    ...(trafficPolicy && Object.keys(trafficPolicy).length > 0 ? { trafficPolicy } : {}),
    ...(subsets.length === 0
      ? {}
      : {
          subsets: subsets.map((subset) => {
            const policy = policies.find((each) => each.spec.subset === subset.spec.name);
            const ofSubset = policy && policyOf(context, policy, own);
            return {
              name: subset.spec.name,
              labels: subset.spec.labels,
              // Istio refuses an empty one
              ...(ofSubset && Object.keys(ofSubset).length > 0 ? { trafficPolicy: ofSubset } : {}),
            };
          }),
        }),
  };
  const metadata = metadataOf(own ?? service, origin?.name ?? service.metadata.name, namespace);
  context.add({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule", metadata, spec }, carrier);
}

/** `service`: the policy of the service, of a subset's. */
function policyOf(
  context: ExportContext,
  policy: TrafficPolicy,
  service: TrafficPolicy | undefined,
): Record<string, unknown> {
  const { connectionPool, outlierDetection, retryBudget } = policy.spec;
  const loadBalancer = balancerOf(context, policy, service);
  loseHealthCheck(context, policy, "Istio", "readiness probes and outlierDetection take hosts out");
  if (outlierDetection?.alwaysEjectOneHost !== undefined) {
    const reason = "Istio cannot tell Envoy to allow the first ejection; set maxEjectionPercent instead";
    context.lose(policy, ["spec", "outlierDetection", "alwaysEjectOneHost"], "lost", reason);
  }
  if (connectionPool?.maxConnectAttempts !== undefined) {
    const reason = "a connection of TCP is tried once in Istio, and it has no field for more";
    context.lose(policy, ["spec", "connectionPool", "maxConnectAttempts"], "lost", reason);
  }
  for (const field of ["successRate", "failurePercentage"] as const) {
    if (outlierDetection?.[field] === undefined) continue;
    const reason = "Istio turns this detector off; count errors in a row instead";
    context.lose(policy, ["spec", "outlierDetection", field], "lost", reason);
  }
  return {
    ...(loadBalancer ? { loadBalancer } : {}),
    ...(connectionPool ? { connectionPool: poolOf(connectionPool) } : {}),
    ...(outlierDetection ? { outlierDetection: detectionOf(outlierDetection) } : {}),
    ...(retryBudget
      ? {
          retryBudget: {
            percent: retryBudget.percent,
            ...(retryBudget.minConcurrency === undefined ? {} : { minRetryConcurrency: retryBudget.minConcurrency }),
          },
        }
      : {}),
  };
}

/** One block in Istio: a subset that says something of it says all of it. */
function balancerOf(
  context: ExportContext,
  policy: TrafficPolicy,
  service: TrafficPolicy | undefined,
): Record<string, unknown> | undefined {
  const isOfService = service?.spec.outlierDetection !== undefined;
  const hasDetection = isOfService || policy.spec.outlierDetection !== undefined;
  const locality = policy.spec.locality ?? service?.spec.locality;
  const localityLbSetting = settingOf(context, policy, locality, hasDetection);
  const isOwn = policy.spec.loadBalancing !== undefined || policy.spec.locality !== undefined;
  const isSwitchedOff = locality === undefined && localityLbSetting !== undefined && !isOfService;
  if (!isOwn && !isSwitchedOff) return undefined;
  const choice = exportLoadBalancer(context, policy.spec.loadBalancing || !service ? policy : service);
  if (!choice && !localityLbSetting) return undefined;
  return { ...choice, ...(localityLbSetting ? { localityLbSetting } : {}) };
}

const UPGRADES = { upgrade: "UPGRADE", "do-not-upgrade": "DO_NOT_UPGRADE" } as const;

function poolOf(pool: ConnectionPool): Record<string, unknown> {
  const tcp = defined({
    maxConnections: pool.maxConnections,
    connectTimeout: pool.connectTimeoutMs === undefined ? undefined : msToDuration(pool.connectTimeoutMs),
    idleTimeout: pool.tcpIdleTimeoutMs === undefined ? undefined : msToDuration(pool.tcpIdleTimeoutMs),
    tcpKeepalive: pool.tcpKeepalive && { time: msToDuration(pool.tcpKeepalive.timeMs) },
    maxConnectionDuration:
      pool.maxConnectionDurationMs === undefined ? undefined : msToDuration(pool.maxConnectionDurationMs),
  });
  const http = defined({
    http1MaxPendingRequests: pool.maxPendingRequests,
    http2MaxRequests: pool.maxRequests,
    maxRequestsPerConnection: pool.maxRequestsPerConnection,
    maxRetries: pool.maxRetries,
    idleTimeout: pool.idleTimeoutMs === undefined ? undefined : msToDuration(pool.idleTimeoutMs),
    maxConcurrentStreams: pool.maxConcurrentStreams,
    h2UpgradePolicy: pool.h2UpgradePolicy && UPGRADES[pool.h2UpgradePolicy],
  });
  return { ...(Object.keys(tcp).length > 0 ? { tcp } : {}), ...(Object.keys(http).length > 0 ? { http } : {}) };
}

function detectionOf(detection: OutlierDetection): Record<string, unknown> {
  return defined({
    consecutiveErrors: detection.legacyConsecutiveErrors,
    consecutive5xxErrors: detection.consecutive5xxErrors,
    consecutiveGatewayErrors: detection.consecutiveGatewayErrors,
    outlierDetectionHttpErrorCodes: detection.errorStatuses,
    splitExternalLocalOriginErrors: detection.splitExternalLocalOriginErrors,
    consecutiveLocalOriginFailures: detection.consecutiveLocalOriginFailures,
    interval: detection.intervalMs === undefined ? undefined : msToDuration(detection.intervalMs),
    baseEjectionTime:
      detection.baseEjectionTimeMs === undefined ? undefined : msToDuration(detection.baseEjectionTimeMs),
    maxEjectionPercent: detection.maxEjectionPercent,
    minHealthPercent: detection.minHealthPercent,
  });
}

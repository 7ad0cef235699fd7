// Envoy OutlierDetection -> OutlierDetectionPlan. One rule: every default is Envoy's.

import type { OutlierDetection } from "../contract/messages";
import type { Scope } from "./scope";
import type { OutlierDetectionPlan } from "./types";
import { timeout } from "./values";

export function outlierDetection(
  detection: OutlierDetection,
  errorStatuses: OutlierDetectionPlan["errorStatuses"],
  scope: Scope,
): OutlierDetectionPlan {
  const baseEjectionTimeMs = timeout(detection.baseEjectionTime, 30_000) ?? 30_000;
  const maxEjectionTimeMs = timeout(detection.maxEjectionTime, Math.max(300_000, baseEjectionTimeMs)) ?? 300_000;
  if (maxEjectionTimeMs < baseEjectionTimeMs)
    scope.field("max_ejection_time").fail("must not be shorter than base_ejection_time (30s where it is not set)");
  return {
    errorStatuses,
    intervalMs: timeout(detection.interval, 10_000) ?? 10_000,
    baseEjectionTimeMs,
    maxEjectionTimeMs,
    maxEjectionTimeJitterMs: timeout(detection.maxEjectionTimeJitter, 0) ?? 0,
    maxEjectionPercent: detection.maxEjectionPercent ?? 10,
    alwaysEjectOneHost: detection.alwaysEjectOneHost ?? false,
    splitExternalLocalOriginErrors: detection.splitExternalLocalOriginErrors,
    returnsWhenCheckPasses: detection.successfulActiveHealthCheckUnejectHost ?? true,
    consecutive5xx: { count: detection.consecutive5xx ?? 5, enforcing: detection.enforcingConsecutive5xx ?? 100 },
    consecutiveGatewayFailure: {
      count: detection.consecutiveGatewayFailure ?? 5,
      enforcing: detection.enforcingConsecutiveGatewayFailure ?? 0,
    },
    consecutiveLocalOriginFailure: {
      count: detection.consecutiveLocalOriginFailure ?? 5,
      enforcing: detection.enforcingConsecutiveLocalOriginFailure ?? 100,
    },
    successRate: {
      minimumHosts: detection.successRateMinimumHosts ?? 5,
      requestVolume: detection.successRateRequestVolume ?? 100,
      stdevFactor: detection.successRateStdevFactor ?? 1900,
      enforcing: detection.enforcingSuccessRate ?? 100,
      enforcingLocalOrigin: detection.enforcingLocalOriginSuccessRate ?? 100,
    },
    failurePercentage: {
      threshold: detection.failurePercentageThreshold ?? 85,
      minimumHosts: detection.failurePercentageMinimumHosts ?? 5,
      requestVolume: detection.failurePercentageRequestVolume ?? 50,
      enforcing: detection.enforcingFailurePercentage ?? 0,
      enforcingLocalOrigin: detection.enforcingFailurePercentageLocalOrigin ?? 0,
    },
  };
}

// Outlier arithmetic of Envoy (upstream/outlier_detection_impl.cc). Pure: counters and timers are the caller's.

import type { OutlierDetectionPlan } from "../plan/types";

/** May one more endpoint be ejected? `ejected` counts those ejected now, `total` all of the cluster. */
export function mayEject(plan: OutlierDetectionPlan, ejected: number, total: number): boolean {
  if (total === 0) {
    return false;
  }
  return (100 * (ejected + 1)) / total <= plan.maxEjectionPercent || (plan.alwaysEjectOneHost && ejected === 0);
}

/** How long the n-th ejection in a row lasts; `jitter01` uniform in [0, 1). */
export function ejectionTimeMs(plan: OutlierDetectionPlan, consecutiveEjections: number, jitter01: number): number {
  const max = Math.max(plan.maxEjectionTimeMs, plan.baseEjectionTimeMs);
  const backedOff = Math.min(plan.baseEjectionTimeMs * Math.max(consecutiveEjections, 1), max);
  return backedOff + Math.floor(jitter01 * plan.maxEjectionTimeJitterMs);
}

/** Requests of one endpoint in the last interval. */
export interface OutlierCounts {
  readonly success: number;
  readonly total: number;
}

/** Success rate in percent below which an endpoint is an outlier; null: too few endpoints with enough requests. */
export function successRateThreshold(plan: OutlierDetectionPlan, endpoints: readonly OutlierCounts[]): number | null {
  const { minimumHosts, requestVolume, stdevFactor } = plan.successRate;
  const rates = endpoints
    .filter(({ total }) => total > 0 && total >= requestVolume)
    .map(({ success, total }) => (success * 100) / total);
  if (endpoints.length < minimumHosts || rates.length === 0 || rates.length < minimumHosts) {
    return null;
  }
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  return mean - Math.sqrt(variance) * (stdevFactor / 1000);
}

/** True when the share of failures reaches the threshold, with enough endpoints and requests. */
export function isFailurePercentageOutlier(
  plan: OutlierDetectionPlan,
  counts: OutlierCounts,
  endpointsWithVolume: number,
): boolean {
  const { minimumHosts, requestVolume, threshold } = plan.failurePercentage;
  return (
    endpointsWithVolume >= minimumHosts &&
    counts.total > 0 &&
    counts.total >= requestVolume &&
    100 - (counts.success * 100) / counts.total >= threshold
  );
}

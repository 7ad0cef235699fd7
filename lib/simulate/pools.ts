// How many calls a caller's proxy makes at once to one destination, and when it takes a host out: circuit breakers and outlier detection.
// The rule: read from the caller's own plan, where every default is filled in; nothing of the design's text is compared.
import type { ClusterPlan } from "@meshwright/proxy/plan";
import type { DestinationEjection, DestinationPool } from "./types";

/** Undefined for what no traffic policy is about. `isConnection`: of TCP. */
export function poolOf(cluster: ClusterPlan, isConnection: boolean): DestinationPool | undefined {
  if (cluster.metadata["kind"] !== "service") return undefined;
  const { connectTimeoutMs, tcpKeepaliveMs, circuitBreakers } = cluster;
  const { maxConnections } = circuitBreakers;
  return { maxConnections, connectTimeoutMs, tcpKeepaliveMs, ...(isConnection ? {} : { http: httpOf(cluster) }) };
}

function httpOf({ circuitBreakers, http }: ClusterPlan): NonNullable<DestinationPool["http"]> {
  const { maxPendingRequests, maxRequests, maxRetries, retryBudget } = circuitBreakers;
  const { idleTimeoutMs, maxRequestsPerConnection, maxConnectionDurationMs, protocol, http2 } = http;
  return {
    maxPendingRequests,
    maxRequests,
    retries: retryBudget ? { ...retryBudget } : { most: maxRetries },
    idleTimeoutMs,
    maxRequestsPerConnection,
    maxConnectionDurationMs,
    protocol,
    maxConcurrentStreams: protocol === "http1" ? null : http2.maxConcurrentStreams,
  };
}

/** Undefined where no host is ever taken out. */
export function ejectionOf({ outlierDetection, healthyPanicThreshold }: ClusterPlan): DestinationEjection | undefined {
  if (!outlierDetection) return undefined;
  const { errorStatuses, successRate, failurePercentage, splitExternalLocalOriginErrors: isSplit } = outlierDetection;
  const counted = ({ count, enforcing }: { count: number; enforcing: number }) => (enforcing > 0 ? count : null);
  return {
    errorStatuses: errorStatuses && [...errorStatuses].sort((a, b) => a - b),
    consecutive5xxErrors: counted(outlierDetection.consecutive5xx),
    consecutiveGatewayErrors: counted(outlierDetection.consecutiveGatewayFailure),
    isLocalOriginSplit: isSplit,
    consecutiveLocalOriginFailures: isSplit ? counted(outlierDetection.consecutiveLocalOriginFailure) : null,
    successRate:
      successRate.enforcing > 0
        ? {
            standardDeviations: successRate.stdevFactor / 1000,
            minimumHosts: successRate.minimumHosts,
            requestVolume: successRate.requestVolume,
          }
        : null,
    failurePercentage:
      failurePercentage.enforcing > 0
        ? {
            percent: failurePercentage.threshold,
            minimumHosts: failurePercentage.minimumHosts,
            requestVolume: failurePercentage.requestVolume,
          }
        : null,
    intervalMs: outlierDetection.intervalMs,
    baseEjectionTimeMs: outlierDetection.baseEjectionTimeMs,
    maxEjectionPercent: outlierDetection.maxEjectionPercent,
    alwaysEjectOneHost: outlierDetection.alwaysEjectOneHost,
    panicPercent: healthyPanicThreshold,
  };
}

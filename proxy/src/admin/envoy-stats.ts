// Statistics under Envoy's names. Rule: read from what is counted anyway; nothing is counted for a name.

import type { UpstreamCluster } from "../cluster/cluster";
import type { DataPlane } from "../listener/data-plane";
import type { HttpStats, ResponseCodes } from "../telemetry/http-stats";
import { envoyWord } from "../telemetry/named-counts";

type Stats = Map<string, number>;

export function envoyStats({ clusters, telemetry }: DataPlane): Stats {
  const stats: Stats = new Map();
  for (const cluster of clusters.values()) clusterStats(stats, `cluster.${envoyWord(cluster.plan.statName)}.`, cluster);
  for (const [name, count] of telemetry.named.all()) stats.set(name, count);
  for (const [prefix, http] of telemetry.http.all) httpStats(stats, `http.${envoyWord(prefix)}.`, http);
  stats.set("tracing.opentelemetry.spans_sent", telemetry.spans.sent);
  stats.set("tracing.opentelemetry.spans_dropped", telemetry.spans.dropped);
  stats.set("tracing.opentelemetry.timer_flushed", telemetry.spans.timerFlushed);
  for (const [prefix, { sent, dropped }] of telemetry.otlpLogs) {
    const logs = `access_logs.open_telemetry_access_log.${prefix === "" ? "" : `${envoyWord(prefix)}.`}`;
    stats.set(`${logs}logs_written`, sent);
    stats.set(`${logs}logs_dropped`, dropped);
  }
  return stats;
}

function codeStats(stats: Stats, prefix: string, { all }: ResponseCodes, withCodes: boolean): void {
  let completed = 0;
  const classes = [0, 0, 0, 0, 0];
  for (const { code, count } of all) {
    completed += count;
    const index = Math.floor(code / 100) - 1;
    if (index in classes) classes[index] = (classes[index] ?? 0) + count;
    if (withCodes) stats.set(`${prefix}${code}`, count);
  }
  for (const [index, count] of classes.entries()) stats.set(`${prefix}${index + 1}xx`, count);
  stats.set(`${prefix}completed`, completed);
}

function clusterStats(stats: Stats, prefix: string, cluster: UpstreamCluster): void {
  const { hosts, detector, checker, plan } = cluster;
  const { circuitBreakers: limits } = plan;
  const counted: Readonly<Record<string, number>> = {
    upstream_cx_total: cluster.totalConnections,
    upstream_cx_active: cluster.activeConnections,
    upstream_cx_connect_fail: cluster.connectFailures,
    upstream_cx_overflow: cluster.connectionOverflow,
    upstream_cx_none_healthy: cluster.noneHealthy,
    upstream_rq_total: cluster.totalRequests,
    upstream_rq_active: cluster.activeRequests,
    upstream_rq_pending_active: cluster.pendingRequests,
    upstream_rq_pending_overflow: cluster.pendingOverflow,
    upstream_rq_active_overflow: cluster.requestOverflow,
    upstream_rq_retry: cluster.totalRetries,
    upstream_rq_retry_success: cluster.retrySuccesses,
    upstream_rq_retry_overflow: cluster.retryOverflow,
    upstream_rq_retry_limit_exceeded: cluster.retryLimitExceeded,
    upstream_rq_timeout: cluster.timeouts,
    upstream_rq_per_try_timeout: cluster.tryTimeouts,
    upstream_rq_per_try_idle_timeout: cluster.tryIdleTimeouts,
    upstream_internal_redirect_succeeded_total: cluster.redirectsFollowed,
    upstream_internal_redirect_failed_total: cluster.redirectsPassedOn,
    lb_zone_routing_all_directly: cluster.zoneCounts.allDirectly,
    lb_zone_routing_sampled: cluster.zoneCounts.sampled,
    lb_zone_routing_cross_zone: cluster.zoneCounts.crossZone,
    membership_total: hosts.length,
    membership_healthy: hosts.filter(({ isHealthy, isDegraded }) => isHealthy && !isDegraded).length,
    membership_degraded: hosts.filter(({ isHealthy, isDegraded }) => isHealthy && isDegraded).length,
    membership_excluded: hosts.filter(({ isExcluded }) => isExcluded).length,
    "circuit_breakers.default.cx_open": Number(cluster.activeConnections >= limits.maxConnections),
    "circuit_breakers.default.rq_pending_open": Number(cluster.pendingRequests >= limits.maxPendingRequests),
    "circuit_breakers.default.rq_open": Number(cluster.activeRequests >= limits.maxRequests),
    "circuit_breakers.default.rq_retry_open": Number(!cluster.mayRetry()),
  };
  for (const [name, value] of Object.entries(counted)) stats.set(`${prefix}${name}`, value);
  codeStats(stats, `${prefix}upstream_rq_`, cluster.codes, true);
  if (checker !== null) {
    const checks = `${prefix}health_check.`;
    stats.set(`${checks}attempt`, checker.attempts);
    stats.set(`${checks}success`, checker.successes);
    stats.set(`${checks}failure`, checker.failures);
    stats.set(`${checks}passive_failure`, checker.passiveFailures);
    stats.set(`${checks}network_failure`, checker.networkFailures);
    stats.set(`${checks}healthy`, checker.healthy);
    stats.set(`${checks}degraded`, checker.degraded);
  }
  if (detector === null) return;
  const ejections = `${prefix}outlier_detection.ejections_`;
  stats.set(`${ejections}active`, hosts.filter(({ outlier }) => outlier.isEjected).length);
  stats.set(`${ejections}overflow`, detector.overflow);
  let total = 0;
  for (const [reason, count] of detector.enforced) {
    stats.set(`${ejections}enforced_${reason}`, count);
    total += count;
  }
  stats.set(`${ejections}enforced_total`, total);
}

function httpStats(stats: Stats, prefix: string, http: HttpStats): void {
  stats.set(`${prefix}downstream_cx_total`, http.connections);
  stats.set(`${prefix}downstream_rq_total`, http.requests);
  stats.set(`${prefix}no_route`, http.noRoute);
  stats.set(`${prefix}no_cluster`, http.noCluster);
  stats.set(`${prefix}downstream_rq_overload_close`, http.overloadRefused);
  stats.set(`${prefix}downstream_cx_overload_disable_keepalive`, http.overloadClosing);
  for (const [why, count] of Object.entries(http.redirectsPassedOn))
    stats.set(`${prefix}passthrough_internal_redirect_${why}`, count);
  const { clientEnabled, serviceForced, randomSampling, notTraceable } = http.tracing;
  stats.set(`${prefix}tracing.client_enabled`, clientEnabled);
  stats.set(`${prefix}tracing.service_forced`, serviceForced);
  stats.set(`${prefix}tracing.random_sampling`, randomSampling);
  stats.set(`${prefix}tracing.not_traceable`, notTraceable);
  codeStats(stats, `${prefix}downstream_rq_`, http.codes, false);
}

// What a health check of this proxy is told. Rule: a proxy that fails or drains says so first; then its clusters are counted, and the
// first one that has too few healthy hosts decides.

import type { UpstreamCluster } from "../cluster/cluster";
import type { HealthCheckFilterPlan } from "../plan/types";
import type { CountsOf } from "../telemetry/named-counts";

interface Health {
  readonly isHealthy: boolean;
  /** As Envoy writes it into the log. */
  readonly details: string;
}

const failed = (why: string): Health => ({ isHealthy: false, details: `health_check_failed${why}` });

export function healthOf(
  { clusters: wanted }: HealthCheckFilterPlan,
  clusters: ReadonlyMap<string, UpstreamCluster>,
  isFailed: boolean,
): Health {
  if (isFailed) return failed("");
  for (const { name, minPercent } of wanted) {
    const cluster = clusters.get(name);
    if (cluster === undefined) return failed("_no_cluster_found");
    const { hosts } = cluster;
    if (hosts.length === 0 && minPercent > 0) return failed("_cluster_empty");
    const healthy = hosts.filter((host) => host.isHealthy).length;
    if (healthy * 100 < hosts.length * minPercent) return failed("_cluster_unhealthy");
  }
  return { isHealthy: true, details: wanted.length > 0 ? "health_check_ok_cluster_healthy" : "health_check_ok" };
}

export function countHealth(counts: CountsOf<"healthCheck">, { isHealthy, details }: Health): void {
  counts.request_total++;
  if (isHealthy) counts.ok++;
  else counts.failed++;
  if (details.endsWith("_no_cluster_found")) counts.failed_cluster_not_found++;
  else if (details.endsWith("_cluster_empty")) counts.failed_cluster_empty++;
  else if (details.endsWith("_cluster_unhealthy")) counts.failed_cluster_unhealthy++;
}

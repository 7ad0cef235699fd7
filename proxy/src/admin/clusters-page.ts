// /clusters: hosts with health and counters, as text in Envoy's form or as JSON.

import type { ServerResponse } from "node:http";
import type { UpstreamHost } from "../cluster/host";
import type { DataPlane } from "../listener/data-plane";

function healthFlags(host: UpstreamHost): string {
  const { health, outlier, plan } = host;
  const flags: readonly (readonly [boolean, string])[] = [
    [health.hasFailed, "/failed_active_hc"],
    [outlier.isEjected, "/failed_outlier_check"],
    [plan.health === "unhealthy", "/failed_eds_health"],
    [health.isDegraded, "/degraded_active_hc"],
    [plan.health === "degraded", "/degraded_eds_health"],
    [health.isLeaving, "/pending_dynamic_removal"],
    [health.isPending, "/pending_active_hc"],
    [health.isExcluded, "/excluded_via_immediate_hc_fail"],
    [health.hasTimedOut, "/active_hc_timeout"],
    [plan.health === "draining", "/eds_status_draining"],
  ];
  return (
    flags
      .filter(([isSet]) => isSet)
      .map(([, name]) => name)
      .join("") || "healthy"
  );
}

export function renderClusters(dataPlane: DataPlane, response: ServerResponse, isJson: boolean): void {
  const clusters = [...dataPlane.clusters.values()];
  if (isJson) {
    const body = clusters.map((cluster) => ({
      name: cluster.plan.name,
      active_connections: cluster.activeConnections,
      active_requests: cluster.activeRequests,
      pending_requests: cluster.pendingRequests,
      circuit_breakers: cluster.plan.circuitBreakers,
      host_statuses: cluster.hosts.map((host) => ({
        address: { socket_address: { address: host.address, port_value: host.plan.port } },
        health_status: healthFlags(host),
        weight: host.plan.weight,
        active_requests: host.activeRequests,
        total_requests: host.totalRequests,
        connections: host.pool.connections,
        metadata: host.plan.metadata,
      })),
    }));
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`${JSON.stringify({ cluster_statuses: body }, null, 1)}\n`);
    return;
  }
  const lines = clusters.flatMap((cluster) => [
    `${cluster.plan.name}::default_priority::max_connections::${cluster.plan.circuitBreakers.maxConnections}`,
    ...cluster.hosts.flatMap((host) => {
      const key = `${cluster.plan.name}::${host.key}`;
      return [
        `${key}::cx_active::${host.pool.connections}`,
        `${key}::rq_active::${host.activeRequests}`,
        `${key}::rq_total::${host.totalRequests}`,
        `${key}::health_flags::${healthFlags(host)}`,
        `${key}::weight::${host.plan.weight}`,
      ];
    }),
  ]);
  response.writeHead(200, { "content-type": "text/plain" });
  response.end(`${lines.join("\n")}\n`);
}

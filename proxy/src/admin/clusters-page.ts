// /clusters: hosts with health and counters, as text in Envoy's form or as JSON.

import type { ServerResponse } from "node:http";
import type { UpstreamHost } from "../cluster/host";
import type { DataPlane } from "../listener/data-plane";
import type { CircuitBreakerPlan } from "../plan/types";

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

/** As JSON shows it. */
export interface ClusterStatus {
  readonly name: string;
  readonly active_connections: number;
  readonly active_requests: number;
  readonly pending_requests: number;
  readonly circuit_breakers: CircuitBreakerPlan;
  readonly host_statuses: readonly HostStatus[];
}

export interface HostStatus {
  readonly address: { readonly socket_address: { readonly address: string; readonly port_value: number } };
  readonly health_status: string;
  readonly weight: number;
  readonly active_requests: number;
  readonly total_requests: number;
  readonly connections: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export function clusterStatuses(dataPlane: DataPlane): ClusterStatus[] {
  return [...dataPlane.clusters.values()].map((cluster) => ({
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
}

export const hostKey = ({ address: { socket_address: at } }: HostStatus): string => `${at.address}:${at.port_value}`;

export function renderClusters(clusters: readonly ClusterStatus[], response: ServerResponse, isJson: boolean): void {
  if (isJson) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`${JSON.stringify({ cluster_statuses: clusters }, null, 1)}\n`);
    return;
  }
  const lines = clusters.flatMap((cluster) => [
    `${cluster.name}::default_priority::max_connections::${cluster.circuit_breakers.maxConnections}`,
    ...cluster.host_statuses.flatMap((host) => {
      const key = `${cluster.name}::${hostKey(host)}`;
      return [
        `${key}::cx_active::${host.connections}`,
        `${key}::rq_active::${host.active_requests}`,
        `${key}::rq_total::${host.total_requests}`,
        `${key}::health_flags::${host.health_status}`,
        `${key}::weight::${host.weight}`,
      ];
    }),
  ]);
  response.writeHead(200, { "content-type": "text/plain" });
  response.end(`${lines.join("\n")}\n`);
}

// /clusters: hosts with health and counters, as text or JSON in Envoy's forms. Rule: what is 0, false or empty is not in the JSON, as in Envoy.

import type { JsonObject } from "@bufbuild/protobuf";
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

/** Plain data, so that workers can tell it. */
export interface ClusterStatus {
  readonly name: string;
  readonly observabilityName: string;
  readonly circuitBreakers: CircuitBreakerPlan;
  readonly hosts: readonly HostStatus[];
}

export interface HostStatus {
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
  /** Region, zone and sub zone, as in EndpointPlan. */
  readonly locality: string;
  /** Envoy's flags in one word, or "healthy". */
  readonly health: string;
  readonly weight: number;
  readonly priority: number;
  readonly activeRequests: number;
  readonly totalRequests: number;
  readonly connections: number;
}

export function clusterStatuses(dataPlane: DataPlane): ClusterStatus[] {
  return [...dataPlane.clusters.values()].map(({ plan, hosts }) => ({
    name: plan.name,
    observabilityName: plan.statName,
    circuitBreakers: plan.circuitBreakers,
    hosts: hosts.map((host) => ({
      address: host.address,
      port: host.plan.port,
      hostname: host.plan.hostname,
      locality: host.plan.locality,
      health: healthFlags(host),
      weight: host.plan.weight,
      priority: host.plan.priority,
      activeRequests: host.activeRequests,
      totalRequests: host.totalRequests,
      connections: host.connections,
    })),
  }));
}

export const hostKey = ({ address, port }: HostStatus): string => `${address}:${port}`;

/** @param isByApi they came by discovery */
export function clustersText(clusters: readonly ClusterStatus[], isByApi: boolean): string {
  const lines = clusters.flatMap(({ name, observabilityName, circuitBreakers: limits, hosts }) => [
    `${name}::observability_name::${observabilityName}`,
    `${name}::default_priority::max_connections::${limits.maxConnections}`,
    `${name}::default_priority::max_pending_requests::${limits.maxPendingRequests}`,
    `${name}::default_priority::max_requests::${limits.maxRequests}`,
    `${name}::default_priority::max_retries::${limits.maxRetries}`,
    `${name}::added_via_api::${isByApi}`,
    ...hosts.flatMap((host) => {
      const key = `${name}::${hostKey(host)}`;
      const [region = "", zone = "", subZone = ""] = host.locality.split("\0");
      return [
        `${key}::cx_active::${host.connections}`,
        `${key}::rq_active::${host.activeRequests}`,
        `${key}::rq_total::${host.totalRequests}`,
        `${key}::hostname::${host.hostname}`,
        `${key}::health_flags::${host.health}`,
        `${key}::weight::${host.weight}`,
        `${key}::region::${region}`,
        `${key}::zone::${zone}`,
        `${key}::sub_zone::${subZone}`,
        `${key}::canary::false`,
        `${key}::priority::${host.priority}`,
      ];
    }),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

/** Envoy's admin.v3.Clusters. */
export function clustersJson(clusters: readonly ClusterStatus[], isByApi: boolean): JsonObject {
  return {
    cluster_statuses: clusters.map(({ name, observabilityName, circuitBreakers: limits, hosts }) => ({
      name,
      ...(isByApi ? { added_via_api: true } : {}),
      ...(hosts.length === 0 ? {} : { host_statuses: hosts.map(hostJson) }),
      circuit_breakers: {
        thresholds: [
          {
            max_connections: limits.maxConnections,
            max_pending_requests: limits.maxPendingRequests,
            max_requests: limits.maxRequests,
            max_retries: limits.maxRetries,
          },
        ],
      },
      observability_name: observabilityName,
    })),
  };
}

const EDS_HEALTH: Readonly<Record<string, string>> = {
  failed_eds_health: "UNHEALTHY",
  degraded_eds_health: "DEGRADED",
  eds_status_draining: "DRAINING",
};
/** Flag of the text -> field of admin.v3.HostHealthStatus. */
const HEALTH_FIELDS: Readonly<Record<string, string>> = {
  failed_active_hc: "failed_active_health_check",
  failed_outlier_check: "failed_outlier_check",
  degraded_active_hc: "failed_active_degraded_check",
  pending_dynamic_removal: "pending_dynamic_removal",
  pending_active_hc: "pending_active_hc",
  excluded_via_immediate_hc_fail: "excluded_via_immediate_hc_fail",
  active_hc_timeout: "active_hc_timeout",
};

function hostJson(host: HostStatus): JsonObject {
  const flags = host.health.split("/");
  const eds = flags.flatMap((flag) => EDS_HEALTH[flag] ?? [])[0] ?? "HEALTHY";
  const fields = flags.flatMap((flag) => HEALTH_FIELDS[flag] ?? []);
  const [region = "", zone = "", subZone = ""] = host.locality.split("\0");
  const locality = Object.entries({ region, zone, sub_zone: subZone }).filter(([, value]) => value !== "");
  return {
    address: { socket_address: { address: host.address, port_value: host.port } },
    stats: [
      statistic("rq_total", host.totalRequests, "COUNTER"),
      statistic("cx_active", host.connections, "GAUGE"),
      statistic("rq_active", host.activeRequests, "GAUGE"),
    ],
    health_status: { eds_health_status: eds, ...Object.fromEntries(fields.map((field) => [field, true])) },
    weight: host.weight,
    ...(host.priority === 0 ? {} : { priority: host.priority }),
    ...(host.hostname === "" ? {} : { hostname: host.hostname }),
    locality: Object.fromEntries(locality),
  };
}

const statistic = (name: string, value: number, type: "COUNTER" | "GAUGE"): JsonObject => ({
  ...(type === "GAUGE" ? { type } : {}),
  ...(value === 0 ? {} : { value: String(value) }),
  name,
});

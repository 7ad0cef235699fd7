// How full we are: event loop, CPU, memory, pools against their limits, certificate life. Prometheus text.

import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { DataPlane } from "../listener/data-plane";
import type { Outcomes } from "./outcomes";
import { escapeLabel } from "./request-metrics";

const loop = monitorEventLoopDelay({ resolution: 20 });
loop.enable();

/** Private bytes of this process (smaps_rollup); null where the kernel does not tell. */
export function privateMemoryBytes(): number | null {
  try {
    const text = readFileSync("/proc/self/smaps_rollup", "utf8");
    let kilobytes = 0;
    for (const match of text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)) kilobytes += Number(match[1]);
    return kilobytes * 1024;
  } catch {
    return null;
  }
}

const startedAtSeconds = Date.now() / 1000 - process.uptime();

export interface SaturationFacts {
  readonly digest: string;
  readonly certificateNotAfter: string | null;
}

/** What this process takes of the machine. */
export function renderProcess(): string {
  const cpu = process.cpuUsage();
  const told: readonly (readonly [string, string, number | null])[] = [
    ["process_cpu_seconds_total", "counter", (cpu.user + cpu.system) / 1e6],
    ["process_start_time_seconds", "gauge", startedAtSeconds],
    ["process_resident_memory_bytes", "gauge", process.memoryUsage.rss()],
    ["meshwright_private_memory_bytes", "gauge", privateMemoryBytes()],
  ];
  return told
    .flatMap(([name, type, value]) => (value === null ? [] : [`# TYPE ${name} ${type}`, `${name} ${value}`]))
    .join("\n");
}

export function renderSaturation(dataPlane: DataPlane, facts: SaturationFacts): string {
  const lines: string[] = [];
  const one = (name: string, type: string, value: number | null, labels = ""): void => {
    if (value === null || Number.isNaN(value)) return;
    lines.push(`# TYPE ${name} ${type}`, `${name}${labels} ${value}`);
  };
  lines.push("# TYPE meshwright_event_loop_delay_seconds gauge");
  for (const [quantile, percentile] of [
    ["0.5", 50],
    ["0.99", 99],
  ] as const) {
    lines.push(`meshwright_event_loop_delay_seconds{quantile="${quantile}"} ${loop.percentile(percentile) / 1e9}`);
  }
  loop.reset();
  lines.push(renderProcess());
  const { telemetry } = dataPlane;
  one("meshwright_downstream_connections_active", "gauge", telemetry.downstreamConnections);
  one("meshwright_downstream_requests_active", "gauge", telemetry.activeDownstreamRequests);
  one("meshwright_rbac_denied_total", "counter", telemetry.rbacDenied);
  one("meshwright_jwt_denied_total", "counter", telemetry.jwtDenied);
  one("meshwright_rate_limited_total", "counter", telemetry.rateLimited);
  one("meshwright_rate_limit_shadow_total", "counter", telemetry.rateLimitShadowed);
  one("meshwright_faults_overflow_total", "counter", telemetry.faultsOverflowed);
  lines.push("# TYPE meshwright_faults_injected_total counter");
  lines.push(`meshwright_faults_injected_total{kind="delay"} ${telemetry.delaysInjected}`);
  lines.push(`meshwright_faults_injected_total{kind="response-bandwidth"} ${telemetry.answersSlowed}`);
  lines.push(`meshwright_faults_injected_total{kind="abort"} ${telemetry.abortsInjected}`);
  lines.push("# TYPE meshwright_cors_origins_total counter");
  lines.push(`meshwright_cors_origins_total{verdict="allowed"} ${telemetry.corsOrigins.allowed}`);
  lines.push(`meshwright_cors_origins_total{verdict="refused"} ${telemetry.corsOrigins.refused}`);
  outcomes(lines, "meshwright_ratelimit_total", telemetry.rateLimits);
  outcomes(lines, "meshwright_ext_authz_total", telemetry.authorizations);
  lines.push("# TYPE meshwright_spans_total counter");
  lines.push(`meshwright_spans_total{outcome="sent"} ${telemetry.spans.sent}`);
  lines.push(`meshwright_spans_total{outcome="dropped"} ${telemetry.spans.dropped}`);
  const logs = [...telemetry.otlpLogs.values()];
  const total = (outcome: "sent" | "dropped"): number => logs.reduce((sum, counts) => sum + counts[outcome], 0);
  lines.push("# TYPE meshwright_otlp_log_records_total counter");
  lines.push(`meshwright_otlp_log_records_total{outcome="sent"} ${total("sent")}`);
  lines.push(`meshwright_otlp_log_records_total{outcome="dropped"} ${total("dropped")}`);
  one("meshwright_access_log_dropped_total", "counter", dataPlane.logLinesDropped);
  counters(lines, "meshwright_rbac_shadow_denied_total", "policy", telemetry.shadowDenied);
  counters(lines, "meshwright_tls_handshake_failures_total", "reason", telemetry.handshakeFailures);
  counters(lines, "meshwright_protocol_errors_total", "detail", telemetry.protocolErrors);
  clusterGauges(lines, dataPlane);
  if (facts.digest !== "")
    lines.push("# TYPE meshwright_config_info gauge", `meshwright_config_info{digest="${facts.digest}"} 1`);
  if (facts.certificateNotAfter !== null) {
    one("meshwright_certificate_not_after_seconds", "gauge", Date.parse(facts.certificateNotAfter) / 1000);
  }
  return lines.join("\n");
}

function counters(lines: string[], name: string, label: string, values: ReadonlyMap<string, number>): void {
  lines.push(`# TYPE ${name} counter`);
  for (const [key, value] of values) lines.push(`${name}{${label}="${escapeLabel(key)}"} ${value}`);
}

function outcomes(lines: string[], name: string, counted: Outcomes<string>): void {
  lines.push(`# TYPE ${name} counter`);
  for (const [cluster, outcome, count] of counted.all())
    lines.push(`${name}{cluster="${escapeLabel(cluster)}",outcome="${outcome}"} ${count}`);
}

function clusterGauges(lines: string[], dataPlane: DataPlane): void {
  const all = [...dataPlane.clusters.values()];
  const gauge = (name: string, type: string, read: (cluster: (typeof all)[number]) => number): void => {
    lines.push(`# TYPE ${name} ${type}`);
    for (const cluster of all) lines.push(`${name}{cluster="${escapeLabel(cluster.plan.name)}"} ${read(cluster)}`);
  };
  gauge("meshwright_upstream_connections_active", "gauge", (c) => c.activeConnections);
  gauge("meshwright_upstream_requests_active", "gauge", (c) => c.activeRequests);
  gauge("meshwright_upstream_requests_pending", "gauge", (c) => c.pendingRequests);
  gauge("meshwright_upstream_retries_active", "gauge", (c) => c.activeRetries);
  gauge("meshwright_upstream_connections_limit", "gauge", (c) => c.plan.circuitBreakers.maxConnections);
  gauge("meshwright_upstream_requests_limit", "gauge", (c) => c.plan.circuitBreakers.maxRequests);
  gauge("meshwright_upstream_pending_limit", "gauge", (c) => c.plan.circuitBreakers.maxPendingRequests);
  gauge("meshwright_upstream_retries_limit", "gauge", (c) => c.plan.circuitBreakers.maxRetries);
  gauge("meshwright_upstream_rq_pending_overflow_total", "counter", (c) => c.pendingOverflow);
  gauge("meshwright_upstream_rq_overflow_total", "counter", (c) => c.requestOverflow);
  gauge("meshwright_upstream_rq_retry_total", "counter", (c) => c.totalRetries);
  gauge("meshwright_upstream_cx_connect_fail_total", "counter", (c) => c.connectFailures);
  gauge(
    "meshwright_upstream_ejections_active",
    "gauge",
    (c) => c.hosts.filter((host) => host.outlier.isEjected).length,
  );
}

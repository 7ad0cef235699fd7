// Active health checks of a service -> health_checks of the clusters of its callers.
// The rule: a port is asked only what it can answer; over mutual TLS the sidecar is asked in HTTP/2 as calls are, and it asks the app.
import { HEALTH_CHECK_DEFAULTS as DEFAULTS, type HealthCheck, healthCheckAnswers, type Protocol } from "@/lib/mesh";
import { compact, duration, type JsonObject } from "./envoy-json";

export interface CheckedPort {
  readonly protocol: Protocol;
  readonly isHttp2: boolean;
  /** What the host is called where the check does not say. */
  readonly host: string;
}

/** null: this port cannot answer, and is not asked. */
export function healthCheck(check: HealthCheck, port: CheckedPort): JsonObject | null {
  if (!healthCheckAnswers(port.protocol, check.type)) return null;
  return compact({
    timeout: duration(check.timeoutMs ?? DEFAULTS.timeoutMs),
    interval: duration(check.intervalMs ?? DEFAULTS.intervalMs),
    initial_jitter: check.initialJitterMs === undefined ? undefined : duration(check.initialJitterMs),
    interval_jitter_percent: check.jitterPercent ?? DEFAULTS.jitterPercent,
    unhealthy_threshold: check.unhealthyThreshold ?? DEFAULTS.unhealthyThreshold,
    healthy_threshold: check.healthyThreshold ?? DEFAULTS.healthyThreshold,
    unhealthy_interval: check.unhealthyIntervalMs === undefined ? undefined : duration(check.unhealthyIntervalMs),
    no_traffic_interval: check.noTrafficIntervalMs === undefined ? undefined : duration(check.noTrafficIntervalMs),
    reuse_connection: check.reuseConnection,
    ...asked(check, port),
  });
}

function asked(check: HealthCheck, { isHttp2, host }: CheckedPort): JsonObject {
  switch (check.type) {
    case "http":
      return {
        http_health_check: compact({
          host: check.host ?? host,
          path: check.path,
          method: check.method,
          request_headers_to_add:
            check.headers &&
            Object.entries(check.headers).map(([key, value]) => ({
              header: { key, value: value.replaceAll("%", "%%") },
              append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
            })),
          expected_statuses: check.expectedStatuses?.map((status) => ({ start: status, end: status + 1 })),
          codec_client_type: isHttp2 ? "HTTP2" : undefined,
        }),
      };
    case "grpc":
      return { grpc_health_check: compact({ service_name: check.serviceName, authority: check.host ?? host }) };
    case "tcp":
      return {
        tcp_health_check: compact({
          send: check.send === undefined ? undefined : { text: check.send },
          receive: check.receive?.map((text) => ({ text })),
        }),
      };
  }
}

// What this proxy takes of active health checks. Rule: as in support.ts.

import { fields, inert, type MessageSupport, only } from "./support-words";

const CHECK = "envoy.config.core.v3.HealthCheck";
const NO_LOG = inert("there is no log of health checks; counters and /clusters tell");

export const ACTIVE_HEALTH_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [CHECK]: {
    ...fields(`interval initial_jitter interval_jitter interval_jitter_percent unhealthy_threshold healthy_threshold
      reuse_connection http_health_check tcp_health_check grpc_health_check no_traffic_interval no_traffic_healthy_interval
      unhealthy_interval unhealthy_edge_interval healthy_edge_interval`),
    timeout: { note: "a new cluster waits for its first checks, though never longer than 5 s" },
    always_log_health_check_failures: NO_LOG,
    always_log_health_check_success: NO_LOG,
  },
  [`${CHECK}.HttpHealthCheck`]: {
    ...fields("host path request_headers_to_add request_headers_to_remove expected_statuses retriable_statuses method"),
    codec_client_type: only("HTTP1", "HTTP2"),
  },
  [`${CHECK}.GrpcHealthCheck`]: fields("service_name authority"),
  [`${CHECK}.TcpHealthCheck`]: fields("send receive"),
  [`${CHECK}.Payload`]: fields("text binary"),
  "envoy.config.endpoint.v3.Endpoint.HealthCheckConfig": fields("port_value hostname disable_active_health_check"),
};

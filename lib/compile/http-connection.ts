// HTTP connection managers and their access log.
// The rule: a sidecar trusts nothing that came from outside about who the caller is: the client certificate header is always written anew.
import { ADS, any, type Json, type JsonObject } from "./envoy-json";
import type { Overrides } from "./types";

const HCM = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
/** Long enough for slow work, short enough that a hung app does not hold a stream for ever. */
const SIDECAR_STREAM_IDLE = "3600s";
/** Envoy's recommendation for an edge. */
const EDGE_REQUEST_HEADERS_TIMEOUT = "60s";

export type ConnectionKind = "inbound" | "outbound" | "gateway";

export function httpConnectionManager(
  kind: ConnectionKind,
  routeConfig: string,
  filters: readonly JsonObject[],
  overrides: Overrides,
  tracing: JsonObject | undefined,
): JsonObject {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: any(HCM, {
      stat_prefix: routeConfig,
      // ALPN between sidecars, the first bytes of an app or a client: HTTP/1.1, or HTTP/2 as gRPC speaks it.
      codec_type: "AUTO",
      rds: { config_source: ADS, route_config_name: routeConfig },
      http_filters: [...filters, ROUTER],
      access_log: [accessLog(kind, overrides.accessLogPath ?? "access.log")],
      ...(tracing ? { tracing } : {}),
      http_protocol_options: { enable_trailers: true },
      // Apps decide what they take; between sidecars an upgrade is a CONNECT on the one connection (RFC 8441).
      upgrade_configs: [{ upgrade_type: "websocket" }],
      // Paths are compared after normalisation, so that /a/../admin is /admin for routes and policies alike.
      normalize_path: true,
      ...(kind === "gateway" ? EDGE : SIDECAR),
      ...(kind === "inbound"
        ? { forward_client_cert_details: "SANITIZE_SET", set_current_client_cert_details: { uri: true } }
        : { forward_client_cert_details: "SANITIZE" }),
    }),
  };
}

const ROUTER: JsonObject = {
  name: "envoy.filters.http.router",
  typed_config: any("extensions.filters.http.router.v3.Router"),
};

const SIDECAR: JsonObject = {
  server_header_transformation: "PASS_THROUGH",
  stream_idle_timeout: SIDECAR_STREAM_IDLE,
  http2_protocol_options: { allow_connect: true },
};

const EDGE: JsonObject = {
  server_name: "meshwright",
  use_remote_address: true,
  merge_slashes: true,
  request_headers_timeout: EDGE_REQUEST_HEADERS_TIMEOUT,
  common_http_protocol_options: { headers_with_underscores_action: "REJECT_REQUEST" },
  // Envoy's recommendation as well: what a client may make an edge hold.
  http2_protocol_options: {
    allow_connect: true,
    max_concurrent_streams: 100,
    initial_stream_window_size: 65_536,
    initial_connection_window_size: 1_048_576,
  },
};

function accessLog(kind: ConnectionKind, path: string): JsonObject {
  return {
    name: "envoy.access_loggers.file",
    typed_config: any("extensions.access_loggers.file.v3.FileAccessLog", {
      path,
      log_format: { json_format: { listener: kind, ...LOG_FIELDS } },
    }),
  };
}

const LOG_FIELDS: { [name: string]: Json } = {
  start_time: "%START_TIME%",
  method: "%REQ(:METHOD)%",
  authority: "%REQ(:AUTHORITY)%",
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  response_code: "%RESPONSE_CODE%",
  // The status of a gRPC call, whose response code is 200 mostly; null for other requests.
  grpc_status: "%GRPC_STATUS_NUMBER%",
  response_flags: "%RESPONSE_FLAGS%",
  response_code_details: "%RESPONSE_CODE_DETAILS%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  route_name: "%ROUTE_NAME%",
  upstream_cluster: "%UPSTREAM_CLUSTER%",
  upstream_host: "%UPSTREAM_HOST%",
  attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  downstream_peer: "%DOWNSTREAM_PEER_URI_SAN%",
  request_id: "%REQ(X-REQUEST-ID)%",
  user_agent: "%REQ(USER-AGENT)%",
};

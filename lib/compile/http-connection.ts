// HTTP connection managers.
// The rule: a sidecar trusts nothing that came from outside about who the caller is: the client certificate header is always written anew.
import type { ConnectionKind } from "./access-log";
import { ADS, any, duration, type JsonObject } from "./envoy-json";
import type { Telemetry } from "./telemetry";

const HCM = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
/** Long enough for slow work, short enough that a hung app does not hold a stream for ever. */
export const SIDECAR_STREAM_IDLE_MS = 3_600_000;
/** Envoy's recommendation for an edge. */
const EDGE_REQUEST_HEADERS_TIMEOUT = "60s";

/** Apps decide what they take; between sidecars an upgrade is a CONNECT on the one connection (RFC 8441). */
export const APP_UPGRADES: readonly string[] = ["websocket"];

export function httpConnectionManager(
  kind: ConnectionKind,
  routeConfig: string,
  filters: readonly JsonObject[],
  told: Telemetry,
  upgrades: readonly string[] = APP_UPGRADES,
): JsonObject {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: any(HCM, {
      stat_prefix: routeConfig,
      // ALPN between sidecars, the first bytes of an app or a client: HTTP/1.1, or HTTP/2 as gRPC speaks it.
      codec_type: "AUTO",
      rds: { config_source: ADS, route_config_name: routeConfig },
      http_filters: [...filters, ROUTER],
      ...told,
      http_protocol_options: { enable_trailers: true },
      upgrade_configs: upgrades.map((upgrade_type) => ({ upgrade_type })),
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
  stream_idle_timeout: duration(SIDECAR_STREAM_IDLE_MS),
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

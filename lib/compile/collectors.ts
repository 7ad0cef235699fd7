// Collectors of OTLP as Envoy sees them: a cluster, and the service behind it that takes an export.
// The rule: a mesh that tells nobody has neither.
import type { Tracing } from "@/lib/mesh";
import { APP_IDLE_TIMEOUT_MS, behaviourOf, inlineEndpoints } from "./clusters";
import { compact, type JsonObject } from "./envoy-json";
import { serverTls } from "./transport";

type Collector = Pick<Tracing["collector"], "host" | "port" | "protocol" | "tls">;

const EXPORT_TIMEOUT = "10s";

/** @param path of exports by HTTP */
export function exportService(cluster: string, { host, port, protocol, tls }: Collector, path: string): JsonObject {
  if (protocol === "grpc") return { grpc_service: { envoy_grpc: { cluster_name: cluster }, timeout: EXPORT_TIMEOUT } };
  const uri = `${tls ? "https" : "http"}://${host}:${port}${path}`;
  return { http_service: { http_uri: { uri, cluster, timeout: EXPORT_TIMEOUT } } };
}

export function collectorCluster(name: string, { host, port, protocol, tls }: Collector): JsonObject {
  return compact({
    name,
    ...inlineEndpoints(name, [{ host, port }]),
    ...behaviourOf({}, APP_IDLE_TIMEOUT_MS, protocol === "grpc" ? "http2" : "http1"),
    transport_socket: tls && tlsTo(host, protocol, tls),
  });
}

/** gRPC servers refuse a handshake that does not offer HTTP/2. */
function tlsTo(
  host: string,
  protocol: Collector["protocol"],
  { ca, serverName }: NonNullable<Collector["tls"]>,
): JsonObject {
  const trusted = ca && (ca.type === "file" ? { filename: ca.path } : { inline_string: ca.pem });
  return serverTls({
    host: serverName ?? host,
    alpn: protocol === "grpc" ? "h2" : "http/1.1",
    ...(trusted ? { ca: trusted } : {}),
  });
}

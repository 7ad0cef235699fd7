// Collectors of OTLP as Envoy sees them: a cluster, and the service behind it that takes an export.
// The rule: a mesh that tells nobody has neither.
import type { Tracing } from "@/lib/mesh";
import { APP_IDLE_TIMEOUT_MS, behaviourOf, inlineEndpoints } from "./clusters";
import type { JsonObject } from "./envoy-json";

type Collector = Pick<Tracing["collector"], "host" | "port" | "protocol">;

const EXPORT_TIMEOUT = "10s";

/** @param path of exports by HTTP */
export function exportService(cluster: string, { host, port, protocol }: Collector, path: string): JsonObject {
  if (protocol === "grpc") return { grpc_service: { envoy_grpc: { cluster_name: cluster }, timeout: EXPORT_TIMEOUT } };
  return { http_service: { http_uri: { uri: `http://${host}:${port}${path}`, cluster, timeout: EXPORT_TIMEOUT } } };
}

export function collectorCluster(name: string, { host, port, protocol }: Collector): JsonObject {
  return {
    name,
    ...inlineEndpoints(name, [{ host, port }]),
    ...behaviourOf({}, APP_IDLE_TIMEOUT_MS, protocol === "grpc" ? "http2" : "http1"),
  };
}

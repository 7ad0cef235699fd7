// Access logs of a connection manager: the one that each proxy keeps for the control plane, and the one that the mesh asks for.
// The rule: the first has the same fields whatever the mesh says: probes and controls read it.
import type { AccessLog } from "@/lib/mesh";
import { collectorCluster, exportService } from "./collectors";
import { any, compact, type Json, type JsonObject } from "./envoy-json";
import type { CompileContext } from "./parts";

const CLUSTER = "otlp-log-collector";
const HTTP_PATH = "/v1/logs";
/** Whose requests a connection manager takes. */
export type ConnectionKind = "inbound" | "outbound" | "gateway";

/** Envoy's runtime, which nobody sets, has to have a key for it. */
const NO_RUNTIME = "meshwright.not_set";

const FIELDS: Readonly<Record<string, string>> = {
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

export function ownLog(kind: ConnectionKind, path: string): JsonObject {
  return fileLog(path, { listener: kind, ...FIELDS });
}

function fileLog(path: string, fields: Readonly<Record<string, string>>): JsonObject {
  return {
    name: "envoy.access_loggers.file",
    typed_config: any("extensions.access_loggers.file.v3.FileAccessLog", {
      path,
      log_format: { json_format: { ...fields } },
    }),
  };
}

/** Of connections; what is said on them is nobody's here. */
const TCP_FIELDS: Readonly<Record<string, string>> = {
  start_time: "%START_TIME%",
  response_flags: "%RESPONSE_FLAGS%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  upstream_cluster: "%UPSTREAM_CLUSTER%",
  upstream_host: "%UPSTREAM_HOST%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  downstream_peer: "%DOWNSTREAM_PEER_URI_SAN%",
};

export function tcpLog(path: string): JsonObject {
  return fileLog(path, { listener: "inbound-tcp", ...TCP_FIELDS });
}

/** At a gateway nobody has proved who it is; whom it asked for is known where it speaks TLS. */
export function gatewayTcpLog(path: string): JsonObject {
  const { downstream_peer: _, ...fields } = TCP_FIELDS;
  return fileLog(path, { listener: "gateway-tcp", requested_server_name: "%REQUESTED_SERVER_NAME%", ...fields });
}

/** That the mesh asks for; puts the collector's cluster into its place. */
export function meshLog(
  context: CompileContext,
  kind: ConnectionKind,
  owner: { readonly name: string; readonly namespace: string },
): JsonObject | undefined {
  const log = context.facts.root?.spec.accessLog;
  if (!log) return undefined;
  if (log.to.type === "collector") context.clusters.set(CLUSTER, collectorCluster(CLUSTER, log.to));
  return compact({ ...loggerOf(log, kind, `${owner.name}.${owner.namespace}`), filter: filterOf(log) });
}

/** @param service as spans name it */
function loggerOf(
  { to, format }: AccessLog,
  kind: ConnectionKind,
  service: string,
): { name: string; typed_config: Json } {
  const fields: Readonly<Record<string, string>> =
    format?.type === "json" ? format.fields : { listener: kind, ...FIELDS };
  const log_format: JsonObject =
    format?.type === "text"
      ? { text_format_source: { inline_string: format.text.endsWith("\n") ? format.text : `${format.text}\n` } }
      : { json_format: { ...fields } };
  switch (to.type) {
    case "stdout":
      return {
        name: "envoy.access_loggers.stdout",
        typed_config: any("extensions.access_loggers.stream.v3.StdoutAccessLog", { log_format }),
      };
    case "file":
      return {
        name: "envoy.access_loggers.file",
        typed_config: any("extensions.access_loggers.file.v3.FileAccessLog", { path: to.path, log_format }),
      };
    case "collector":
      return {
        name: "envoy.access_loggers.open_telemetry",
        typed_config: any("extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig", {
          ...exportService(CLUSTER, to, HTTP_PATH),
          log_name: kind,
          resource_attributes: attributes({ "service.name": service }),
          ...(format?.type === "text"
            ? { body: { string_value: format.text.replace(/\n$/, "") } }
            : { attributes: attributes(fields) }),
        }),
      };
  }
}

function attributes(fields: Readonly<Record<string, string>>): JsonObject {
  return { values: Object.entries(fields).map(([key, text]) => ({ key, value: { string_value: text } })) };
}

function filterOf({ filter }: AccessLog): JsonObject | undefined {
  switch (filter?.type) {
    case "errors":
      return {
        or_filter: {
          filters: [status("GE", 400), status("EQ", 0), { response_flag_filter: {} }, FAILED_GRPC],
        },
      };
    case "status":
      if (filter.to === undefined) return status("GE", filter.from);
      return { and_filter: { filters: [status("GE", filter.from), status("LE", filter.to)] } };
    case undefined:
      return undefined;
  }
}

function status(op: "GE" | "LE" | "EQ", value: number): JsonObject {
  return { status_code_filter: { comparison: { op, value: { default_value: value, runtime_key: NO_RUNTIME } } } };
}

/** For other requests Envoy makes a gRPC status of the HTTP status, and 200 is none of them. */
const FAILED_GRPC: JsonObject = {
  and_filter: {
    filters: [
      { header_filter: { header: { name: "content-type", string_match: { prefix: "application/grpc" } } } },
      { grpc_status_filter: { statuses: ["OK"], exclude: true } },
    ],
  },
};

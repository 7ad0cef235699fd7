// Tracing and access log of the mesh -> Telemetry of Istio's root namespace. Rule: collectors and files are said in MeshConfig, which is no
// resource: the report says what belongs there.
import type { AccessLog, MeshRoot, Tracing } from "@/lib/mesh";
import type { Manifest } from "../shared/dialect";
import type { ExportContext } from "../shared/export-context";
import { isRecord } from "../shared/fields";
import { GENERATED_LABEL } from "../shared/generated";
import { keptResources } from "../shared/verbatim";
import { expressionOf } from "./log-filters";
import { ROOT_NAMESPACE } from "./security";

export const SPAN_PROVIDER = "meshwright-otlp";
export const LOG_PROVIDER = "meshwright-logs";
const KIND = { apiVersion: "telemetry.istio.io/v1", kind: "Telemetry" };

export function exportTelemetry(context: ExportContext, mesh: MeshRoot): void {
  const { tracing, accessLog } = mesh.spec;
  if (!tracing && !accessLog) return;
  const spec = {
    ...(tracing ? { tracing: [tracingOf(tracing)] } : {}),
    ...(accessLog ? { accessLogging: [loggingOf(accessLog)] } : {}),
  };
  const metadata = {
    name: "meshwright-telemetry",
    namespace: ROOT_NAMESPACE,
    labels: { [GENERATED_LABEL]: "telemetry" },
  };
  context.resources.push({ ...KIND, metadata, spec });
  if (tracing) {
    const http = tracing.collector.protocol === "http" ? ", http: {path: /v1/traces}" : "";
    const { host, port } = tracing.collector;
    const provider = `{name: ${SPAN_PROVIDER}, opentelemetry: {service: ${host}, port: ${port}${http}}}`;
    context.lose(mesh, ["spec", "tracing", "collector"], "approximate", inMeshConfig("the collector", provider));
    if (tracing.collector.tls) context.lose(mesh, ["spec", "tracing", "collector", "tls"], "lost", TLS_ELSEWHERE);
  }
  if (accessLog) tellProvider(context, mesh, accessLog);
  if (accessLog?.filter?.type === "errors") {
    const reason = "gRPC calls that fail with the HTTP status 200 have no line in Istio";
    context.lose(mesh, ["spec", "accessLog", "filter"], "approximate", reason);
  }
}

const inMeshConfig = (what: string, provider: string): string =>
  `${what} is no part of a resource: add to extensionProviders of MeshConfig ${provider}`;

const TLS_ELSEWHERE =
  "providers of MeshConfig have no TLS: let a DestinationRule with tls mode SIMPLE be for the collector's host, or plain text is sent";

function tracingOf({ samplingPercent, tags = [] }: Tracing): object {
  const customTags = Object.fromEntries(tags.map(({ name, from }) => [name, tagOf(from)]));
  return {
    providers: [{ name: SPAN_PROVIDER }],
    randomSamplingPercentage: samplingPercent,
    ...(tags.length > 0 ? { customTags } : {}),
  };
}

function loggingOf({ filter }: AccessLog): object {
  return {
    providers: [{ name: LOG_PROVIDER }],
    ...(filter ? { filter: { expression: expressionOf(filter) } } : {}),
  };
}

function tellProvider(context: ExportContext, mesh: MeshRoot, log: AccessLog): void {
  const { to, format } = log;
  const provider =
    to.type === "collector"
      ? { envoyOtelAls: { service: to.host, port: to.port, ...formatOf(format) } }
      : { envoyFileAccessLog: { path: to.type === "file" ? to.path : "/dev/stdout", ...formatOf(format) } };
  const text = JSON.stringify({ name: LOG_PROVIDER, ...provider });
  context.lose(mesh, ["spec", "accessLog", "to"], "approximate", inMeshConfig("where the log goes", text));
  if (to.type === "collector" && to.tls) context.lose(mesh, ["spec", "accessLog", "to", "tls"], "lost", TLS_ELSEWHERE);
  if (to.type === "collector" && to.protocol === "http") {
    const reason = "Istio sends logs to collectors by gRPC: name the collector's port for it";
    context.lose(mesh, ["spec", "accessLog", "to", "protocol"], "lost", reason);
  }
  if (!format) {
    const reason = "without a format Istio writes its own: set accessLogFormat, or a logFormat of the provider";
    context.lose(mesh, ["spec", "accessLog", "format"], "approximate", reason);
  }
}

function formatOf(format: AccessLog["format"]): object {
  if (!format) return {};
  return { logFormat: format.type === "text" ? { text: format.text } : { labels: format.fields } };
}

function tagOf(from: NonNullable<Tracing["tags"]>[number]["from"]): object {
  switch (from.type) {
    case "literal":
      return { literal: { value: from.value } };
    case "header":
      return { header: { name: from.header, ...(from.default ? { defaultValue: from.default } : {}) } };
    case "environment":
      return { environment: { name: from.variable, ...(from.default ? { defaultValue: from.default } : {}) } };
  }
}

/** Istio heeds one Telemetry for the whole mesh: what was kept of it and what the design says become one. Call it last. */
export function joinTelemetry(context: ExportContext): void {
  const { resources } = context;
  const kept = keptResources(context.index.document, "istio")
    .map(({ manifest }) => manifest)
    .find(isMeshWide);
  const own = resources.find(({ metadata }) => metadata.labels?.[GENERATED_LABEL] === "telemetry");
  const at = kept ? resources.indexOf(kept) : -1;
  if (!kept || at < 0) return;
  const spec = { ...kept.spec, ...own?.spec };
  resources.splice(at, 1, ...(Object.keys(spec).length > 0 ? [{ ...kept, spec }] : []));
  if (own) resources.splice(resources.indexOf(own), 1);
}

export function isMeshWide({ kind, metadata, spec }: Manifest): boolean {
  if (kind !== "Telemetry" || metadata.namespace !== ROOT_NAMESPACE) return false;
  return !["selector", "targetRef", "targetRefs"].some((field) => {
    const value = spec[field];
    return Array.isArray(value) ? value.length > 0 : isRecord(value) && Object.keys(value).length > 0;
  });
}

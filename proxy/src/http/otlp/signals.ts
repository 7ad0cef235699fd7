// What is exported: spans of the tracer, records of access logs. Rule: the words on the wire are OTLP's.

import { fromBinary } from "@bufbuild/protobuf";
import { ExportLogsServiceResponseSchema } from "../../contract/gen/opentelemetry/proto/collector/logs/v1/logs_service_pb";
import { ExportTraceServiceResponseSchema } from "../../contract/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb";
import type { ListenerPlan, NodePlan, OpenTelemetryPlan, OtlpLogExporterPlan } from "../../plan/types";
import { encodeExport } from "../tracing/span-encoding";
import type { Signal } from "./exporter";
import { encodeLogExport, logResource } from "./log-encoding";

const SERVICE = "/opentelemetry.proto.collector";
const SPANS_FLUSH_MS = 200;

export const spanSignal = (plan: OpenTelemetryPlan): Signal => ({
  words: "spans",
  method: `${SERVICE}.trace.v1.TraceService/Export`,
  collector: plan.collector,
  maxItems: plan.maxSpans,
  flushMs: SPANS_FLUSH_MS,
  flushBytes: Number.POSITIVE_INFINITY,
  encode: (spans) => encodeExport(plan.serviceName, spans),
  rejectedOf: (answer) => fromBinary(ExportTraceServiceResponseSchema, answer).partialSuccess?.rejectedSpans ?? 0n,
});

export const spansIn = ({ filterChains }: ListenerPlan): readonly OpenTelemetryPlan[] =>
  filterChains.flatMap(({ network }) =>
    network.kind === "http" && network.tracing?.provider ? [network.tracing.provider] : [],
  );

export function logSignal(plan: OtlpLogExporterPlan, node: NodePlan): Signal {
  const resource = logResource(plan, node);
  return {
    words: "access logs",
    method: `${SERVICE}.logs.v1.LogsService/Export`,
    collector: plan.collector,
    maxItems: Number.POSITIVE_INFINITY,
    flushMs: plan.flushMs,
    flushBytes: plan.bufferBytes,
    encode: (records) => encodeLogExport(resource, records),
    rejectedOf: (answer) =>
      fromBinary(ExportLogsServiceResponseSchema, answer).partialSuccess?.rejectedLogRecords ?? 0n,
  };
}

export const logsIn = ({ accessLogs, filterChains }: ListenerPlan): readonly OtlpLogExporterPlan[] =>
  [...accessLogs, ...filterChains.flatMap(({ network }) => network.accessLogs)].flatMap((log) =>
    log.kind === "otlp" ? [log.exporter] : [],
  );

// A collector for OTLP by gRPC and by HTTP. Rule: it tells each span and each log record as plain values, in the order of arrival; what it does not
// understand it refuses, so that a wrong export is seen.

import { createServer, type Server } from "node:http";
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import {
  type ExportLogsServiceRequest,
  ExportLogsServiceRequestSchema,
} from "../../src/contract/gen/opentelemetry/proto/collector/logs/v1/logs_service_pb";
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from "../../src/contract/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb";
import type { AnyValue, KeyValue } from "../../src/contract/gen/opentelemetry/proto/common/v1/common_pb";
import { Span_SpanKind, Status_StatusCode } from "../../src/contract/gen/opentelemetry/proto/trace/v1/trace_pb";

export interface SeenSpan {
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly traceState: string;
  readonly durationUs: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  /** How it came: the path, and request headers of the export that are not of every request. */
  readonly by: string;
}

export interface SeenRecord {
  readonly timeMs: number;
  readonly observedMs: number;
  readonly severity: string;
  readonly body: unknown;
  /** In the order of arrival, also where a key comes twice. */
  readonly attributes: readonly (readonly [string, unknown])[];
  readonly traceId: string;
  readonly spanId: string;
  readonly resource: readonly (readonly [string, unknown])[];
  readonly scope: string;
  /** As of a span. */
  readonly by: string;
}

const SPANS = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const ANSWER = Buffer.from([0, 0, 0, 0, 0]);

/** Neither listens: whoever starts it knows the port. */
export function grpcCollector(onSpan: (span: SeenSpan) => void, onRecord: (record: SeenRecord) => void): Http2Server {
  return createHttp2Server().on("stream", takes(onSpan, onRecord));
}

/** The same behind TLS. As Go's gRPC servers it takes no connection that does not ask for HTTP/2 by ALPN. */
export function grpcCollectorByTls(
  identity: { certPem: string; keyPem: string },
  onSpan: (span: SeenSpan) => void,
  onRecord: (record: SeenRecord) => void,
): Http2SecureServer {
  const { certPem: cert, keyPem: key } = identity;
  return createSecureServer({ cert, key, allowHTTP1: false }).on("stream", takes(onSpan, onRecord));
}

function takes(onSpan: (span: SeenSpan) => void, onRecord: (record: SeenRecord) => void) {
  return (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const path = headers[":path"];
      const isExport = path === SPANS || path === LOGS;
      const message = Buffer.concat(chunks).subarray(5);
      if (path === SPANS) for (const span of spansOf(message, "grpc")) onSpan(span);
      if (path === LOGS) for (const record of recordsOf(message, "grpc")) onRecord(record);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": isExport ? "0" : "12" }));
      stream.end(isExport ? ANSWER : undefined);
    });
  };
}

export function httpCollector(onSpan: (span: SeenSpan) => void, onRecord: (record: SeenRecord) => void): Server {
  return createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("error", () => {});
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { host, "content-type": type, "x-key": key = "" } = incoming.headers;
      const by = [incoming.method, host, incoming.url, type, key].join(" ");
      const message = Buffer.concat(chunks);
      if (incoming.url?.startsWith("/v1/logs")) for (const record of recordsOf(message, by)) onRecord(record);
      else for (const span of spansOf(message, by)) onSpan(span);
      outgoing.end();
    });
  });
}

function spansOf(bytes: Uint8Array, by: string): SeenSpan[] {
  const request: ExportTraceServiceRequest = fromBinary(ExportTraceServiceRequestSchema, bytes);
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: Span_SpanKind[span.kind] ?? "",
        status: Status_StatusCode[span.status?.code ?? 0] ?? "",
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentId: hex(span.parentSpanId),
        traceState: span.traceState,
        durationUs: Number((span.endTimeUnixNano - span.startTimeUnixNano) / 1000n),
        attributes: wordsOf(span.attributes),
        resource: wordsOf(resource?.attributes ?? []),
        by,
      })),
    ),
  );
}

function recordsOf(bytes: Uint8Array, by: string): SeenRecord[] {
  const request: ExportLogsServiceRequest = fromBinary(ExportLogsServiceRequestSchema, bytes);
  return request.resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ scope, logRecords }) =>
      logRecords.map((record) => ({
        timeMs: Number(record.timeUnixNano / 1_000_000n),
        observedMs: Number(record.observedTimeUnixNano / 1_000_000n),
        severity: `${record.severityNumber} ${record.severityText}`.trim(),
        body: plainOf(record.body),
        attributes: record.attributes.map(({ key, value }) => [key, plainOf(value)] as const),
        traceId: hex(record.traceId),
        spanId: hex(record.spanId),
        resource: (resource?.attributes ?? []).map(({ key, value }) => [key, plainOf(value)] as const),
        scope: scope === undefined ? "none" : `${scope.name} ${scope.version}`.trim(),
        by,
      })),
    ),
  );
}

/** Text as text, lists and maps as such, the rest by its kind. */
function plainOf(value: AnyValue | undefined): unknown {
  const said = value?.value;
  if (said?.case === undefined) return null;
  switch (said.case) {
    case "stringValue":
      return said.value;
    case "arrayValue":
      return said.value.values.map(plainOf);
    case "kvlistValue":
      return { map: said.value.values.map(({ key, value: inner }) => [key, plainOf(inner)]) };
    case "bytesValue":
      return `bytes ${hex(said.value)}`;
    default:
      return `${said.case} ${String(said.value)}`;
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function wordsOf(attributes: readonly KeyValue[]): Record<string, string> {
  const words = attributes.map(({ key, value }): [string, string] => {
    const { case: kind, value: said } = value?.value ?? {};
    return [key, kind === "stringValue" ? String(said) : `${kind} ${String(said)}`];
  });
  return Object.fromEntries(words.sort(([a], [b]) => (a < b ? -1 : 1)));
}

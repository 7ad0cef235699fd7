// A trace collector for OTLP by gRPC and by HTTP. Rule: it tells each span as plain values, in the order of arrival; what it does not
// understand it refuses, so that a wrong export is seen.

import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from "../../src/contract/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb";
import type { KeyValue } from "../../src/contract/gen/opentelemetry/proto/common/v1/common_pb";
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

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const ANSWER = Buffer.from([0, 0, 0, 0, 0]);

/** Neither listens: whoever starts it knows the port. */
export function grpcCollector(onSpan: (span: SeenSpan) => void): Http2Server {
  return createHttp2Server().on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const isExport = headers[":path"] === EXPORT;
      if (isExport) for (const span of spansOf(Buffer.concat(chunks).subarray(5), "grpc")) onSpan(span);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": isExport ? "0" : "12" }));
      stream.end(isExport ? ANSWER : undefined);
    });
  });
}

export function httpCollector(onSpan: (span: SeenSpan) => void): Server {
  return createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("error", () => {});
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { host, "content-type": type, "x-key": key = "" } = incoming.headers;
      const by = [incoming.method, host, incoming.url, type, key].join(" ");
      for (const span of spansOf(Buffer.concat(chunks), by)) onSpan(span);
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

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function wordsOf(attributes: readonly KeyValue[]): Record<string, string> {
  const words = attributes.map(({ key, value }): [string, string] => {
    const { case: kind, value: said } = value?.value ?? {};
    return [key, kind === "stringValue" ? String(said) : `${kind} ${String(said)}`];
  });
  return Object.fromEntries(words.sort(([a], [b]) => (a < b ? -1 : 1)));
}

// One span as the bytes of opentelemetry.proto.trace.v1.Span, and the message around a batch of them. Rule: written where the span ends,
// so that nothing of the request is kept alive; the numbers are those of contract/protos.

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { version } from "../../version";
import { nanoseconds, textAttribute } from "../otlp/encoding";

export interface SpanFacts {
  readonly traceId: string;
  readonly spanId: string;
  /** "": a root. */
  readonly parentId: string;
  readonly state: string;
  readonly name: string;
  readonly kind: "server" | "client";
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: ReadonlyMap<string, string>;
  readonly isError: boolean;
}

const KIND = { server: 2, client: 3 } as const;
const ERROR = 2;

export function encodeSpan(span: SpanFacts): Uint8Array {
  const { traceId, spanId, parentId, state, name } = span;
  const to = new BinaryWriter();
  to.tag(1, WireType.LengthDelimited).bytes(Buffer.from(traceId, "hex"));
  to.tag(2, WireType.LengthDelimited).bytes(Buffer.from(spanId, "hex"));
  if (state !== "") to.tag(3, WireType.LengthDelimited).string(state);
  if (parentId !== "") to.tag(4, WireType.LengthDelimited).bytes(Buffer.from(parentId, "hex"));
  to.tag(5, WireType.LengthDelimited).string(name);
  to.tag(6, WireType.Varint).int32(KIND[span.kind]);
  to.tag(7, WireType.Bit64).fixed64(nanoseconds(span.startMs));
  to.tag(8, WireType.Bit64).fixed64(nanoseconds(span.endMs));
  for (const [key, value] of span.attributes) textAttribute(to.tag(9, WireType.LengthDelimited), key, value);
  if (span.isError) to.tag(15, WireType.LengthDelimited).fork().tag(3, WireType.Varint).int32(ERROR).join();
  return to.finish();
}

/** An ExportTraceServiceRequest of spans that are bytes already. */
export function encodeExport(serviceName: string, spans: readonly Uint8Array[]): Uint8Array {
  const to = new BinaryWriter();
  to.tag(1, WireType.LengthDelimited).fork();
  to.tag(1, WireType.LengthDelimited).fork();
  const resource = {
    "service.name": serviceName,
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "meshwright",
    "telemetry.sdk.version": version,
  };
  for (const [key, value] of Object.entries(resource)) textAttribute(to.tag(1, WireType.LengthDelimited), key, value);
  to.join();
  to.tag(2, WireType.LengthDelimited).fork();
  to.tag(1, WireType.LengthDelimited).fork();
  to.tag(1, WireType.LengthDelimited).string("meshwright").tag(2, WireType.LengthDelimited).string(version).join();
  for (const span of spans) to.tag(2, WireType.LengthDelimited).bytes(span);
  return to.join().join().finish();
}

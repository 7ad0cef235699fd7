// One access log record as the bytes of opentelemetry.proto.logs.v1.LogRecord, and the message around a batch of them. Rule: written where
// the request ends, so that nothing of it is kept alive; what is absent is "-", as Envoy writes it.

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { NodePlan, OtlpEntries, OtlpFormat, OtlpLogExporterPlan, OtlpLogPlan } from "../../plan/types";
import { type AccessRecord, formattedText } from "../../telemetry/access-log";
import { utf8Of } from "../latin1-text";
import { customTags } from "../tracing/tags";
import { nanoseconds, textAttribute } from "./encoding";

/** Of AnyValue. */
const STRING = 1;
const ARRAY = 5;
const MAP = 6;

/** Writes one AnyValue, whose tag is written already. */
type ValueWriter = (to: BinaryWriter, record: AccessRecord) => void;

export function compileLogRecord(plan: OtlpLogPlan): (record: AccessRecord) => Uint8Array {
  const body = plan.body && valueWriter(plan.body);
  const attributes = entriesWriter(plan.attributes);
  const tags = customTags(plan.customTags);
  return (record) => {
    const to = new BinaryWriter();
    to.tag(1, WireType.Bit64).fixed64(nanoseconds(record.startWallMs));
    if (body !== null) body(to.tag(5, WireType.LengthDelimited), record);
    attributes(to, 6, record);
    for (const { tag, read } of tags) {
      const value = read(record);
      if (value !== undefined) textAttribute(to.tag(6, WireType.LengthDelimited), tag, value);
    }
    if (record.traceId !== "") to.tag(9, WireType.LengthDelimited).bytes(Buffer.from(record.traceId, "hex"));
    if (record.spanId !== "") to.tag(10, WireType.LengthDelimited).bytes(Buffer.from(record.spanId, "hex"));
    return to.finish();
  };
}

function valueWriter(format: OtlpFormat): ValueWriter {
  switch (format.kind) {
    case "text": {
      const text = formattedText(format.parts, "-", utf8Of);
      return (to, record) => to.fork().tag(STRING, WireType.LengthDelimited).string(text(record)).join();
    }
    case "list": {
      const items = format.items.map(valueWriter);
      return (to, record) => {
        to.fork().tag(ARRAY, WireType.LengthDelimited).fork();
        for (const item of items) item(to.tag(1, WireType.LengthDelimited), record);
        to.join().join();
      };
    }
    case "map": {
      const entries = entriesWriter(format.entries);
      return (to, record) => {
        to.fork().tag(MAP, WireType.LengthDelimited).fork();
        entries(to, 1, record);
        to.join().join();
      };
    }
  }
}

/** Writes KeyValues as a repeated field. */
function entriesWriter(entries: OtlpEntries): (to: BinaryWriter, field: number, record: AccessRecord) => void {
  const writers = entries.map(([key, format]) => ({ key, write: valueWriter(format) }));
  return (to, field, record) => {
    for (const { key, write } of writers) {
      to.tag(field, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(key);
      write(to.tag(2, WireType.LengthDelimited), record);
      to.join();
    }
  };
}

/** The Resource of a batch, as bytes: Envoy's labels, and what the configuration adds. */
export function logResource({ logName, resource }: OtlpLogExporterPlan, node: NodePlan): Uint8Array {
  const to = new BinaryWriter();
  const labels =
    logName === null ? {} : { log_name: logName, zone_name: node.zone, cluster_name: node.cluster, node_name: node.id };
  for (const [key, value] of Object.entries(labels)) textAttribute(to.tag(1, WireType.LengthDelimited), key, value);
  for (const { key, value } of resource) {
    to.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(key);
    to.tag(2, WireType.LengthDelimited).bytes(Buffer.from(value, "base64"));
    to.join();
  }
  return to.finish();
}

/** An ExportLogsServiceRequest of records that are bytes already. */
export function encodeLogExport(resource: Uint8Array, records: readonly Uint8Array[]): Uint8Array {
  const to = new BinaryWriter();
  to.tag(1, WireType.LengthDelimited).fork();
  to.tag(1, WireType.LengthDelimited).bytes(resource);
  to.tag(2, WireType.LengthDelimited).fork();
  for (const record of records) to.tag(2, WireType.LengthDelimited).bytes(record);
  return to.join().join().finish();
}

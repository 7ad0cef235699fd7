// The values that messages are made of, as bytes: scalars, and Google's own messages, which JSON writes in a shorter way.
// The rule: what the compiler does not write is refused, never guessed.
import { type DescMessage, fromJson, ScalarType, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, base64Decode, WireType } from "@bufbuild/protobuf/wire";
import { registry } from "@meshwright/proxy/contract";
import type { Json, JsonObject } from "./envoy-json";

export type Writes = (writer: BinaryWriter, value: Json) => void;
/** Writes the field that holds the message within an Any. `json` has its type beside its fields. */
type WritesValue = (desc: DescMessage, writer: BinaryWriter, json: JsonObject) => void;

/** Where JSON says which message an Any holds, and the number of the field with the message. */
export const ANY_TYPE = "@type";
export const ANY_VALUE = 2;

export function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

export function writeScalar(writer: BinaryWriter, scalar: ScalarType, value: Json): void {
  if (typeof value === "number") writeNumber(writer, scalar, value);
  else if (typeof value === "string" && scalar === ScalarType.STRING) writer.string(value);
  else if (typeof value === "string" && scalar === ScalarType.BYTES) writer.bytes(base64Decode(value));
  else if (typeof value === "boolean" && scalar === ScalarType.BOOL) writer.bool(value);
  else throw new Error(`not a ${ScalarType[scalar]}: ${JSON.stringify(value)}`);
}

function writeNumber(writer: BinaryWriter, scalar: ScalarType, value: number): void {
  switch (scalar) {
    case ScalarType.UINT32:
      writer.uint32(value);
      break;
    case ScalarType.INT32:
      writer.int32(value);
      break;
    case ScalarType.UINT64:
      writer.uint64(value);
      break;
    case ScalarType.INT64:
      writer.int64(value);
      break;
    case ScalarType.DOUBLE:
      writer.double(value);
      break;
    case ScalarType.FLOAT:
      writer.float(value);
      break;
    default:
      throw new Error(`not a ${ScalarType[scalar]}: ${value}`);
  }
}

/** Undefined for messages whose JSON has their own fields. */
export function wellKnownWriter(desc: DescMessage, writesValue: WritesValue): Writes | undefined {
  const { typeName } = desc;
  if (!typeName.startsWith("google.protobuf.")) return undefined;
  if (typeName === "google.protobuf.Any") return (writer, value) => writeAny(writer, value, writesValue);
  if (typeName === "google.protobuf.Duration") return writeDuration;
  if (typeName === "google.protobuf.Struct") return writeStruct;
  const scalar = WRAPPED[typeName];
  if (scalar !== undefined) return (writer, value) => writeWrapped(writer, scalar, value);
  // The others are rare.
  return (writer, value) => void writer.raw(toBinary(desc, fromJson(desc, value, { registry })));
}

const WRAPPED: Readonly<Record<string, ScalarType>> = {
  "google.protobuf.BoolValue": ScalarType.BOOL,
  "google.protobuf.UInt32Value": ScalarType.UINT32,
  "google.protobuf.UInt64Value": ScalarType.UINT64,
  "google.protobuf.DoubleValue": ScalarType.DOUBLE,
  "google.protobuf.StringValue": ScalarType.STRING,
};

function writeWrapped(writer: BinaryWriter, scalar: ScalarType, value: Json): void {
  if (value === 0 || value === false || value === "") return;
  writer.tag(1, wireTypeOf(scalar));
  writeScalar(writer, scalar, value);
}

function writeAny(writer: BinaryWriter, value: Json, writesValue: WritesValue): void {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("not an Any");
  const url = String(value[ANY_TYPE]);
  const type = anyTypes.get(url) ?? anyTypeOf(url);
  writer.raw(type.bytes);
  writesValue(type.desc, writer, value);
}

/** By what JSON says: the message that it means, and the field that says so as bytes. */
const anyTypes = new Map<string, { desc: DescMessage; bytes: Uint8Array }>();

function anyTypeOf(url: string) {
  const desc = registry.getMessage(url.slice(url.lastIndexOf("/") + 1));
  if (!desc || desc.typeName.startsWith("google.protobuf.")) throw new Error(`no type of a message: ${url}`);
  const type = { desc, bytes: new BinaryWriter().tag(1, WireType.LengthDelimited).string(url).finish() };
  anyTypes.set(url, type);
  return type;
}

const DURATION = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/;

function writeDuration(writer: BinaryWriter, value: Json): void {
  const [, sign, whole, fraction = ""] = DURATION.exec(String(value)) ?? [];
  if (whole === undefined) throw new Error(`not a duration: ${JSON.stringify(value)}`);
  const factor = sign === "-" ? -1 : 1;
  const seconds = factor * Number(whole);
  const nanos = factor * Number(fraction.padEnd(9, "0"));
  if (seconds !== 0) writer.tag(1, WireType.Varint).int64(seconds);
  if (nanos !== 0) writer.tag(2, WireType.Varint).int32(nanos);
}

function writeStruct(writer: BinaryWriter, value: Json): void {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("not a Struct");
  for (const [key, each] of Object.entries(value)) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key);
    writer.tag(2, WireType.LengthDelimited).fork();
    writeValue(writer, each);
    writer.join();
    writer.join();
  }
}

/** google.protobuf.Value: which of six kinds it is, and what it is. */
function writeValue(writer: BinaryWriter, value: Json): void {
  if (value === null) writer.tag(1, WireType.Varint).int32(0);
  else if (typeof value === "number") writer.tag(2, WireType.Bit64).double(value);
  else if (typeof value === "string") writer.tag(3, WireType.LengthDelimited).string(value);
  else if (typeof value === "boolean") writer.tag(4, WireType.Varint).bool(value);
  else {
    writer.tag(Array.isArray(value) ? 6 : 5, WireType.LengthDelimited).fork();
    if (Array.isArray(value)) writeList(writer, value);
    else writeStruct(writer, value);
    writer.join();
  }
}

function writeList(writer: BinaryWriter, list: readonly Json[]): void {
  for (const each of list) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writeValue(writer, each);
    writer.join();
  }
}

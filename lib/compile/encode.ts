// Envoy JSON -> the bytes of its message, without the message in between: what a control plane sends is only ever sent.
// The rule: the bytes are those of reading the JSON and encoding what was read; a field that Envoy does not have is refused here as well.
import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { FilterChainSchema, VirtualHostSchema } from "@meshwright/proxy/contract";
import { type Field, Shape } from "./encode-shape";
import { ANY_TYPE, ANY_VALUE, type Writes, wellKnownWriter, wireTypeOf, writeScalar } from "./encode-values";
import type { Json, JsonObject } from "./envoy-json";

/** Messages within others that proxies have in common. */
const SHARED: ReadonlySet<string> = new Set([FilterChainSchema.typeName, VirtualHostSchema.typeName]);

/** By the value itself: the compiler gives the same one to all who need the same, and nobody changes it. */
const encoded = new WeakMap<JsonObject, Uint8Array>();

/** The same bytes for the same value. */
export function encode(schema: DescMessage, json: JsonObject): Uint8Array {
  const known = encoded.get(json);
  if (known) return known;
  const bytes = bytesOf(schema, json);
  encoded.set(json, bytes);
  return bytes;
}

/**
 * Stands for a message that is only sent from now on: it encodes to the same bytes and says nothing else, so that what the message
 * was written as need not be kept.
 */
export function standIn(schema: DescMessage, json: JsonObject): JsonObject {
  const token: JsonObject = {};
  encoded.set(token, bytesOf(schema, json));
  return token;
}

/** Those that are not in use: each has grown to what it wrote. */
const writers: BinaryWriter[] = [];

function bytesOf(schema: DescMessage, json: JsonObject): Uint8Array {
  return written((writer) => writesOf(schema)(writer, json));
}

function written(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = writers.pop() ?? new BinaryWriter();
  write(writer);
  const bytes = writer.finish();
  writers.push(writer);
  return bytes;
}

const writesOfType = new Map<string, Writes>();

/** Made when it is first needed: of Envoy's messages few are, and some contain themselves. */
function writesOf(desc: DescMessage): Writes {
  const known = writesOfType.get(desc.typeName);
  if (known) return known;
  const writes = later(() => wellKnownWriter(desc, writeValueOfAny) ?? fieldsWriter(desc));
  writesOfType.set(desc.typeName, writes);
  return writes;
}

function later(make: () => Writes): Writes {
  let made: Writes | undefined;
  return (writer, value) => {
    made ??= make();
    made(writer, value);
  };
}

function fieldsWriter(desc: DescMessage): Writes {
  const empty = emptyShape(desc);
  return (writer, value) => {
    const said = objectIn(desc.typeName, value);
    writeFields(writer, empty.of(said), said);
  };
}

function writeFields(writer: BinaryWriter, { fields }: Shape, said: JsonObject): void {
  for (const { key, writes } of fields) writes(writer, said[key] ?? null);
}

function emptyShape(desc: DescMessage, beside?: string): Shape {
  const fields = new Map<string, Field>();
  for (const field of desc.fields) {
    const writes = later(() => fieldWriter(field));
    const isAlwaysSeen = field.fieldKind === "message" || isSeenAtZero(field);
    for (const key of [field.jsonName, field.name]) {
      fields.set(key, { key, number: field.number, oneof: field.oneof?.name, isAlwaysSeen, writes });
    }
  }
  return new Shape({ name: desc.typeName, fields, beside });
}

/** Without presence of its own a field at its zero is left out. */
function isSeenAtZero(field: DescField): boolean {
  const isSingle = field.fieldKind === "scalar" || field.fieldKind === "enum";
  return isSingle && (field.presence !== FeatureSet_FieldPresence.IMPLICIT || field.oneof !== undefined);
}

const shapesOfAny = new Map<string, Shape>();

/** The message in an Any, whose fields stand beside its type; nothing where it comes to no bytes. */
function writeValueOfAny(desc: DescMessage, writer: BinaryWriter, said: JsonObject): void {
  const empty = shapesOfAny.get(desc.typeName) ?? emptyShape(desc, ANY_TYPE);
  shapesOfAny.set(desc.typeName, empty);
  const shape = empty.of(said);
  if (shape.isAlwaysSeen) {
    writer.tag(ANY_VALUE, WireType.LengthDelimited).fork();
    writeFields(writer, shape, said);
    writer.join();
    return;
  }
  const bytes = written((own) => writeFields(own, shape, said));
  if (bytes.length > 0) writer.tag(ANY_VALUE, WireType.LengthDelimited).bytes(bytes);
}

function fieldWriter(field: DescField): Writes {
  switch (field.fieldKind) {
    case "message":
      return memberWriter(field.number, field.message);
    case "scalar":
    case "enum":
      return singleWriter(field);
    case "list":
      return listWriter(field);
    case "map":
      return mapWriter(field);
  }
}

/** A message within another: its number, its length, its bytes. */
function memberWriter(number: number, message: DescMessage): Writes {
  if (SHARED.has(message.typeName)) {
    return (writer, value) =>
      writer.tag(number, WireType.LengthDelimited).bytes(encode(message, objectIn(message.typeName, value)));
  }
  const writes = writesOf(message);
  return (writer, value) => {
    writer.tag(number, WireType.LengthDelimited).fork();
    writes(writer, value);
    writer.join();
  };
}

type Plain = { scalar?: ScalarType | undefined; enum?: DescEnum | undefined };

function singleWriter(field: DescField & { fieldKind: "scalar" | "enum" }): Writes {
  const writes = numbered(field.number, field);
  const isLeftOut = !isSeenAtZero(field);
  const zero = field.enum?.values[0]?.name;
  return (writer, value) => {
    if (isLeftOut && (value === zero || value === 0 || value === "" || value === false)) return;
    writes(writer, value);
  };
}

function numbered(number: number, plain: Plain): Writes {
  const wireType = wireTypeOf(plain.scalar ?? ScalarType.INT32);
  const writes = valueWriter(plain);
  return (writer, value) => writes(writer.tag(number, wireType), value);
}

function valueWriter({ scalar = ScalarType.INT32, enum: choices }: Plain): Writes {
  const numbers = new Map(choices?.values.map((value) => [value.name, value.number]));
  return (writer, value) => {
    const chosen = choices && typeof value === "string" ? numbers.get(value) : value;
    if (chosen === undefined) throw notA(String(choices?.typeName), value);
    writeScalar(writer, scalar, chosen);
  };
}

function listWriter(field: DescField & { fieldKind: "list" }): Writes {
  if (field.listKind !== "message" && field.packed) {
    const writes = valueWriter(field);
    return (writer, value) => {
      const list = listIn(value);
      if (list.length === 0) return;
      writer.tag(field.number, WireType.LengthDelimited).fork();
      for (const each of list) writes(writer, each);
      writer.join();
    };
  }
  const writes =
    field.listKind === "message" ? memberWriter(field.number, field.message) : numbered(field.number, field);
  return (writer, value) => {
    for (const each of listIn(value)) writes(writer, each);
  };
}

function mapWriter(field: DescField & { fieldKind: "map" }): Writes {
  const keys = numbered(1, { scalar: field.mapKey });
  const values = field.mapKind === "message" ? memberWriter(2, field.message) : numbered(2, field);
  return (writer, value) => {
    for (const [key, each] of Object.entries(objectIn("map", value))) {
      writer.tag(field.number, WireType.LengthDelimited).fork();
      keys(writer, key);
      values(writer, each);
      writer.join();
    }
  };
}

function listIn(value: Json): Json[] {
  if (!Array.isArray(value)) throw notA("list", value);
  return value;
}

function objectIn(what: string, value: Json): JsonObject {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw notA(what, value);
  return value;
}

const notA = (what: string, value: Json) => new Error(`not a ${what}: ${JSON.stringify(value)}`);

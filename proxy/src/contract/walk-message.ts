// Walks a decoded message by its descriptor and visits every field that is set, also inside Any.
// One rule: the visitor sees all set fields of all messages; nothing is left out because it is unknown here.

import { type DescField, type DescMessage, fromBinary, isFieldSet, type Message } from "@bufbuild/protobuf";
import { messageOfTypeUrl } from "./registry";
import { joinPath, keyPath, type Violation } from "./violations";

export interface MessageVisitor {
  /** A field that is set. Return false to leave out what is below it. */
  field(message: DescMessage, field: DescField, value: unknown, path: string): boolean;
  /** Every message, before its fields. */
  message?(desc: DescMessage, message: Message, path: string): void;
  problem(violation: Violation): void;
}

const WELL_KNOWN = "google.protobuf.";
const ANY = "google.protobuf.Any";
/** Deeper than any configuration: Envoy's own limit for decoding is 100. */
const MAX_DEPTH = 100;

export function walkMessage(
  desc: DescMessage,
  message: Message,
  path: string,
  visitor: MessageVisitor,
  depth = 0,
): void {
  if (depth > MAX_DEPTH) {
    visitor.problem({ path, message: `nested deeper than ${MAX_DEPTH} messages; flatten it` });
    return;
  }
  visitor.message?.(desc, message, path);
  if (message.$unknown && message.$unknown.length > 0) {
    const numbers = message.$unknown.map(({ no }) => no).join(", ");
    visitor.problem({
      path,
      message: `holds fields that this version does not know (numbers ${numbers}); remove them`,
    });
  }
  for (const field of desc.fields) {
    if (isFieldSet(message, field)) {
      walkField(desc, field, message, path, visitor, depth);
    }
  }
}

function walkField(
  desc: DescMessage,
  field: DescField,
  message: Message,
  path: string,
  visitor: MessageVisitor,
  depth: number,
): void {
  const value = fieldValue(message, field);
  const fieldPath = joinPath(path, field.name);
  if (!visitor.field(desc, field, value, fieldPath) || !field.message) {
    return;
  }
  const inner = field.message;
  if (field.fieldKind === "list") {
    (value as unknown[]).forEach((item, index) => {
      walkInner(inner, item, keyPath(fieldPath, index), visitor, depth);
    });
  } else if (field.fieldKind === "map") {
    for (const [key, item] of Object.entries(value as Record<string, unknown>)) {
      walkInner(inner, item, keyPath(fieldPath, key), visitor, depth);
    }
  } else {
    walkInner(inner, value, fieldPath, visitor, depth);
  }
}

function walkInner(desc: DescMessage, value: unknown, path: string, visitor: MessageVisitor, depth: number): void {
  if (desc.typeName === ANY) {
    const any = value as { typeUrl: string; value: Uint8Array };
    const inner = messageOfTypeUrl(any.typeUrl);
    if (!inner) {
      return; // the visitor of the field refuses unknown types
    }
    try {
      walkMessage(inner, fromBinary(inner, any.value), path, visitor, depth + 1);
    } catch (error) {
      visitor.problem({ path, message: `cannot be decoded as ${inner.typeName}: ${(error as Error).message}` });
    }
  } else if (!desc.typeName.startsWith(WELL_KNOWN)) {
    walkMessage(desc, value as Message, path, visitor, depth + 1);
  }
}

/** The value of a set field as protobuf-es keeps it (oneofs unwrapped). */
export function fieldValue(message: Message, field: DescField): unknown {
  const record = message as unknown as Record<string, unknown>;
  return field.oneof ? (record[field.oneof.localName] as { value: unknown }).value : record[field.localName];
}

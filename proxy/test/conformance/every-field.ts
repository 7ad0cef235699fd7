// Walks the descriptors of everything the proxy takes: each field is refused by its path, or it is a row of the support table with
// a case of the conformance run behind it. Rule: what is accepted is found by walking, so that no message is forgotten.

import { create, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { findUnsupported, REFUSAL } from "../../src/contract/find-unsupported";
import { BootstrapSchema } from "../../src/contract/messages";
import { messageOfTypeUrl } from "../../src/contract/registry";
import { RESOURCE_SCHEMAS } from "../../src/contract/resource-types";
import { SUPPORT } from "../../src/contract/support";

/** Every message that can stand in a configuration that is taken. */
function acceptedMessages(): DescMessage[] {
  const found = new Map<string, DescMessage>();
  const visit = (desc: DescMessage): void => {
    if (found.has(desc.typeName) || desc.typeName.startsWith("google.protobuf.")) return;
    found.set(desc.typeName, desc);
    for (const field of desc.fields) {
      const support = SUPPORT[desc.typeName]?.[field.name];
      if (support === undefined) continue;
      if (field.message) visit(field.message);
      for (const name of support.types ?? []) {
        const inner = messageOfTypeUrl(name);
        if (inner === undefined) throw new Error(`${desc.typeName}.${field.name} holds ${name}, which is not known`);
        visit(inner);
      }
    }
  };
  for (const desc of [BootstrapSchema, ...Object.values(RESOURCE_SCHEMAS)]) visit(desc);
  return [...found.values()];
}

function scalarOf(type: ScalarType | undefined): unknown {
  switch (type) {
    case ScalarType.STRING:
      return "x";
    case ScalarType.BOOL:
      return true;
    case ScalarType.BYTES:
      return new Uint8Array([1]);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 1n;
    default:
      return 1;
  }
}

/** The message with nothing but this field, set to what is not its default. */
function only(desc: DescMessage, field: DescField) {
  const message = reflect(desc, create(desc));
  const one = (): unknown =>
    field.message
      ? reflect(field.message, create(field.message))
      : field.enum
        ? (field.enum.values.find(({ number }) => number !== 0)?.number ?? 0)
        : scalarOf(field.scalar);
  if (field.fieldKind === "list") message.get(field).add(one() as never);
  else if (field.fieldKind === "map") message.get(field).set(scalarOf(field.mapKey) as never, one() as never);
  else message.set(field, one() as never);
  return message.message;
}

/** Fields that the table does not list and that are not refused by their path, and no other. */
export function notRefused(): string[] {
  return acceptedMessages().flatMap((desc) =>
    desc.fields.flatMap((field) => {
      if (SUPPORT[desc.typeName]?.[field.name] !== undefined) return [];
      const found = findUnsupported(desc, only(desc, field), "at");
      const isRefused = found.length === 1 && found[0]?.path === `at.${field.name}` && found[0].message === REFUSAL;
      return isRefused ? [] : [`${desc.typeName}.${field.name}: ${JSON.stringify(found)}`];
    }),
  );
}

/** Rows of the table that can stand in a configuration. */
export const takenRows = (): string[] =>
  acceptedMessages().flatMap((desc) =>
    desc.fields.flatMap(({ name }) => (SUPPORT[desc.typeName]?.[name] ? [`${desc.typeName}.${name}`] : [])),
  );

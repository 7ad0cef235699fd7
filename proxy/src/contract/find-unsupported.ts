// Refusals: every field that is set and that the support table does not list, by its path.
// One rule: the table decides alone; there is no second place where a field is let through.

import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { type FieldSupport, type MessageSupport, SUPPORT } from "./support";
import { joinPath, keyPath, type Violation } from "./violations";
import { walkMessage } from "./walk-message";

export const REFUSAL = "not supported by this proxy; remove it or run Envoy";

/** @param extra additions to the table for this message only */
export function findUnsupported(
  desc: DescMessage,
  message: Message,
  path: string,
  extra: Readonly<Record<string, MessageSupport>> = {},
): Violation[] {
  const found: Violation[] = [];
  walkMessage(desc, message, path, {
    problem: (violation) => found.push(violation),
    field(owner, field, value, fieldPath) {
      const support = extra[owner.typeName]?.[field.name] ?? SUPPORT[owner.typeName]?.[field.name];
      if (!support) {
        found.push({ path: fieldPath, message: REFUSAL });
        return false;
      }
      const problems = valueProblems(field, value, fieldPath, support);
      found.push(...problems);
      return problems.length === 0;
    },
  });
  return found;
}

function valueProblems(field: DescField, value: unknown, path: string, support: FieldSupport): Violation[] {
  if (support.types) {
    return anyProblems(field, value, path, support);
  }
  if (!support.only) {
    return [];
  }
  const shown = enumName(field, value);
  return support.only.includes(shown)
    ? []
    : [
        {
          path,
          message: `${JSON.stringify(shown)} is ${REFUSAL}; supported: ${support.only.map((one) => JSON.stringify(one)).join(", ")}`,
        },
      ];
}

function anyProblems(field: DescField, value: unknown, path: string, support: FieldSupport): Violation[] {
  const entries: [string, string, { typeUrl: string }][] =
    field.fieldKind === "map"
      ? Object.entries(value as Record<string, { typeUrl: string }>).map(([key, any]) => [keyPath(path, key), key, any])
      : [[path, "", value as { typeUrl: string }]];
  return entries.flatMap(([anyPath, key, any]) => {
    if (support.keys && !support.keys.includes(key)) {
      return [{ path: anyPath, message: REFUSAL }];
    }
    const name = any.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1);
    const supported = support.types ?? [];
    return supported.includes(name)
      ? []
      : [
          {
            path: joinPath(anyPath, "@type"),
            message: `${name || "no type"} is ${REFUSAL}; supported: ${supported.join(", ")}`,
          },
        ];
  });
}

function enumName(field: DescField, value: unknown): string | number | boolean {
  const name = field.enum?.value[value as number]?.name;
  return name ?? (value as string | number | boolean);
}

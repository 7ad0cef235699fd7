// The rows of the support table by short names, and configurations without one of them. Rule: a field is found by the
// descriptor of the message it stands in, wherever that is in the configuration, never by its name alone.

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { BootstrapSchema } from "../../src/contract/messages";
import { messageOfTypeUrl } from "../../src/contract/registry";
import { SUPPORT } from "../../src/contract/support";
import type { FieldSupport } from "../../src/contract/support-words";
import type { Config } from "./types";

export interface Row {
  /** Full name: message and field. */
  readonly name: string;
  readonly message: string;
  readonly field: string;
  readonly support: FieldSupport;
}

export const ROWS: readonly Row[] = Object.entries(SUPPORT).flatMap(([message, fields]) =>
  Object.entries(fields).map(([field, support]) => ({ name: `${message}.${field}`, message, field, support })),
);

/** "RouteMatch.prefix" -> its row; more of the name where that is not the only one. */
export function rowOf(short: string): Row {
  const found = ROWS.filter(({ name }) => name === short || name.endsWith(`.${short}`));
  const [row, second] = found;
  if (row === undefined) throw new Error(`${short} is no row of the support table`);
  if (second !== undefined) throw new Error(`${short} may be ${found.map(({ name }) => name).join(" or ")}`);
  return row;
}

/** The same bootstrap without the field, in every message of its type. */
export function withoutField(bootstrap: Config, row: Row): Config {
  let removed = 0;
  const message = (desc: DescMessage, value: unknown): unknown => {
    if (desc.typeName === "google.protobuf.Any" && isRecord(value)) {
      const inner = messageOfTypeUrl(String(value["@type"]));
      if (inner === undefined) return value;
      const { "@type": type, ...rest } = value;
      return { "@type": type, ...(message(inner, rest) as Config) };
    }
    if (!isRecord(value) || desc.typeName.startsWith("google.protobuf.")) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) => {
        if (desc.typeName === row.message && key === row.field) {
          removed++;
          return [];
        }
        const field = desc.fields.find(({ name }) => name === key);
        return [[key, field ? fieldValue(field, inner) : inner]];
      }),
    );
  };
  const fieldValue = (field: DescField, value: unknown): unknown => {
    const desc = field.message;
    if (!desc) return value;
    if (field.fieldKind === "list") return (value as unknown[]).map((item) => message(desc, item));
    if (field.fieldKind === "map") {
      return Object.fromEntries(Object.entries(value as Config).map(([key, item]) => [key, message(desc, item)]));
    }
    return message(desc, value);
  };
  const left = message(BootstrapSchema, bootstrap) as Config;
  if (removed === 0) throw new Error(`${row.name} is nowhere in the configuration`);
  return left;
}

const isRecord = (value: unknown): value is Config =>
  typeof value === "object" && value !== null && !Array.isArray(value);

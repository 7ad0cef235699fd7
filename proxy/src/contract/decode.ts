// Configuration in, typed messages out: a static file (YAML or JSON) or the bytes of one xDS resource.
// One rule: all problems are reported at once, each with its path; nothing half-decoded gets out.

import { type DescMessage, fromBinary, fromJson, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import { checkJson } from "./check-json";
import { type Bootstrap, BootstrapSchema } from "./messages";
import { registry } from "./registry";
import { RESOURCE_SCHEMAS, type ResourceKind, type ResourceMessages } from "./resource-types";
import type { Violation } from "./violations";
import { parseYaml } from "./yaml";

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/** A bootstrap as text; JSON is YAML too. */
export function decodeBootstrap(text: string): Decoded<Bootstrap> {
  return decodeText(BootstrapSchema, text);
}

/** Any message as YAML or JSON text. */
export function decodeText<Desc extends DescMessage>(schema: Desc, text: string): Decoded<MessageShape<Desc>> {
  const trimmed = text.trimStart();
  if (trimmed.startsWith("{")) {
    try {
      return decodeJson(schema, JSON.parse(text) as JsonValue);
    } catch {
      // flow-style YAML also begins with a brace
    }
  }
  const parsed = parseYaml(text);
  return parsed.ok ? decodeJson(schema, parsed.json) : parsed;
}

export function decodeJson<Desc extends DescMessage>(
  schema: Desc,
  json: JsonValue,
  path = "",
): Decoded<MessageShape<Desc>> {
  const violations: Violation[] = [];
  const checked = checkJson(schema, json, path, violations);
  if (violations.length > 0) {
    return { ok: false, violations };
  }
  try {
    return { ok: true, value: fromJson(schema, checked, { registry }) };
  } catch (error) {
    return { ok: false, violations: [{ path, message: (error as Error).message }] };
  }
}

/** The bytes of an xDS resource (the value of its Any). */
export function decodeResource<K extends ResourceKind>(kind: K, bytes: Uint8Array): Decoded<ResourceMessages[K]> {
  const schema: DescMessage = RESOURCE_SCHEMAS[kind];
  try {
    return { ok: true, value: fromBinary(schema, bytes) as unknown as ResourceMessages[K] };
  } catch (error) {
    return { ok: false, violations: [{ path: "", message: `cannot be decoded: ${(error as Error).message}` }] };
  }
}

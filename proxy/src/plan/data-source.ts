// Envoy DataSource without reading anything: inline bytes, or where they are.

import type { DataSource } from "../contract/messages";
import type { Scope } from "./scope";
import type { DataSourcePlan } from "./types";

export function dataSource(source: DataSource | undefined, scope: Scope): DataSourcePlan {
  const specifier = source?.specifier;
  switch (specifier?.case) {
    case "filename":
      return { kind: "file", path: specifier.value };
    case "environmentVariable":
      return { kind: "environment", variable: specifier.value };
    case "inlineBytes":
      return { kind: "inline", bytes: specifier.value };
    case "inlineString":
      return { kind: "inline", bytes: new TextEncoder().encode(specifier.value) };
    default:
      scope.fail("needs one of filename, inline_string, inline_bytes, environment_variable");
      return { kind: "inline", bytes: new Uint8Array() };
  }
}

/** Bytes that must be in the configuration itself. */
export function dataBytes(source: DataSource | undefined, scope: Scope): Uint8Array | null {
  const plan = dataSource(source, scope);
  if (plan.kind !== "inline") {
    scope.fail("must be inline_string or inline_bytes: this proxy does not read files here");
    return null;
  }
  return plan.bytes;
}

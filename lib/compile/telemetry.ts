// What a connection manager tells of its requests, and to whom: access logs and spans.
// The rule: it is said once for the mesh, and each proxy says it in the name of who owns it.
import { type ConnectionKind, meshLog, ownLog } from "./access-log";
import type { JsonObject } from "./envoy-json";
import type { CompileContext } from "./parts";
import { tracingOf } from "./tracing";

export type Telemetry = { access_log: JsonObject[]; tracing?: JsonObject };

/** @param owner undefined: whoever it is, nobody is told of it */
export function telemetryOf(
  context: CompileContext,
  kind: ConnectionKind,
  owner: { readonly name: string; readonly namespace: string } | undefined,
): Telemetry {
  const own = ownLog(kind, context.input.overrides.accessLogPath ?? "access.log");
  if (owner === undefined) return { access_log: [own] };
  const asked = meshLog(context, kind, owner);
  const tracing = tracingOf(context, owner);
  return { access_log: asked ? [own, asked] : [own], ...(tracing ? { tracing } : {}) };
}

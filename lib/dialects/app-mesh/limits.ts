// Limits of a virtual node's listener -> TrafficPolicy of the service or subset.
// The rule: what holds on another side than before is told as a change of meaning.
import { type SpecOf, valueAt } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { slug } from "../shared/names";
import { healthCheckAt } from "./health-check";
import type { Part, Place } from "./state";
import { durationAt, numberAt, records } from "./values";

/** App Mesh limits at the callee, over all callers; a design at each caller. */
export function putLimits(context: ImportContext, { resource, spec, result }: Part, place: Place): void {
  const listener = records(valueAt(spec, ["listeners"]))[0];
  const pool = valueAt(listener, ["connectionPool"]);
  const outlier = valueAt(listener, ["outlierDetection"]);
  for (const [field, what] of [
    ["tls", "certificates"],
    ["timeout", "times of the callee's side"],
  ] as const) {
    if (valueAt(listener, [field]) === undefined) continue;
    context.warn(
      resource,
      ["spec", "listeners", 0, field],
      `${what} have no counterpart in the model and are left out`,
      "Set it in the product that you move to.",
      { verdict: "lost" },
    );
  }
  const number = (...fields: string[]) => {
    const found = ["http", "http2", "grpc", "tcp"]
      .map((type) => numberAt(pool, [type, ...fields]))
      .find((each) => each !== undefined);
    return found;
  };
  const connectionPool = defined({
    maxConnections: number("maxConnections"),
    maxPendingRequests: number("maxPendingRequests"),
    maxRequests: number("maxRequests"),
  });
  const outlierDetection = defined({
    consecutive5xxErrors: numberAt(outlier, ["maxServerErrors"]),
    intervalMs: durationAt(outlier, ["interval"]),
    baseEjectionTimeMs: durationAt(outlier, ["baseEjectionDuration"]),
    maxEjectionPercent: numberAt(outlier, ["maxEjectionPercent"]),
  });
  const healthCheck = healthCheckAt(listener);
  if (!connectionPool && !outlierDetection && !healthCheck) return;
  if (healthCheck) {
    const message = "its own proxy checks it there, and each caller's proxy here";
    const fix = "Allow the callers to ask, or take the check out.";
    context.warn(resource, ["spec", "listeners", 0, "healthCheck"], message, fix, {
      verdict: "moved",
      changesMeaning: true,
    });
  }
  if (connectionPool) {
    const message = "limits of its listener hold over all callers there, and for each caller's proxy here";
    context.warn(
      resource,
      ["spec", "listeners", 0, "connectionPool"],
      message,
      "Divide them by the number of callers.",
      { verdict: "moved", changesMeaning: true },
    );
  }
  const policy: SpecOf<"TrafficPolicy"> = {
    service: { name: place.service },
    ...(place.isOne ? {} : { subset: place.version }),
    ...(connectionPool ? { connectionPool } : {}),
    ...(outlierDetection ? { outlierDetection } : {}),
    ...(healthCheck ? { healthCheck } : {}),
  };
  const existing = context
    .all("TrafficPolicy")
    .find((each) => each.spec.service.name === place.service && each.spec.subset === policy.subset);
  result.objects.push(context.put("TrafficPolicy", slug(resource.name), policy, { resource }, existing));
}

function defined<T extends Record<string, number | undefined>>(value: T): { [K in keyof T]?: number } | undefined {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as { [K in keyof T]?: number });
}

// Envoy HealthCheck (the HTTP filter) -> HealthCheckFilterPlan. Rule: shares are whole percents, cut off as in Envoy.

import type { HttpHealthCheck } from "../contract/messages";
import type { HealthCheckFilterPlan } from "./filter-types";
import { headerMatcher } from "./matchers";
import type { Scope } from "./scope";

export function healthCheckPlan(name: string, check: HttpHealthCheck, scope: Scope): HealthCheckFilterPlan {
  return {
    kind: "health-check",
    name,
    passesOn: check.passThroughMode ?? false,
    headers: check.headers.map((one, index) => headerMatcher(one, scope.item("headers", index))),
    // Sorted, so that the answer does not depend on how a map was written.
    clusters: Object.entries(check.clusterMinHealthyPercentages)
      .map(([cluster, { value }]) => ({ name: cluster, minPercent: Math.trunc(value) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

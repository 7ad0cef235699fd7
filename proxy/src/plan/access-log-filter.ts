// Envoy AccessLogFilter -> AccessLogFilterPlan: which requests have a line. Rule: what cannot be decided here was refused before.

import { type AccessLogFilter, ComparisonFilter_Op as Op } from "../contract/messages";
import { headerMatcher } from "./matchers";
import type { Scope } from "./scope";
import type { AccessLogFilterPlan } from "./types";

const OP = { [Op.EQ]: "eq", [Op.GE]: "ge", [Op.LE]: "le" } as const;

/** null: every request. */
export function accessLogFilter(filter: AccessLogFilter | undefined, scope: Scope): AccessLogFilterPlan | null {
  return filter === undefined ? null : filterPlan(filter, scope);
}

function filterPlan({ filterSpecifier: { case: kind, value } }: AccessLogFilter, scope: Scope): AccessLogFilterPlan {
  switch (kind) {
    case "statusCodeFilter":
    case "durationFilter": {
      const { op = Op.EQ, value: wanted } = value.comparison ?? {};
      return {
        kind: kind === "durationFilter" ? "duration" : "status",
        op: OP[op],
        value: wanted?.defaultValue ?? 0,
      };
    }
    case "notHealthCheckFilter":
      return { kind: "not-health-check" };
    case "responseFlagFilter":
      return { kind: "flags", flags: value.flags };
    case "grpcStatusFilter":
      return { kind: "grpc-status", statuses: value.statuses, isExclude: value.exclude };
    case "headerFilter": {
      const at = scope.field("header_filter").field("header");
      return value.header ? { kind: "header", header: headerMatcher(value.header, at) } : refused(at);
    }
    case "andFilter":
    case "orFilter": {
      const at = scope.field(kind === "andFilter" ? "and_filter" : "or_filter");
      return {
        kind: kind === "andFilter" ? "and" : "or",
        filters: value.filters.map((each, index) => filterPlan(each, at.item("filters", index))),
      };
    }
    default:
      return refused(scope);
  }
}

function refused(scope: Scope): AccessLogFilterPlan {
  scope.fail("needs one of the filters that this proxy has");
  return { kind: "not-health-check" };
}

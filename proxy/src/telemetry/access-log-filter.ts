// Which requests have a line: Envoy's access log filters, compiled once. Rule: what is not there is compared as Envoy does: no status is 0,
// no gRPC status is what the HTTP status means.

import type { AccessLogFilterPlan, HttpRequestView } from "../plan/types";
import { grpcStatusOfHttp } from "../semantics";
import type { AccessRecord } from "./access-log";

type Test = (record: AccessRecord) => boolean;

/** A connection without requests has no headers. */
const NO_REQUEST: HttpRequestView = {
  method: "",
  path: "",
  authority: "",
  scheme: "http",
  headers: { count: 0, nameAt: () => "", valueAt: () => "" },
};

export function compileLogFilter(filter: AccessLogFilterPlan): Test {
  switch (filter.kind) {
    case "status": {
      const holds = comparison(filter.op, filter.value);
      return (record) => holds(record.status);
    }
    case "duration": {
      const holds = comparison(filter.op, filter.value);
      return (record) => holds(Math.floor(record.durationMs));
    }
    case "not-health-check":
      return (record) => !record.isHealthCheck;
    case "flags": {
      const wanted = new Set(filter.flags);
      if (wanted.size === 0) return (record) => record.flags !== "-";
      return (record) => record.flags.split(",").some((flag) => wanted.has(flag));
    }
    case "grpc-status": {
      const statuses = new Set(filter.statuses);
      return (record) => statuses.has(grpcStatusOf(record)) !== filter.isExclude;
    }
    case "header":
      return (record) => filter.header.matches(record.request ?? NO_REQUEST);
    case "and": {
      const all = filter.filters.map(compileLogFilter);
      return (record) => all.every((test) => test(record));
    }
    case "or": {
      const any = filter.filters.map(compileLogFilter);
      return (record) => any.some((test) => test(record));
    }
  }
}

function comparison(op: "eq" | "ge" | "le", wanted: number): (value: number) => boolean {
  switch (op) {
    case "eq":
      return (value) => value === wanted;
    case "ge":
      return (value) => value >= wanted;
    case "le":
      return (value) => value <= wanted;
  }
}

/** Also of what is not gRPC. */
function grpcStatusOf(record: AccessRecord): number {
  if (record.grpcStatus !== null) return record.grpcStatus;
  const said = record.responseTrailer("grpc-status") ?? record.responseHeader("grpc-status");
  return said !== undefined && /^\d{1,2}$/.test(said) ? Number(said) : grpcStatusOfHttp(record.status);
}

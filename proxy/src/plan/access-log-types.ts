// Access logs: where lines go, which requests have one, and the formats, parsed. Rule: an operator that is not in the list was refused at
// plan time.

import type { HeaderMatcher } from "./rule-types";
import type { CollectorPlan, CustomTagPlan } from "./tracing-types";

export type AccessLogPlan = {
  /** null: every request. */
  readonly filter: AccessLogFilterPlan | null;
} & (FileLogPlan | OtlpLogPlan);

export interface FileLogPlan {
  readonly kind: "file";
  /** Path of a file, or "/dev/stdout". */
  readonly path: string;
  readonly format: AccessLogFormat;
}

export interface OtlpLogPlan {
  readonly kind: "otlp";
  readonly exporter: OtlpLogExporterPlan;
  /** null: records have no body. */
  readonly body: OtlpFormat | null;
  readonly attributes: OtlpEntries;
  readonly customTags: readonly CustomTagPlan[];
}

/** Logs with equal ones share their way to the collector. */
export interface OtlpLogExporterPlan {
  readonly collector: CollectorPlan;
  /** null: only `resource` is told of who logs. */
  readonly logName: string | null;
  /** `value`: an AnyValue of OTLP, as its bytes in base64. */
  readonly resource: readonly { readonly key: string; readonly value: string }[];
  /** How long records wait for others. */
  readonly flushMs: number;
  /** Of records that wait: then they leave. 0: each at once. */
  readonly bufferBytes: number;
  /** Of its statistics; "" for none. */
  readonly statPrefix: string;
}

export type OtlpEntries = readonly (readonly [key: string, value: OtlpFormat])[];

export type OtlpFormat =
  | { readonly kind: "text"; readonly parts: readonly AccessLogPart[] }
  | { readonly kind: "list"; readonly items: readonly OtlpFormat[] }
  | { readonly kind: "map"; readonly entries: OtlpEntries };

export type AccessLogFilterPlan =
  /** status: 0 where there is none. duration: whole milliseconds. */
  | { readonly kind: "status" | "duration"; readonly op: "eq" | "ge" | "le"; readonly value: number }
  | { readonly kind: "not-health-check" }
  /** One of them is enough; none: any flag. */
  | { readonly kind: "flags"; readonly flags: readonly string[] }
  | { readonly kind: "grpc-status"; readonly statuses: readonly number[]; readonly isExclude: boolean }
  | { readonly kind: "header"; readonly header: HeaderMatcher }
  | { readonly kind: "and" | "or"; readonly filters: readonly AccessLogFilterPlan[] };

export type AccessLogFormat =
  | { readonly kind: "json"; readonly root: AccessLogJson; readonly omitEmptyValues: boolean }
  | { readonly kind: "text"; readonly parts: readonly AccessLogPart[]; readonly omitEmptyValues: boolean };

/** JSON format: objects and lists keep their shape; a string is a list of parts (one operator alone keeps its type). */
export type AccessLogJson =
  | { readonly kind: "object"; readonly entries: readonly (readonly [string, AccessLogJson])[] }
  | { readonly kind: "list"; readonly items: readonly AccessLogJson[] }
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "format"; readonly parts: readonly AccessLogPart[] };

export type AccessLogPart =
  | { readonly literal: string }
  | {
      readonly operator: AccessLogOperator;
      /** REQ, RESP: lower-case header name; START_TIME: the format string or "". */
      readonly argument: string;
      /** REQ(a?b): the second name, tried when the first is absent. */
      readonly alternative: string | null;
      /** `:N` after the operator: cut to N characters. */
      readonly maxLength: number | null;
    };

export type AccessLogOperator =
  | "BYTES_RECEIVED"
  | "BYTES_SENT"
  | "CONNECTION_TERMINATION_DETAILS"
  | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS"
  | "DOWNSTREAM_LOCAL_ADDRESS"
  | "DOWNSTREAM_PEER_URI_SAN"
  | "DOWNSTREAM_REMOTE_ADDRESS"
  | "DOWNSTREAM_TLS_VERSION"
  | "DOWNSTREAM_TRANSPORT_FAILURE_REASON"
  | "DURATION"
  | "GRPC_STATUS"
  | "GRPC_STATUS_NUMBER"
  | "PROTOCOL"
  | "REQ"
  | "REQUEST_DURATION"
  | "REQUESTED_SERVER_NAME"
  | "RESP"
  | "RESPONSE_CODE"
  | "RESPONSE_CODE_DETAILS"
  | "RESPONSE_DURATION"
  | "RESPONSE_FLAGS"
  | "ROUTE_NAME"
  | "SPAN_ID"
  | "START_TIME"
  | "TRACE_ID"
  | "TRAILER"
  | "UPSTREAM_CLUSTER"
  | "UPSTREAM_HOST"
  | "UPSTREAM_LOCAL_ADDRESS"
  | "UPSTREAM_REQUEST_ATTEMPT_COUNT"
  | "UPSTREAM_TRANSPORT_FAILURE_REASON";

// The formats of access logs, parsed. Rule: an operator that is not in the list was refused at plan time.

export interface AccessLogPlan {
  /** Path of a file, or "/dev/stdout". */
  readonly path: string;
  readonly format: AccessLogFormat;
}

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
  | "START_TIME"
  | "TRAILER"
  | "UPSTREAM_CLUSTER"
  | "UPSTREAM_HOST"
  | "UPSTREAM_LOCAL_ADDRESS"
  | "UPSTREAM_REQUEST_ATTEMPT_COUNT"
  | "UPSTREAM_TRANSPORT_FAILURE_REASON";

// gRPC as far as a proxy has to know it: what a gRPC request is, the two tables between its statuses and HTTP's, and its
// deadlines (Envoy common/grpc). Rule: the words on the wire are gRPC's, the numbers Envoy 1.40's, seen on the binary.

import type { ForwardAction, HeaderView, HttpRequestView } from "../plan/types";

export const GRPC = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  internal: 13,
  unavailable: 14,
} as const;

/** Index: status. https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
const WORDS =
  "OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated".split(
    " ",
  );
/** Envoy Grpc::Utility::grpcToHttpStatus, by status. */
const HTTP_OF = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];
/** Envoy Grpc::Utility::httpToGrpcStatus; everything else is UNKNOWN. */
const OF_HTTP: Readonly<Record<number, number>> = {
  400: GRPC.internal,
  401: 16,
  403: 7,
  404: 12,
  429: GRPC.unavailable,
  502: GRPC.unavailable,
  503: GRPC.unavailable,
  504: GRPC.unavailable,
};

/** "application/grpc", alone or with "+proto" and the like; neither parameters nor grpc-web. */
export function isGrpcContentType(value: string): boolean {
  if (!value.startsWith("application/grpc")) return false;
  return value.length === 16 || value.charCodeAt(16) === 43;
}

export function isGrpcRequest(request: HttpRequestView): boolean {
  const value = fieldOf(request.headers, "content-type");
  return value !== undefined && isGrpcContentType(value);
}

export function grpcStatusOfHttp(status: number): number {
  return OF_HTTP[status] ?? GRPC.unknown;
}

export function httpStatusOfGrpc(status: number): number {
  return HTTP_OF[status] ?? 500;
}

/** For people and access logs, in Envoy's spelling. */
export function grpcStatusWord(status: number): string {
  return WORDS[status] ?? "InvalidCode";
}

/** grpc-status of a response's header or trailer fields; null: there is none. What is no status is UNKNOWN. */
export function grpcStatusIn(fields: HeaderView): number | null {
  const text = fieldOf(fields, "grpc-status");
  if (text === undefined) return null;
  const status = /^\d{1,2}$/.test(text) ? Number(text) : GRPC.unknown;
  return status < HTTP_OF.length ? status : GRPC.unknown;
}

/** grpc-message: printable ASCII without "%", the rest percent-encoded as UTF-8. */
export function encodeGrpcMessage(text: Buffer | Uint8Array): string {
  let encoded = "";
  for (const byte of text) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds of a grpc-timeout, rounded up; null when it is none. */
export function grpcTimeoutMs(request: HttpRequestView): number | null {
  const match = /^(\d{1,8})([HMSmun])$/.exec(fieldOf(request.headers, "grpc-timeout") ?? "");
  if (match === null) return null;
  return Math.ceil(Number(match[1]) * (UNIT_MS[match[2] as string] ?? 0));
}

/** grpc-timeout of so many milliseconds: eight digits at most, in the smallest unit that they fit. */
export function grpcTimeoutText(ms: number): string {
  for (const unit of ["m", "S", "M"]) {
    const value = Math.ceil(ms / (UNIT_MS[unit] as number));
    if (value <= 99_999_999) return `${value}${unit}`;
  }
  return `${Math.min(99_999_999, Math.ceil(ms / 3_600_000))}H`;
}

export interface StreamLimits {
  /** From the end of the request to the end of the response; null: no limit. */
  readonly responseMs: number | null;
  /** From the beginning of the request; null: no limit. 0: over at once. */
  readonly lifetimeMs: number | null;
  /** What is left for the callee, for its grpc-timeout; null: unchanged. */
  readonly deadlineMs: number | null;
}

/** How long a request may take on its route. `defaultLifetimeMs`: max_stream_duration of the listener. */
export function streamLimits(
  action: ForwardAction,
  request: HttpRequestView,
  isGrpc: boolean,
  defaultLifetimeMs: number | null,
): StreamLimits {
  const { deadline } = action;
  const ofRoute = action.hasMaxStreamDuration ? action.maxStreamDurationMs : null;
  const lifetimeMs = action.hasMaxStreamDuration ? ofRoute : defaultLifetimeMs;
  if (deadline === null) {
    return { responseMs: action.timeoutMs, lifetimeMs, deadlineMs: isGrpc ? ofRoute : null };
  }
  const asked = grpcTimeoutMs(request);
  if (deadline.kind === "lifetime") {
    if (asked === null) return { responseMs: null, lifetimeMs, deadlineMs: isGrpc ? ofRoute : null };
    const limited = deadline.maxMs === null ? asked : Math.min(asked, deadline.maxMs);
    const left = Math.max(0, limited - deadline.offsetMs);
    return { responseMs: null, lifetimeMs: left, deadlineMs: isGrpc ? left : null };
  }
  if (!isGrpc) return { responseMs: action.timeoutMs, lifetimeMs, deadlineMs: null };
  // 0 is "for ever" here, as a grpc-timeout that is missing is.
  let left = asked ?? 0;
  if (deadline.offsetMs < left) left -= deadline.offsetMs;
  if (deadline.maxMs !== null && (left === 0 || left > deadline.maxMs)) left = deadline.maxMs;
  const responseMs = left === 0 ? null : left;
  const perTry = action.retry?.perTryTimeoutMs ?? null;
  const deadlineMs = perTry !== null && (responseMs === null || perTry < responseMs) ? perTry : responseMs;
  return { responseMs, lifetimeMs, deadlineMs };
}

function fieldOf(fields: HeaderView, name: string): string | undefined {
  for (let i = 0; i < fields.count; i++) if (fields.nameAt(i) === name) return fields.valueAt(i);
  return undefined;
}

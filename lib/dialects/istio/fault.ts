// HTTPFaultInjection <-> the fault of a rule.
// The rule: what does not fit whole (an abort that only HTTP/2 knows, a share by header) stays kept as it was written.
import type { Fault } from "@/lib/mesh";
import { type Fields, msToDuration } from "../shared/fields";

/** As gRPC and Istio name them; the place is the number. */
const GRPC_NAMES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

export function importFault(fields: Fields | undefined): Fault | undefined {
  if (!fields) return undefined;
  const delay = importDelay(fields.object("delay"));
  const abort = importAbort(fields.object("abort"));
  fields.keepRest();
  return delay || abort ? { ...(delay ? { delay } : {}), ...(abort ? { abort } : {}) } : undefined;
}

/** Absent: no request, as in Istio. `percent` is the older, whole number. */
function importShare(fields: Fields): number {
  const share = fields.object("percentage");
  const percent = share?.number("value");
  share?.keepRest();
  return percent ?? fields.number("percent") ?? 0;
}

function importDelay(fields: Fields | undefined): Fault["delay"] {
  const fixedDelayMs = fields?.duration("fixedDelay");
  if (fixedDelayMs === 0) fields?.keep("fixedDelay", "0s");
  const delay = fields && fixedDelayMs ? { percent: importShare(fields), fixedDelayMs } : undefined;
  fields?.keepRest();
  return delay;
}

function importAbort(fields: Fields | undefined): Fault["abort"] {
  if (!fields) return undefined;
  const httpStatus = fields.number("httpStatus");
  const name = fields.peek("grpcStatus");
  const grpcStatus = typeof name === "string" ? GRPC_NAMES.indexOf(name.toUpperCase()) : -1;
  const isGrpc = httpStatus === undefined && grpcStatus > 0;
  if (isGrpc) fields.take("grpcStatus");
  const status = httpStatus !== undefined ? { httpStatus } : isGrpc ? { grpcStatus } : undefined;
  const abort = status && { percent: importShare(fields), ...status };
  fields.keepRest();
  return abort;
}

export function exportFault({ delay, abort }: Fault): Record<string, unknown> {
  return {
    ...(delay ? { delay: { percentage: { value: delay.percent }, fixedDelay: msToDuration(delay.fixedDelayMs) } } : {}),
    ...(abort ? { abort: exportAbort(abort) } : {}),
  };
}

function exportAbort({ percent, httpStatus, grpcStatus = 0 }: NonNullable<Fault["abort"]>): Record<string, unknown> {
  const status = httpStatus === undefined ? { grpcStatus: GRPC_NAMES[grpcStatus] } : { httpStatus };
  return { percentage: { value: percent }, ...status };
}

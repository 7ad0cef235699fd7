// Envoy HTTPFault -> FaultPlan. Rule: a share that is not given is 0, as in Envoy: nothing happens.

import type { FaultDelay, FaultRateLimit } from "../contract/gen/envoy/extensions/filters/common/fault/v3/fault_pb";
import type { FaultAbort } from "../contract/gen/envoy/extensions/filters/http/fault/v3/fault_pb";
import type { HTTPFault } from "../contract/messages";
import type { CallersFault, FaultPlan } from "./filter-types";
import { headerMatcher } from "./matchers";
import type { Scope } from "./scope";
import { share } from "./values";

/** A timer of Node takes no more (24.8 days). */
const MAX_TIMER_MS = 2_147_483_647;

export function faultPlan(fault: HTTPFault, scope: Scope): FaultPlan {
  return {
    delay: delayOf(fault.delay, scope.field("delay")),
    abort: abortOf(fault.abort, scope.field("abort")),
    responseRate: rateOf(fault.responseRateLimit),
    cluster: fault.upstreamCluster,
    headers: fault.headers.map((one, index) => headerMatcher(one, scope.item("headers", index))),
    maxActive: fault.maxActiveFaults ?? Number.POSITIVE_INFINITY,
  };
}

const callers = (most: FaultDelay["percentage"]): CallersFault => ({ isCallers: true, share: share(most) });

function delayOf(delay: FaultDelay | undefined, scope: Scope): FaultPlan["delay"] {
  if (delay?.faultDelaySecifier.case === "headerDelay") return callers(delay.percentage);
  if (delay?.faultDelaySecifier.case !== "fixedDelay") return null;
  const { seconds, nanos } = delay.faultDelaySecifier.value;
  // Whole milliseconds, as Envoy counts; less than one is no delay.
  const ms = Number(seconds) * 1000 + Math.trunc(nanos / 1e6);
  if (ms > MAX_TIMER_MS) scope.field("fixed_delay").fail(`must be at most ${Math.floor(MAX_TIMER_MS / 1000)}s`);
  return ms > 0 ? { ms, share: share(delay.percentage) } : null;
}

/** `limit_kbps` are KiB per second in Envoy. */
function rateOf(limit: FaultRateLimit | undefined): FaultPlan["responseRate"] {
  if (limit?.limitType.case === "headerLimit") return callers(limit.percentage);
  if (limit?.limitType.case !== "fixedLimit") return null;
  return { bytesPerSecond: Number(limit.limitType.value.limitKbps) * 1024, share: share(limit.percentage) };
}

function abortOf(abort: FaultAbort | undefined, scope: Scope): FaultPlan["abort"] {
  const error = abort?.errorType;
  if (error?.case === "headerAbort") return callers(abort?.percentage);
  if (error?.case === "httpStatus") {
    return { status: error.value, grpcStatus: null, share: share(abort?.percentage) };
  }
  if (error?.case !== "grpcStatus") return null;
  if (error.value > 16) scope.field("grpc_status").fail("must be a gRPC status from 0 to 16");
  return { status: 200, grpcStatus: error.value, share: share(abort?.percentage) };
}

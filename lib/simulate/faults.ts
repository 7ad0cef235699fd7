// What the fault filter makes of a request on its way to one cluster.
// The rule: shares are told, not drawn; only a fault that takes every request changes the outcome.
import type { ClusterChoice, FaultPlan, HttpConnectionPlan, HttpRequestView } from "@meshwright/proxy/plan";
import { abortFor, delayFor, faultApplies, faultFor, probabilityOf, rateFor } from "@meshwright/proxy/semantics";
import type { HopFault } from "./types";

const BYTES_PER_KIB = 1024;

export function faultOf(
  { filters }: HttpConnectionPlan,
  choice: ClusterChoice,
  request: HttpRequestView,
): HopFault | null {
  for (const filter of filters) {
    if (filter.kind !== "fault") continue;
    const fault = faultFor(filter, choice.filters);
    if (faultApplies(fault, request, choice.name)) return told(fault, request);
  }
  return null;
}

function told(fault: FaultPlan, request: HttpRequestView): HopFault | null {
  const [delay, abort, responseRate] = [delayFor(fault, request), abortFor(fault, request), rateFor(fault, request)];
  const waits = delay && { probability: probabilityOf(delay.share), ms: delay.ms };
  const aborts = abort && {
    probability: probabilityOf(abort.share),
    status: abort.status,
    grpcStatus: abort.grpcStatus,
  };
  const isDelayed = waits !== null && waits.probability > 0;
  const isAborted = aborts !== null && aborts.probability > 0;
  const slowed = responseRate && {
    probability: probabilityOf(responseRate.share),
    kibPerSecond: responseRate.bytesPerSecond / BYTES_PER_KIB,
  };
  const isSlowed = slowed !== null && slowed.probability > 0;
  if (!isDelayed && !isAborted && !isSlowed) return null;
  return {
    delay: isDelayed ? waits : null,
    abort: isAborted ? aborts : null,
    ...(isSlowed ? { responseBandwidth: slowed } : {}),
  };
}

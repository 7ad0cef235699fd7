// Which requests get a fault, and which one where the caller says it. Rule: the proxy draws a number for each decision, the simulator
// asks for the shares.

import type { AbortFault, DelayFault, FaultPlan, HttpRequestView, RateFault, Share } from "../plan/types";

/** A timer of Node takes no more (24.8 days): longer is as long as that. */
const MAX_TIMER_MS = 2_147_483_647;
const MAX_UINT32 = 4_294_967_295;
const UINT64_END = 2 ** 64;
const BYTES_PER_KIB = 1024;

/** Whether the fault is meant for this request at all, before any share is drawn. */
export function faultApplies(fault: FaultPlan, request: HttpRequestView, cluster: string): boolean {
  if (fault.delay === null && fault.abort === null && fault.responseRate === null) return false;
  if (fault.cluster !== "" && fault.cluster !== cluster) return false;
  for (const matcher of fault.headers) {
    if (!matcher.matches(request)) return false;
  }
  return true;
}

/** null: this request does not wait. */
export function delayFor({ delay }: FaultPlan, request: HttpRequestView): DelayFault | null {
  if (delay === null || "ms" in delay) return delay;
  const ms = numberIn(request, "x-envoy-fault-delay-request");
  if (ms === null || ms === 0) return null;
  const share = askedShare(delay.share, request, "x-envoy-fault-delay-request-percentage");
  return { ms: Math.min(ms, MAX_TIMER_MS), share };
}

/** null: this request goes on. As Envoy: a status of HTTP is what counts, where both are said. */
export function abortFor({ abort }: FaultPlan, request: HttpRequestView): AbortFault | null {
  if (abort === null || "status" in abort) return abort;
  const status = numberIn(request, "x-envoy-fault-abort-request");
  const isStatus = status !== null && status >= 200 && status < 600;
  const grpcStatus = isStatus ? null : numberIn(request, "x-envoy-fault-abort-grpc-request");
  if (!isStatus && grpcStatus === null) return null;
  const share = askedShare(abort.share, request, "x-envoy-fault-abort-request-percentage");
  return { status: isStatus ? status : 200, grpcStatus, share };
}

/** null: its answer comes as fast as it can. */
export function rateFor({ responseRate }: FaultPlan, request: HttpRequestView): RateFault | null {
  if (responseRate === null || "bytesPerSecond" in responseRate) return responseRate;
  const kib = numberIn(request, "x-envoy-fault-throughput-response");
  if (kib === null || kib === 0) return null;
  const share = askedShare(responseRate.share, request, "x-envoy-fault-throughput-response-percentage");
  return { bytesPerSecond: kib * BYTES_PER_KIB, share };
}

/** Callers may ask for less than the configuration lets them, in its own denominator. */
function askedShare(most: Share, request: HttpRequestView, name: string): Share {
  const asked = numberIn(request, name);
  if (asked === null || asked > MAX_UINT32 || asked >= most.numerator) return most;
  return { numerator: asked, denominator: most.denominator };
}

/** Of the first such header; null: there is none, or it is no whole number from 0. */
function numberIn({ headers }: HttpRequestView, name: string): number | null {
  for (let i = 0; i < headers.count; i++) {
    if (headers.nameAt(i) !== name) continue;
    const value = headers.valueAt(i);
    const number = /^\+?\d+$/.test(value) ? Number(value) : Number.POSITIVE_INFINITY;
    return number < UINT64_END ? number : null;
  }
  return null;
}

/** `random`: a uniform integer in [0, 2^32), one for each decision. */
export function isInShare({ numerator, denominator }: Share, random: number): boolean {
  return random % denominator < numerator;
}

/** From 0 to 1. */
export function probabilityOf({ numerator, denominator }: Share): number {
  return Math.min(1, numerator / denominator);
}

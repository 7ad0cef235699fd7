// Which requests get a fault. Rule: the proxy draws a number for each decision, the simulator asks for the shares.

import type { FaultPlan, HttpRequestView, Share } from "../plan/types";

/** Whether the fault is meant for this request at all, before any share is drawn. */
export function faultApplies(fault: FaultPlan, request: HttpRequestView, cluster: string): boolean {
  if (fault.delay === null && fault.abort === null && fault.responseRate === null) return false;
  if (fault.cluster !== "" && fault.cluster !== cluster) return false;
  for (const matcher of fault.headers) {
    if (!matcher.matches(request)) return false;
  }
  return true;
}

/** `random`: a uniform integer in [0, 2^32), one for each decision. */
export function isInShare({ numerator, denominator }: Share, random: number): boolean {
  return random % denominator < numerator;
}

/** From 0 to 1. */
export function probabilityOf({ numerator, denominator }: Share): number {
  return Math.min(1, numerator / denominator);
}

// What an active health check's answer means, and when the next one is due (health_checker_impl.cc). Pure: who asks and who waits
// is the caller's.

import type { ActiveHealthPlan, HttpCheckPlan, StatusRange } from "../plan/active-health-types";

export type StatusVerdict = "passed" | "retriable" | "failed";

const isIn = (ranges: readonly StatusRange[], status: number): boolean =>
  ranges.some(({ start, end }) => status >= start && status < end);

/** A status that is expected passes, even when it is retriable too. */
export function judgeStatus({ expected, retriable }: HttpCheckPlan, status: number): StatusVerdict {
  if (isIn(expected, status)) return "passed";
  return isIn(retriable, status) ? "retriable" : "failed";
}

/** Are all there, one after the other, with whatever between them? */
export function holdsInOrder(data: Buffer, wanted: readonly Uint8Array[]): boolean {
  let at = 0;
  for (const one of wanted) {
    const found = data.indexOf(one, at);
    if (found < 0) return false;
    at = found + one.length;
  }
  return true;
}

/** What a check did: nothing new, one step towards another state, or another state. */
export type Transition = "unchanged" | "pending" | "changed";

/** @param jitter01 two numbers in [0, 1): of the percentage and of the duration */
export function nextCheckMs(
  plan: ActiveHealthPlan,
  last: { readonly hasPassed: boolean; readonly transition: Transition; readonly hasTraffic: boolean },
  jitter01: readonly [number, number],
): number {
  const base = baseMs(plan, last);
  const ofPercent = Math.floor((plan.intervalJitterPercent * base) / 100);
  return base + Math.floor(jitter01[0] * ofPercent) + Math.floor(jitter01[1] * plan.intervalJitterMs);
}

function baseMs(
  plan: ActiveHealthPlan,
  { hasPassed, transition, hasTraffic }: Parameters<typeof nextCheckMs>[1],
): number {
  const isPending = transition === "pending";
  if (!hasTraffic) return hasPassed && !isPending ? plan.noTrafficHealthyIntervalMs : plan.noTrafficIntervalMs;
  if (hasPassed) return isPending ? plan.healthyEdgeIntervalMs : plan.intervalMs;
  return isPending ? plan.unhealthyEdgeIntervalMs : plan.unhealthyIntervalMs;
}

// How many tries one call can become at a hop, with the retries that really run: also those that nobody wrote.
// The rule: an outer hop multiplies only when it retries the answer that an inner failure gives (503); retries on failed connections happen at the last hop.
import type { Retries, RouteRule } from "@/lib/mesh";

/** What the compiler writes where the design says nothing (lib/compile/route-rule.ts, as Istio). */
export const DEFAULT_RETRIES = 2;
/** Conditions that also retry an answer, so that a request may have been worked on already. */
const ON_ANSWERS = new Set(["5xx", "gateway-error", "retriable-status-codes", "reset"]);

export const attemptsOf = (retries: Retries | undefined): number => retries?.attempts ?? DEFAULT_RETRIES;

/** Does it retry what an inner hop answers when it has failed? */
export function retriesAnswers(retries: Retries | undefined): boolean {
  return attemptsOf(retries) > 0 && (retries?.on ?? []).some((each) => ON_ANSWERS.has(each) || /^5\d\d$/.test(each));
}

export type HopTries = {
  /** When the call itself cannot be made. */
  last: number;
  /** When what it calls answers with a failure. */
  outer: number;
};

/** Nothing is tried again. */
export const ONE_TRY: HopTries = { last: 1, outer: 1 };

/** The most tries of one call by these rules; without a rule that forwards the defaults of the mesh. */
export function hopTries(lists: readonly (readonly RouteRule[])[]): HopTries {
  let last: number | undefined;
  let outer = 0;
  for (const rules of lists) {
    for (const { action, retries } of rules) {
      if (action.type !== "forward") continue;
      const attempts = attemptsOf(retries);
      last = Math.max(last ?? 0, attempts);
      if (retriesAnswers(retries)) outer = Math.max(outer, attempts);
    }
  }
  return { last: 1 + (last ?? DEFAULT_RETRIES), outer: 1 + outer };
}

/** All tries together; undefined when nothing ends them. */
export function longestMs(rule: RouteRule): number | undefined {
  if (rule.timeoutMs !== undefined) return rule.timeoutMs;
  const each = rule.retries?.perTryTimeoutMs;
  return each === undefined ? undefined : each * (1 + attemptsOf(rule.retries));
}

// The retries of one request: what the policy allows, what the cluster's budget allows, and the pause before the next.
// Rule: one slot of the budget is held from the decision until the attempt it paid for has ended.

import type { UpstreamCluster } from "../cluster/cluster";
import type { RetryPolicyPlan } from "../plan/types";
import { isRetriableRequest } from "../semantics";
import type { RequestHead } from "./h1/request-head";

/** Attempts outside the policy, for requests that nobody can have acted on. */
const maxFreeRepeats = 2;
/** RFC 9110 9.2.2. */
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

export function isIdempotent(head: RequestHead): boolean {
  return idempotent.has(head.method);
}

export class Retries {
  private freeRepeats = 0;
  private holdsSlot = false;
  private pause: NodeJS.Timeout | null = null;

  begin(): void {
    this.freeRepeats = 0;
  }

  /** One more attempt that costs nothing of the policy? */
  takeFreeRepeat(): boolean {
    if (this.freeRepeats >= maxFreeRepeats) return false;
    this.freeRepeats++;
    return true;
  }

  /** "" when a retry may be made, a response flag when a limit was reached, null when the policy does not want one. */
  refusal(policy: RetryPolicyPlan, cluster: UpstreamCluster, head: RequestHead, attempts: number): string | null {
    if (!isRetriableRequest(policy, head)) return null;
    if (attempts > policy.attempts) {
      cluster.retryLimitExceeded++;
      return "URX";
    }
    this.release(cluster);
    if (cluster.mayRetry()) return "";
    cluster.retryOverflow++;
    return "UO";
  }

  /** @param waitMs how long before the next attempt */
  schedule(cluster: UpstreamCluster, waitMs: number, run: () => void): void {
    cluster.activeRetries++;
    cluster.totalRetries++;
    this.holdsSlot = true;
    this.pause = setTimeout(() => {
      this.pause = null;
      run();
    }, waitMs);
  }

  release(cluster: UpstreamCluster | null): void {
    if (!this.holdsSlot) return;
    this.holdsSlot = false;
    if (cluster !== null) cluster.activeRetries--;
  }

  cancelPause(): void {
    if (this.pause !== null) clearTimeout(this.pause);
    this.pause = null;
  }
}

// A token bucket as Envoy 1.40 fills it: steadily, not in steps. Rule: time is given, so that live traffic and tests count alike.

import type { TokenBucketPlan } from "../plan/types";

export class TokenBucket {
  private tokens: number;

  /** Full at the beginning. `nowMs`: any monotonic clock. */
  constructor(
    readonly plan: TokenBucketPlan,
    private filledAtMs: number,
  ) {
    this.tokens = plan.maxTokens;
  }

  take(nowMs: number): boolean {
    this.fill(nowMs);
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  /** Whole tokens that are left. */
  remaining(nowMs: number): number {
    this.fill(nowMs);
    return Math.floor(this.tokens);
  }

  /** Seconds until there is a token again, rounded up; 0 when there is one. */
  resetSeconds(nowMs: number): number {
    this.fill(nowMs);
    return this.tokens >= 1 ? 0 : Math.ceil((1 - this.tokens) / this.plan.tokensPerSecond);
  }

  private fill(nowMs: number): void {
    const { maxTokens, tokensPerSecond } = this.plan;
    const added = ((nowMs - this.filledAtMs) / 1000) * tokensPerSecond;
    if (added <= 0) return;
    this.tokens = Math.min(maxTokens, this.tokens + added);
    this.filledAtMs = nowMs;
  }
}

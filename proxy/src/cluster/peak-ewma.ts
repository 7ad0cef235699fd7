// What a host costs by its latency: peak EWMA, as Finagle and Linkerd have it. Rule: a slow answer counts at once, fast ones count little by
// little, and what was slow long ago is forgotten; a failure never makes a host look fast.

import type { PeakEwmaPlan } from "../plan/types";

/** Linkerd's: below it hosts differ by their requests only. */
const floorMs = 1;

export class Latency {
  private estimateMs = 0;
  private stampMs = 0;
  private isMeasured = false;

  constructor(private readonly plan: PeakEwmaPlan) {}

  /** An answer began `rttMs` after its request went out. @param nowMs monotonic */
  observe(rttMs: number, nowMs: number): void {
    const { estimateMs } = this;
    const weight = this.weightAt(nowMs);
    this.estimateMs = !this.isMeasured || rttMs > estimateMs ? rttMs : estimateMs * weight + rttMs * (1 - weight);
    this.stampMs = nowMs;
    this.isMeasured = true;
  }

  /** It took at least so long: given up before an answer began, or the answer was a failure, which says nothing of how fast it is. */
  observeAtLeast(rttMs: number, nowMs: number): void {
    if (rttMs > this.rttAt(nowMs)) this.observe(rttMs, nowMs);
  }

  /** @param active requests under way, which the next one comes on top of */
  costAt(nowMs: number, active: number): number {
    // Until it has answered once it gets one request, not all of them.
    if (!this.isMeasured && active > 0) return this.plan.penalty + active;
    return this.rttAt(nowMs) * (active + 1);
  }

  private rttAt(nowMs: number): number {
    if (!this.isMeasured) return this.plan.defaultRttMs;
    return Math.max(floorMs, this.estimateMs * this.weightAt(nowMs));
  }

  private weightAt(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.stampMs) / this.plan.decayMs);
  }
}

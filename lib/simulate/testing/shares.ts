// Shares of weighted splits over many calls of many designs, against what was told of each.
// The rule: one sum over all of them, in standard deviations: hits minus expected hits, over the root of the summed variances.
import type { Answer } from "../types";
import type { LiveAnswer } from "./live-ground";

export class Shares {
  private calls = 0;
  private hits = 0;
  private expected = 0;
  private variance = 0;

  /** False: the answer is not one of several with workloads of their own. */
  count({ destinations }: Answer, { app }: LiveAnswer): boolean {
    const [first] = destinations;
    const workloads = destinations.flatMap((each) => each.workloads);
    const isSplit =
      destinations.length > 1 &&
      new Set(workloads).size === workloads.length &&
      destinations.every(({ outcome, workloads }) => outcome === "forwarded" && workloads.length > 0);
    if (!first || !app || !isSplit) return false;
    const { probability } = first;
    this.calls++;
    this.expected += probability;
    this.variance += probability * (1 - probability);
    if (first.workloads.some((each) => each.endsWith(`/${app.name}`))) this.hits++;
    return true;
  }

  sigmas(): number {
    return this.variance === 0 ? 0 : (this.hits - this.expected) / Math.sqrt(this.variance);
  }

  words(): string {
    return `${this.calls} calls of splits, ${this.sigmas().toFixed(2)} sigma from their shares`;
  }
}

// The priority levels that one request has tried, and what is left of the load then (Envoy's retry priority previous_priorities).
// Rule: levels are left out after every so many attempts; when nothing would be left, all count again.

import { type PriorityLoads, spreadLoad } from "../semantics";

/** What each level could carry by itself, in percent: its healthy hosts, and those that are degraded. */
export type Carried = Pick<PriorityLoads, "healthy" | "degraded">;

export class PreviousPriorities {
  private attempted: number[] = [];
  private left: ReadonlySet<number> = new Set();
  private loads: Carried | null = null;

  /** @param frequency attempts between two looks at what was tried, from 1 on */
  constructor(private readonly frequency: number) {}

  onAttempt(priority: number): void {
    this.attempted.push(priority);
  }

  /** Of the next attempt; null: as it would be anyway. */
  loadsOf(carried: Carried): Carried | null {
    const { attempted, frequency } = this;
    if (attempted.length < frequency) return null;
    if (attempted.length % frequency === 0) this.loads = this.look(carried);
    return this.loads;
  }

  private look(carried: Carried): Carried | null {
    this.left = new Set([...this.left, ...this.attempted]);
    const rest = this.without(carried);
    if (rest !== null) return rest;
    this.left = new Set();
    this.attempted = [];
    return this.without(carried);
  }

  private without({ healthy, degraded }: Carried): Carried | null {
    const kept = (part: number, level: number): number => (this.left.has(level) ? 0 : part);
    return spreadLoad(healthy.map(kept), degraded.map(kept));
  }
}

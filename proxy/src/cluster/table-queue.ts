// Large hash tables are made here, one after the other and between what else there is to do. Rule: a turn of the event loop gives them a
// few milliseconds at most; the order is that in which they were asked for.

import type { HashTable, TableSteps } from "../semantics";

/** Of a turn. The largest ring takes this a few thousand times. */
const SLICE_MS = 2;

interface Job {
  readonly steps: TableSteps;
  readonly done: (table: HashTable) => void;
}

export class TableQueue {
  private readonly jobs: Job[] = [];
  private waiting: (() => void)[] = [];
  private isUnderWay = false;

  /** @returns forgets it: `done` is not called any more */
  make(steps: TableSteps, done: (table: HashTable) => void): () => void {
    const job: Job = { steps, done };
    this.jobs.push(job);
    if (!this.isUnderWay) setImmediate(this.turn);
    this.isUnderWay = true;
    return () => {
      const index = this.jobs.indexOf(job);
      if (index >= 0) this.jobs.splice(index, 1);
    };
  }

  get isIdle(): boolean {
    return this.jobs.length === 0;
  }

  /** Resolves when nothing is left to be made. */
  whenIdle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  private readonly turn = (): void => {
    const until = performance.now() + SLICE_MS;
    for (let job = this.jobs[0]; job !== undefined && performance.now() < until; job = this.jobs[0]) {
      const step = job.steps.next();
      if (!step.done) continue;
      this.jobs.shift();
      job.done(step.value);
    }
    if (!this.isIdle) {
      setImmediate(this.turn);
      return;
    }
    const { waiting } = this;
    this.isUnderWay = false;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  };
}

/** Of this process. */
export const tableQueue = new TableQueue();

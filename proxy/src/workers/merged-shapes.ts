// Observed shapes of several processes, with one cursor. Rule: counts only grow: what a worker counted stays when it is gone, and its
// successor begins at nothing.

import type { ShapesPage } from "../admin/view";
import type { ObservedShape } from "../telemetry/observed-shapes";

interface Merged {
  readonly shape: Omit<ObservedShape, "count">;
  readonly counts: Map<number, number>;
  seq: number;
}

export class MergedShapes {
  private seq = 1;
  private readonly all = new Map<string, Merged>();
  /** Cursor of each worker. */
  private readonly cursors = new Map<number, number>();

  readOf(worker: number): number {
    return this.cursors.get(worker) ?? 0;
  }

  /** Cumulative counts of one worker. */
  take(worker: number, { seq, shapes }: ShapesPage): void {
    this.cursors.set(worker, seq);
    for (const { count, ...shape } of shapes) {
      const key = [shape.caller, shape.callee, shape.method, shape.pathPattern, shape.code].join("\n");
      const merged = this.all.get(key) ?? { shape, counts: new Map<number, number>(), seq: this.seq };
      if (merged.counts.get(worker) !== count) merged.seq = this.seq;
      merged.counts.set(worker, count);
      this.all.set(key, merged);
    }
  }

  /** What changed since a read that answered `since`. */
  read(since: number): ShapesPage {
    const changed = [...this.all.values()].filter(({ seq }) => seq >= since);
    this.seq++;
    return {
      seq: this.seq,
      shapes: changed.map(({ shape, counts }) => ({
        ...shape,
        count: [...counts.values()].reduce((a, b) => a + b, 0),
      })),
    };
  }
}

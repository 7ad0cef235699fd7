// How many checks are under way at once, in the whole process. Rule: whoever waits is let in by its turn, and who leaves lets the next one
// in; leaving twice, or before having been let in, is harmless.

export class Gate {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  /** Runs `start` now or later; gives what to call at the end. */
  enter(start: () => void): () => void {
    let state: "waiting" | "inside" | "gone" = "waiting";
    const run = (): void => {
      state = "inside";
      this.inside++;
      start();
    };
    if (this.inside < this.limit) run();
    else this.waiting.push(run);
    return () => {
      const before = state;
      state = "gone";
      if (before === "waiting") this.waiting.splice(this.waiting.indexOf(run), 1);
      if (before !== "inside") return;
      this.inside--;
      this.waiting.shift()?.();
    };
  }
}

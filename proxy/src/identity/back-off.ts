// Waiting longer after each failure, never in step with others.

export class BackOff {
  private attempt = 0;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Half fixed, half random: never zero, never all at once. */
  next(): number {
    const ceiling = Math.min(this.firstMs * 2 ** this.attempt, this.maxMs);
    this.attempt = Math.min(this.attempt + 1, 20);
    return Math.round(ceiling / 2 + (this.random() * ceiling) / 2);
  }

  reset(): void {
    this.attempt = 0;
  }
}

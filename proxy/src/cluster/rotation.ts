// Weighted turns. Rule: whoever is furthest behind its weight is next, so that shares are exact over a round and evenly spread.

/** Smooth weighted round robin: the same shares as Envoy's schedule. */
export class Rotation {
  private readonly ahead: number[];

  constructor(size: number) {
    this.ahead = Array.from({ length: size }, () => 0);
  }

  /** @param weights as many as there are; they may differ from turn to turn */
  next(weights: readonly number[]): number {
    const { ahead } = this;
    let total = 0;
    let best = 0;
    for (let i = 0; i < ahead.length; i++) {
      const weight = weights[i] as number;
      total += weight;
      ahead[i] = (ahead[i] as number) + weight;
      if ((ahead[i] as number) > (ahead[best] as number)) best = i;
    }
    ahead[best] = (ahead[best] as number) - total;
    return best;
  }
}

// Latency histograms as the proxies export them: counts per bucket, not cumulative, over one fixed list of bounds.
// The rule: buckets are added before a quantile is taken; percentiles are never averaged.

/** Upper bounds in milliseconds; the last bucket, above all of them, has no bound. The proxy exports exactly these. */
export const BOUNDS_MS = [
  0.5, 1, 2, 5, 10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 2500, 5000, 10_000, 30_000, 60_000,
] as const;
export const BUCKETS = BOUNDS_MS.length + 1;

/** Counts per bucket, `BUCKETS` long, the last one for everything above the last bound. */
export type BucketCounts = number[];

export const emptyBuckets = (): BucketCounts => new Array<number>(BUCKETS).fill(0);

export function addBuckets(into: BucketCounts, counts: readonly number[]): void {
  for (let i = 0; i < BUCKETS; i++) into[i] = (into[i] ?? 0) + (counts[i] ?? 0);
}

/** Index of the bucket that a value falls into: the first whose bound is not below it. */
export function bucketOf(valueMs: number): number {
  const index = BOUNDS_MS.findIndex((bound) => valueMs <= bound);
  return index < 0 ? BOUNDS_MS.length : index;
}

const INDEX_OF_BOUND = new Map<number, number>(BOUNDS_MS.map((bound, index) => [bound, index]));

/** Bucket whose `le` label is this text; undefined for a bound that is not ours. */
export function bucketOfLabel(le: string): number | undefined {
  return le === "+Inf" ? BOUNDS_MS.length : INDEX_OF_BOUND.get(Number(le));
}

/** A quantile and the bucket it lies in: the true value is within (lowerMs, upperMs], `upperMs` null = above all bounds. */
export type Quantile = { valueMs: number; lowerMs: number; upperMs: number | null };

/** Prometheus' histogram_quantile: linear within the bucket; above the last bound the last bound itself. Null without observations. */
export function quantile(counts: readonly number[], q: number): Quantile | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return null;
  const rank = Math.min(Math.max(q, 0), 1) * total;
  let below = 0;
  let index = 0;
  while (index < BUCKETS - 1) {
    const count = counts[index] ?? 0;
    if (count > 0 && below + count >= rank) break;
    below += count;
    index++;
  }
  const lowerMs = index === 0 ? 0 : (BOUNDS_MS[index - 1] ?? 0);
  const upperMs = BOUNDS_MS[index];
  if (upperMs === undefined) return { valueMs: lowerMs, lowerMs, upperMs: null };
  const share = (rank - below) / (counts[index] ?? 1);
  return { valueMs: lowerMs + (upperMs - lowerMs) * Math.max(share, 0), lowerMs, upperMs };
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { addBuckets, BOUNDS_MS, BUCKETS, bucketOf, bucketOfLabel, emptyBuckets, quantile } from "./histogram";

const latencies = fc.array(fc.double({ min: 0.01, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 300 });

function bucketsOf(values: readonly number[]) {
  const counts = emptyBuckets();
  for (const value of values) counts[bucketOf(value)] = (counts[bucketOf(value)] ?? 0) + 1;
  return counts;
}

test("a quantile lies in the bucket of the value it stands for", () => {
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.5, 0.95, 0.99), (values, q) => {
      const sorted = [...values].sort((a, b) => a - b);
      const truth = sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)]!;
      const found = quantile(bucketsOf(values), q)!;
      expect(truth).toBeGreaterThan(found.lowerMs === 0 ? -1 : found.lowerMs);
      if (found.upperMs !== null) expect(truth).toBeLessThanOrEqual(found.upperMs);
      expect(found.valueMs).toBeGreaterThanOrEqual(found.lowerMs);
    }),
  );
});

test("quantiles grow with q", () => {
  fc.assert(
    fc.property(latencies, (values) => {
      const counts = bucketsOf(values);
      const [a, b, c] = [0.5, 0.95, 0.99].map((q) => quantile(counts, q)!.valueMs);
      expect(a).toBeLessThanOrEqual(b!);
      expect(b).toBeLessThanOrEqual(c!);
    }),
  );
});

test("adding buckets is the same as observing all values in one histogram", () => {
  fc.assert(
    fc.property(latencies, latencies, (left, right) => {
      const sum = bucketsOf(left);
      addBuckets(sum, bucketsOf(right));
      expect(sum).toEqual(bucketsOf([...left, ...right]));
    }),
  );
});

test("no observation has no quantile", () => {
  expect(quantile(emptyBuckets(), 0.99)).toBeNull();
});

test("interpolates within the bucket as Prometheus does", () => {
  const counts = emptyBuckets();
  counts[bucketOf(7)] = 10; // (5, 10]
  expect(quantile(counts, 0.5)).toEqual({ valueMs: 7.5, lowerMs: 5, upperMs: 10 });
});

test("above the last bound the last bound is reported and the bucket is open", () => {
  const counts = emptyBuckets();
  counts[BUCKETS - 1] = 3;
  expect(quantile(counts, 0.5)).toEqual({ valueMs: 60_000, lowerMs: 60_000, upperMs: null });
});

test("labels of bounds are found however they are written", () => {
  expect(bucketOfLabel("0.5")).toBe(0);
  expect(bucketOfLabel("1e+03")).toBe(BOUNDS_MS.indexOf(1000));
  expect(bucketOfLabel("+Inf")).toBe(BUCKETS - 1);
  expect(bucketOfLabel("3")).toBeUndefined();
});

// Weights as shares that always sum to 100. The rule: whole percents; what a hand moves is taken from or given to the others in
// the proportion that they had, and rounding never loses a percent.

/** Whole percents of the weights, summing to 100 (largest remainder); weights that are all 0 share equally. */
export function toPercents(weights: readonly number[]): number[] {
  if (weights.length === 0) return [];
  const sum = weights.reduce((total, each) => total + each, 0);
  const exact = weights.map((each) => (sum === 0 ? 100 / weights.length : (each / sum) * 100));
  const whole = exact.map(Math.floor);
  const left = 100 - whole.reduce((total, each) => total + each, 0);
  const byRemainder = exact
    .map((each, i) => ({ i, remainder: each - Math.floor(each) }))
    .sort((a, b) => b.remainder - a.remainder || a.i - b.i);
  for (const { i } of byRemainder.slice(0, left)) whole[i] = (whole[i] ?? 0) + 1;
  return whole;
}

/** The shares after one of them is set; the others keep their proportion among each other. */
export function withShare(weights: readonly number[], index: number, percent: number): number[] {
  const set = Math.min(100, Math.max(0, Math.round(percent)));
  if (weights.length <= 1) return weights.map(() => 100);
  const others = toPercents(weights.filter((_, i) => i !== index)).map((each) => (each * (100 - set)) / 100);
  const whole = others.map(Math.floor);
  let left = 100 - set - whole.reduce((total, each) => total + each, 0);
  const order = others
    .map((each, i) => ({ i, remainder: each - Math.floor(each) }))
    .sort((a, b) => b.remainder - a.remainder || a.i - b.i);
  for (const { i } of order) {
    if (left <= 0) break;
    whole[i] = (whole[i] ?? 0) + 1;
    left -= 1;
  }
  whole.splice(index, 0, set);
  return whole;
}

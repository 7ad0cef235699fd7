// How long work takes: log-normal, as measured services mostly are: a body around the median and a tail of slow ones.
// The rule: only timers, never a busy loop; the demo must not cost a newcomer's machine anything to speak of.

const SIGMA = 0.35; // p99 is then 2.3 times the median
const LONGEST_FACTOR = 6;

/** A log-normal duration with the given median. `random` yields [0, 1). */
export function sampleDurationMs(medianMs: number, random: () => number = Math.random): number {
  const u = 1 - random();
  const v = random();
  const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  return medianMs * Math.min(Math.exp(SIGMA * normal), LONGEST_FACTOR);
}

export function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}

// Time of the data path: monotonic milliseconds for durations, wall time for logs.

export interface Clock {
  /** Monotonic, milliseconds with fractions. */
  now(): number;
  /** Unix time in milliseconds. */
  wall(): number;
}

export const systemClock: Clock = { now: () => performance.now(), wall: () => Date.now() };

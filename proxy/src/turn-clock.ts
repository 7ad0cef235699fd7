// The time of this turn of the event loop: read once, by whoever asks first, and forgotten when the turn is over.
// Rule: for what is counted in milliseconds (limits, durations, idle times); libuv keeps its own timers by the same rule. Measured: a
// request asks eight times on each side, which were 2 % of its processor time.

let monotonicMs = 0;
let wallMs = 0;
let isKnown = false;

function forget(): void {
  isKnown = false;
}

function look(): void {
  isKnown = true;
  monotonicMs = performance.now();
  wallMs = Date.now();
  setImmediate(forget);
}

/** Milliseconds as of performance.now(). */
export function turnNow(): number {
  if (!isKnown) look();
  return monotonicMs;
}

/** Milliseconds as of Date.now(). */
export function turnWallNow(): number {
  if (!isKnown) look();
  return wallMs;
}

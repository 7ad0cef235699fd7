// Signals over time: which step fits a range, and one point per step.
// The rule: a step that no scrape covers is a gap (null), never a zero.
import type { Flow } from "./flow";
import { goldenSignals, type Scope, type TcpSignals } from "./golden";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Ranges that screens offer, each with its step and where its points come from. */
export const RANGES = {
  "5m": { rangeMs: 5 * MINUTE, stepMs: 5 * SECOND, from: "recent" },
  "15m": { rangeMs: 15 * MINUTE, stepMs: 15 * SECOND, from: "recent" },
  "1h": { rangeMs: HOUR, stepMs: MINUTE, from: "rollups" },
  "6h": { rangeMs: 6 * HOUR, stepMs: 5 * MINUTE, from: "rollups" },
  "24h": { rangeMs: DAY, stepMs: 15 * MINUTE, from: "rollups" },
  "7d": { rangeMs: 7 * DAY, stepMs: 2 * HOUR, from: "rollups" },
} as const;
export type RangeName = keyof typeof RANGES;

export function isRangeName(text: string): text is RangeName {
  return Object.hasOwn(RANGES, text);
}

/** A stretch of time that was measured, and what was seen in it. No flows: measured, and there was nothing. */
export type MeasuredWindow = { startMs: number; endMs: number; flows: readonly Flow[] };

export type SignalPoint = {
  /** Start of the step. */
  atMs: number;
  requestsPerSecond: number | null;
  errorRatio: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  mtlsRatio: number | null;
  tcp: TcpSignals | null;
};

export type SeriesInput = {
  scope: Scope;
  fromMs: number;
  toMs: number;
  stepMs: number;
  windows: readonly MeasuredWindow[];
};

/** One point per step, aligned to multiples of the step, so that points do not move between two refreshes. */
export function signalSeries({ scope, ...steps }: SeriesInput): SignalPoint[] {
  return windowsPerStep(steps).map(({ atMs, windows }) => pointOf(scope, atMs, windows));
}

/**
 * The windows that speak for each step. A window longer than a step (a minute from the rollups among fine steps) speaks for every
 * step whose middle it covers: it was measured there too. A shorter one speaks for the step of its own middle. One that reaches over
 * an end of the range speaks at that end, so that what a total counts is in a step.
 */
export function windowsPerStep(input: Omit<SeriesInput, "scope">): { atMs: number; windows: MeasuredWindow[] }[] {
  const { fromMs, toMs, stepMs, windows } = input;
  const startOf = (ms: number) => Math.floor(ms / stepMs) * stepMs;
  const first = startOf(fromMs);
  const steps: { atMs: number; windows: MeasuredWindow[] }[] = [];
  for (let atMs = first; atMs < toMs; atMs += stepMs) steps.push({ atMs, windows: [] });
  const indexOf = (ms: number) => Math.max(0, Math.min(steps.length - 1, (startOf(ms) - first) / stepMs));
  for (const window of windows) {
    const isShort = window.endMs - window.startMs <= stepMs;
    const covered = isShort
      ? []
      : steps
          .slice(indexOf(window.startMs), indexOf(window.endMs) + 1)
          .filter(({ atMs }) => atMs + stepMs / 2 >= window.startMs && atMs + stepMs / 2 < window.endMs);
    if (covered.length === 0) steps[indexOf((window.startMs + window.endMs) / 2)]?.windows.push(window);
    for (const step of covered) step.windows.push(window);
  }
  return steps;
}

function pointOf(scope: Scope, atMs: number, windows: readonly MeasuredWindow[]): SignalPoint {
  const coveredMs = windows.reduce((sum, window) => sum + (window.endMs - window.startMs), 0);
  if (coveredMs <= 0) {
    return {
      atMs,
      requestsPerSecond: null,
      errorRatio: null,
      p50: null,
      p95: null,
      p99: null,
      mtlsRatio: null,
      tcp: null,
    };
  }
  const flows = windows.flatMap((window) => window.flows);
  const signals = goldenSignals(scope, flows, coveredMs / SECOND);
  return {
    atMs,
    requestsPerSecond: signals.requestsPerSecond,
    errorRatio: signals.errorRatio,
    p50: signals.p50?.valueMs ?? null,
    p95: signals.p95?.valueMs ?? null,
    p99: signals.p99?.valueMs ?? null,
    mtlsRatio: signals.mtlsRatio,
    tcp: signals.tcp,
  };
}

/** Start of the minute that a moment belongs to. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE) * MINUTE;
}

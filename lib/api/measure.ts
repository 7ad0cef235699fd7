// What an environment measured, from wherever it is: the control plane's memory for the last minutes, rollups for the rest.
// The rule: unreachable is not zero. Without the control plane the rollups are shown, and their age says how old they are.
import { readRollups, readSaturation, readScrapeState, type SaturationPoint } from "@/lib/data/signals";
import {
  type Flow,
  goldenSignals,
  isCounted,
  isStale,
  joinWindows,
  type MeasuredWindow,
  type Scope,
  type SignalState,
  signalState,
} from "@/lib/signals";
import type { Runtime } from "./runtime";
import type { SignalNow } from "./schema/live";

export interface Measured {
  nowMs: number;
  windows: MeasuredWindow[];
  saturation: SaturationPoint[];
  lastScrapeAtMs: number | null;
  intervalMs: number;
}

/** The control plane keeps this much in memory. */
const RECENT_MS = 15 * 60_000;
const DEFAULT_INTERVAL_MS = 2_000;
const ROLLUP_MS = 60_000;

export async function measure(
  { controlPlane, database, clock }: Runtime,
  { environmentId, rangeMs }: { environmentId: string; rangeMs: number },
): Promise<Measured> {
  const askedMs = clock.now();
  const recent = await controlPlane.recentSignals(environmentId, Math.ceil(Math.min(rangeMs, RECENT_MS) / 1_000));
  const span = { environmentId, from: new Date(askedMs - rangeMs - ROLLUP_MS), to: new Date(askedMs) };
  // A scraper that was just started remembers little: its predecessor's minutes are in the rollups.
  const remembersMs = recent?.windows[0]?.startMs ?? Number.POSITIVE_INFINITY;
  const needsRollups = remembersMs > askedMs - rangeMs;
  const [rollups, state] = await Promise.all([
    needsRollups ? readRollups(database, span) : [],
    recent?.lastScrapeAt ? null : readScrapeState(database, environmentId),
  ]);
  const { older, finer } = joinWindows(rollups, recent?.windows ?? []);
  const oldSaturation = rangeMs > ROLLUP_MS ? await readSaturation(database, span) : [];
  const newSaturation = (recent?.saturation ?? []).map(({ at, ...reading }) => ({ ...reading, atMs: at }));
  // Read after the waiting: a control plane that hangs must not make what it last said look young.
  const nowMs = clock.now();
  return {
    nowMs,
    windows: [...older, ...finer].filter(({ endMs }) => endMs > nowMs - rangeMs),
    saturation: [...oldSaturation, ...newSaturation],
    lastScrapeAtMs: recent?.lastScrapeAt ?? state?.lastScrapeAt.getTime() ?? null,
    intervalMs: recent?.intervalMs ?? state?.intervalMs ?? DEFAULT_INTERVAL_MS,
  };
}

/** "Now" is what the last half minute shows; with rollups only, the last whole minute. */
const NOW_MS = 30_000;

export function recentWindows({ windows, nowMs }: Measured): MeasuredWindow[] {
  const fine = windows.filter(({ endMs }) => endMs > nowMs - NOW_MS);
  if (fine.length > 0) return fine;
  const last = windows.at(-1);
  return last ? [last] : [];
}

export interface Seen {
  now: SignalNow;
  requests: number;
  errors: number;
  hasTraffic: boolean;
}

export const NOTHING: SignalNow = {
  requestsPerSecond: null,
  errorRatio: null,
  p50: null,
  p95: null,
  p99: null,
  mtlsRatio: null,
  tcp: null,
};

export function signalsOf(scope: Scope, windows: readonly MeasuredWindow[]): Seen {
  const seconds = windows.reduce((sum, { startMs, endMs }) => sum + (endMs - startMs), 0) / 1_000;
  if (seconds <= 0) return { now: NOTHING, requests: 0, errors: 0, hasTraffic: false };
  const golden = goldenSignals(scope, flowsIn(windows), seconds);
  return {
    requests: golden.requests,
    errors: golden.errors,
    hasTraffic: golden.requests > 0 || golden.tcp !== null,
    now: {
      requestsPerSecond: golden.requestsPerSecond,
      errorRatio: golden.errorRatio,
      p50: golden.p50?.valueMs ?? null,
      p95: golden.p95?.valueMs ?? null,
      p99: golden.p99?.valueMs ?? null,
      mtlsRatio: golden.mtlsRatio,
      tcp: golden.tcp,
    },
  };
}

export const flowsIn = (windows: readonly MeasuredWindow[]): Flow[] => windows.flatMap(({ flows }) => [...flows]);

export function stateOf(measured: Measured, hasTrafficNow: boolean, hasBeenSeen: boolean): SignalState {
  return signalState({
    nowMs: measured.nowMs,
    lastScrapeAtMs: measured.lastScrapeAtMs,
    scrapeIntervalMs: measured.intervalMs,
    hasBeenSeen,
    hasTrafficNow,
  });
}

/** What is stale is shown as it was, not as "now". */
export function nowOf(measured: Measured, now: SignalNow): SignalNow {
  const stale = isStale({
    nowMs: measured.nowMs,
    lastScrapeAtMs: measured.lastScrapeAtMs,
    scrapeIntervalMs: measured.intervalMs,
  });
  return stale ? { ...now, requestsPerSecond: null, tcp: null } : now;
}

/** A gateway answers nobody inside the mesh: its signals are those of the calls it makes. */
export function withGatewayAsCallee(windows: readonly MeasuredWindow[], gateway: string): MeasuredWindow[] {
  return windows.map(({ startMs, endMs, flows }) => ({
    startMs,
    endMs,
    flows: flows.filter((flow) => flow.source === gateway && isCounted(flow)),
  }));
}

// Live, zero, stale and no data are four different things, on every screen and in every answer.

export type SignalState = "live" | "zero" | "stale" | "no-data";

/** Scrapes that may be missed before what was seen is called stale. */
export const MISSED_SCRAPES_UNTIL_STALE = 3;

export type StateInput = {
  nowMs: number;
  /** Last scrape that succeeded; null: never. */
  lastScrapeAtMs: number | null;
  scrapeIntervalMs: number;
  /** Whether this scope ever had traffic. */
  hasBeenSeen: boolean;
  /** In the window that is shown as "now": requests, connections, or bytes on older ones. */
  hasTrafficNow: boolean;
};

export function signalState(input: StateInput): SignalState {
  if (input.lastScrapeAtMs === null || !input.hasBeenSeen) return "no-data";
  if (isStale(input)) return "stale";
  return input.hasTrafficNow ? "live" : "zero";
}

export function isStale(input: Pick<StateInput, "nowMs" | "lastScrapeAtMs" | "scrapeIntervalMs">): boolean {
  if (input.lastScrapeAtMs === null) return false;
  return input.nowMs - input.lastScrapeAtMs > MISSED_SCRAPES_UNTIL_STALE * input.scrapeIntervalMs;
}

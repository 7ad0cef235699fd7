// One proxy's metrics page as numbers, and what happened between two of them.
// The rule: a counter that went down was reset, so all of its new value is new; a counter never seen before on a known proxy started at 0.
import { eachSample } from "./exposition";

/** Value by series key. */
export type Scrape = ReadonlyMap<string, number>;

const WANTED_PREFIXES = ["istio_", "meshwright_"];
const WANTED = new Set(["process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"]);

export function readScrape(text: string): Scrape {
  const values = new Map<string, number>();
  const isWanted = (name: string) => WANTED.has(name) || WANTED_PREFIXES.some((prefix) => name.startsWith(prefix));
  eachSample(text, isWanted, (key, value) => {
    values.set(key, value);
  });
  return values;
}

/** How much a counter grew. `previous` undefined: the series is new. */
export function counterDelta(previous: number | undefined, current: number): number {
  if (previous === undefined) return current;
  return current < previous ? current : current - previous;
}

/**
 * Growth of every series that `isCounter`, zeros left out. Without a previous scrape nothing is known to be new, so there is none;
 * give an empty map as `previous` for a proxy that was started since the last round.
 */
export function countersBetween(
  previous: Scrape | undefined,
  current: Scrape,
  isCounter: (key: string) => boolean,
): Map<string, number> {
  const deltas = new Map<string, number>();
  if (!previous) return deltas;
  for (const [key, value] of current) {
    if (!isCounter(key)) continue;
    const delta = counterDelta(previous.get(key), value);
    if (delta > 0) deltas.set(key, delta);
  }
  return deltas;
}

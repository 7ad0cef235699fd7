// What each proxy's counters stood at when they were last counted. Kept beside the rollups in one write, so that a
// restart of the control plane neither loses a request nor counts one twice.
// One rule: a process is told from the one before by its own start time; a new process counts from zero.

import { z } from "zod";
import type { Scrape } from "@/lib/signals";

export const storedCountersSchema = z.object({
  processStart: z.number(),
  values: z.record(z.string(), z.number()),
});
export type StoredCounters = z.infer<typeof storedCountersSchema>;

interface Known {
  processStart: number;
  scrape: Scrape;
  atMs: number;
}

const COUNTED = [
  "istio_",
  "process_cpu_seconds_total",
  "meshwright_upstream_rq_pending_overflow_total",
  "meshwright_tcp_connections_refused_total",
];

export interface Baseline {
  /** Undefined: nothing is known to be new, so nothing is counted. */
  previous: Scrape | undefined;
  /** Time since the last scrape of the same process. */
  elapsedMs: number | null;
}

export class ProxyCounters {
  private readonly known = new Map<string, Known>();

  /** `watchingSinceMs`: since when every scrape is accounted for; a process that started later is counted from zero. */
  constructor(
    readonly watchingSinceMs: number,
    stored: Readonly<Record<string, StoredCounters>> = {},
    storedAtMs = watchingSinceMs,
  ) {
    for (const [proxyRowId, { processStart, values }] of Object.entries(stored)) {
      const scrape = new Map(Object.entries(values));
      this.known.set(proxyRowId, { processStart, scrape, atMs: storedAtMs });
    }
  }

  baseline(proxyRowId: string, current: Scrape, atMs: number): Baseline {
    const processStart = startOf(current);
    const known = this.known.get(proxyRowId);
    if (known && known.processStart === processStart) {
      return { previous: known.scrape, elapsedMs: atMs - known.atMs };
    }
    const isNew = known !== undefined || processStart * 1000 >= this.watchingSinceMs;
    return { previous: isNew ? new Map() : undefined, elapsedMs: null };
  }

  counted(proxyRowId: string, current: Scrape, atMs: number): void {
    this.known.set(proxyRowId, { processStart: startOf(current), scrape: current, atMs });
  }

  /** Forgets proxies that are gone. */
  keepOnly(proxyRowIds: ReadonlySet<string>): void {
    for (const proxyRowId of this.known.keys()) {
      if (!proxyRowIds.has(proxyRowId)) {
        this.known.delete(proxyRowId);
      }
    }
  }

  stored(): Record<string, StoredCounters> {
    const entries = [...this.known].map(([proxyRowId, { processStart, scrape }]) => {
      const values = [...scrape].filter(([key]) => COUNTED.some((prefix) => key.startsWith(prefix)));
      return [proxyRowId, { processStart, values: Object.fromEntries(values) }];
    });
    return Object.fromEntries(entries) as Record<string, StoredCounters>;
  }
}

/** When the proxy's process began, in seconds since the epoch; 0 when it does not say. */
export function startOf(scrape: Scrape): number {
  return scrape.get("process_start_time_seconds") ?? 0;
}

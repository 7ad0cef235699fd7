// Everything measured of one environment: counters, recent windows, minutes being filled, and their way to PostgreSQL.
// Saving writes the counters with the unwritten minutes first and the rollups after: whatever dies in between, the
// next start writes the same minutes again. One rule: a minute is replaced whole, never added to.

import { z } from "zod";
import type { RollupRow, SaturationRow, SystemData } from "@/lib/data/system";
import {
  type Directory,
  type Flow,
  flowsBetween,
  mergeFlows,
  type OwnWorkload,
  ownSeries,
  readScrape,
  type Saturation,
  SeriesCache,
  type SidecarBudget,
  saturationOf,
} from "@/lib/signals";
import { type Minute, MinuteBook } from "./minute-book";
import type { MinuteSaturation } from "./minute-saturation";
import { ProxyCounters, startOf, storedCountersSchema } from "./proxy-counters";
import { RecentWindows } from "./recent-windows";

export interface ScrapedPage {
  proxyRowId: string;
  proxyKey: string;
  text: string;
  budget: SidecarBudget;
  /** Brought by the proxy itself: it is believed about this workload. null: asked of a proxy that an agent runs. */
  broughtBy: OwnWorkload | null;
}

/** What was saved before 0.2 knows no connections. */
const NO_TCP = { connections: 0, failedConnections: 0, receivedBytes: 0, sentBytes: 0 };
const flowSchema = z
  .custom<Flow>((value) => typeof value === "object" && value !== null && "bucketCounts" in value)
  .transform((flow) => ({ ...NO_TCP, ...flow }));
const storedSchema = z.object({
  savedAtMs: z.number(),
  /** Since when every process of a proxy is accounted for. Written since 0.1; what was saved before has only savedAtMs. */
  watchingSinceMs: z.number().optional(),
  counters: z.record(z.string(), storedCountersSchema),
  minutes: z.array(z.object({ minuteMs: z.number(), flows: z.array(flowSchema) })),
});

/** A gap longer than this is not a late scrape: its requests are not put into the minute of its end. */
const LONGEST_GAP_MS = 120_000;
const cache = new SeriesCache();

export class EnvironmentTelemetry {
  readonly recent = new RecentWindows();
  private readonly minutes = new MinuteBook();

  private constructor(
    readonly environmentId: string,
    private readonly data: SystemData,
    readonly counters: ProxyCounters,
    /** End of the last round, our own or our predecessor's; null before the first one ever. */
    private lastEndMs: number | null,
  ) {}

  static async open(environmentId: string, data: SystemData, nowMs: number): Promise<EnvironmentTelemetry> {
    const stored = storedSchema.safeParse(await data.settings.get(settingKey(environmentId))).data;
    if (!stored) {
      // Nothing of it was ever counted: whatever its proxies have counted so far is new.
      return new EnvironmentTelemetry(environmentId, data, new ProxyCounters(0), null);
    }
    const isFresh = nowMs - stored.savedAtMs <= LONGEST_GAP_MS;
    const counters = isFresh
      ? new ProxyCounters(stored.watchingSinceMs ?? stored.savedAtMs, stored.counters, stored.savedAtMs)
      : new ProxyCounters(nowMs);
    const telemetry = new EnvironmentTelemetry(environmentId, data, counters, isFresh ? stored.savedAtMs : nowMs);
    for (const { minuteMs, flows } of stored.minutes) {
      telemetry.minutes.restore({ minuteMs, flows, saturation: new Map() });
    }
    return telemetry;
  }

  /** Takes what one round brought. `proxiesTotal` counts those that should have answered. */
  addRound(pages: readonly ScrapedPage[], proxiesTotal: number, directory: Directory, endMs: number): void {
    const flows: Flow[] = [];
    const saturation = new Map<string, Saturation>();
    let firstStartMs = endMs;
    for (const page of pages) {
      const scraped = readScrape(page.text);
      const current = page.broughtBy ? ownSeries(scraped, page.broughtBy, cache) : scraped;
      firstStartMs = Math.min(firstStartMs, startOf(current) * 1_000);
      const { previous, elapsedMs } = this.counters.baseline(page.proxyRowId, current, endMs);
      flows.push(...flowsBetween(previous, current, cache, directory));
      saturation.set(page.proxyKey, saturationOf(previous, current, elapsedMs ?? 0, cache, page.budget));
      this.counters.counted(page.proxyRowId, current, endMs);
    }
    const merged = mergeFlows(flows);
    const startMs = this.lastEndMs ?? Math.max(firstStartMs, endMs - LONGEST_GAP_MS);
    const window = { startMs, endMs, flows: merged, proxiesSeen: pages.length, proxiesTotal };
    this.recent.add(window, saturation);
    this.minutes.add(endMs, merged, saturation);
    this.lastEndMs = endMs;
  }

  async save(nowMs: number, serviceOf: (proxyKey: string) => string | null): Promise<void> {
    const pending = this.minutes.pending();
    if (pending.length === 0) {
      return;
    }
    const open = this.minutes.open(nowMs);
    const minutes = [...new Set(open ? [...pending, open] : pending)].map(({ minuteMs, flows }) => ({
      minuteMs,
      flows,
    }));
    const { watchingSinceMs } = this.counters;
    const stored = { savedAtMs: this.lastEndMs ?? nowMs, watchingSinceMs, counters: this.counters.stored(), minutes };
    await this.data.settings.set(settingKey(this.environmentId), stored);
    await this.data.telemetry.upsertRollups(pending.flatMap((minute) => rollupRows(this.environmentId, minute)));
    await this.data.telemetry.upsertSaturation(
      pending.flatMap((minute) => saturationRows(this.environmentId, minute, serviceOf)),
    );
    this.minutes.written(pending, nowMs);
  }
}

function settingKey(environmentId: string): string {
  return `telemetry:${environmentId}`;
}

function rollupRows(environmentId: string, { minuteMs, flows }: Minute): RollupRow[] {
  return flows.map((flow) => ({ environmentId, minute: new Date(minuteMs), ...flow }));
}

function saturationRows(
  environmentId: string,
  { minuteMs, saturation }: Minute,
  serviceOf: (proxyKey: string) => string | null,
): SaturationRow[] {
  const minute = new Date(minuteMs);
  return [...saturation].map(([proxyKey, reading]) => ({
    environmentId,
    minute,
    proxyKey,
    service: serviceOf(proxyKey),
    ...rounded(reading),
  }));
}

/** Columns of whole numbers take no fractions. */
function rounded(reading: MinuteSaturation): MinuteSaturation {
  const whole = (value: number | null) => (value === null ? null : Math.round(value));
  return {
    ...reading,
    residentBytes: whole(reading.residentBytes),
    privateBytes: whole(reading.privateBytes),
    overflow: Math.round(reading.overflow),
  };
}

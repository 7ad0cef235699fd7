// One-minute rollups of one environment while they are being filled: flows, and the worst saturation per proxy.
// A minute is written whole and may be written again, so a retry after an error counts nothing twice.
// One rule: what was scraped belongs to the minute in which the scrape ended.

import { type Flow, mergeFlows, minuteOf } from "@/lib/signals";
import { type MinuteSaturation, worstOf } from "./minute-saturation";

const MINUTE_MS = 60_000;

export interface Minute {
  minuteMs: number;
  flows: Flow[];
  saturation: Map<string, MinuteSaturation>;
}

export class MinuteBook {
  private readonly minutes = new Map<number, Minute>();
  private readonly dirty = new Set<number>();

  /** Takes up a minute after a restart; it is written again, since nobody knows whether it was. */
  restore(minute: Minute): void {
    this.minutes.set(minute.minuteMs, minute);
    this.dirty.add(minute.minuteMs);
  }

  add(atMs: number, flows: readonly Flow[], saturation: ReadonlyMap<string, MinuteSaturation>): void {
    const minuteMs = minuteOf(atMs);
    const minute = this.minutes.get(minuteMs) ?? {
      minuteMs,
      flows: [],
      saturation: new Map<string, MinuteSaturation>(),
    };
    minute.flows = mergeFlows([...minute.flows, ...flows]);
    for (const [proxyKey, reading] of saturation) {
      minute.saturation.set(proxyKey, worstOf(minute.saturation.get(proxyKey), reading));
    }
    this.minutes.set(minuteMs, minute);
    this.dirty.add(minuteMs);
  }

  /** Minutes with something not yet written, oldest first; each is complete so far. */
  pending(): Minute[] {
    return [...this.dirty].sort((a, b) => a - b).flatMap((minuteMs) => this.minutes.get(minuteMs) ?? []);
  }

  /** The minute that is still filling, for a restart. */
  open(nowMs: number): Minute | null {
    return this.minutes.get(minuteOf(nowMs)) ?? null;
  }

  written(minutes: readonly Minute[], nowMs: number): void {
    for (const { minuteMs } of minutes) {
      this.dirty.delete(minuteMs);
    }
    for (const minuteMs of this.minutes.keys()) {
      if (!this.dirty.has(minuteMs) && minuteMs < minuteOf(nowMs) - MINUTE_MS) {
        this.minutes.delete(minuteMs);
      }
    }
  }
}

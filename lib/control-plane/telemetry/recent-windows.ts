// The last fifteen minutes of one environment, one window per scrape round: what live charts and the canvas show.
// One rule: a round in which nothing happened is kept (zero); a round that never ran is missing (stale, or no data).

import type { MeasuredWindow, Saturation } from "@/lib/signals";

export const RECENT_MS = 900_000;

export interface Round extends MeasuredWindow {
  proxiesSeen: number;
  proxiesTotal: number;
}

export class RecentWindows {
  private rounds: Round[] = [];
  readonly saturation = new Map<string, { atMs: number; reading: Saturation }>();

  add(round: Round, saturation: ReadonlyMap<string, Saturation>): void {
    this.rounds.push(round);
    const first = this.rounds.findIndex((item) => item.endMs >= round.endMs - RECENT_MS);
    if (first > 0) {
      this.rounds = this.rounds.slice(first);
    }
    for (const [proxyKey, reading] of saturation) {
      this.saturation.set(proxyKey, { atMs: round.endMs, reading });
    }
    for (const [proxyKey, { atMs }] of this.saturation) {
      if (atMs < round.endMs - RECENT_MS) {
        this.saturation.delete(proxyKey);
      }
    }
  }

  since(ms: number): readonly Round[] {
    return this.rounds.filter((round) => round.endMs > ms);
  }

  last(): Round | null {
    return this.rounds.at(-1) ?? null;
  }
}

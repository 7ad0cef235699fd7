// Tells the other control planes, over the database, what this one counted, and learns what they did. One rule: a request never waits for
// the database; while it is away each control plane counts for itself.

import { createHash } from "node:crypto";
import type { RateLimitShare, RateLimitTotal } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { Counters } from "./counters";

export interface CountStore {
  add(shares: readonly RateLimitShare[]): Promise<readonly RateLimitTotal[]>;
  deleteEnded(before: Date): Promise<unknown>;
}

const EVERY_MS = 1000;
const SWEEP_EVERY = 60;

export class CountExchange {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private rounds = 0;
  private hasFailed = false;

  constructor(
    private readonly counters: Counters,
    private readonly store: CountStore,
    private readonly now: () => number,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.round(), EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.round();
  }

  /** One at a time: a slow database is not asked again before it has answered. */
  round(): Promise<void> {
    this.running ??= this.exchange().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async exchange(): Promise<void> {
    const now = this.now();
    this.counters.sweep(now);
    const shares = this.counters.share(now);
    // Keys hold what callers sent: the database gets their digests.
    const byDigest = new Map(shares.map((share) => [digestOf(share.key), share.key]));
    try {
      if (shares.length > 0) {
        const totals = await this.store.add(
          shares.map(({ key, windowEnd, added }) => ({ key: digestOf(key), windowEnd: new Date(windowEnd), added })),
        );
        this.counters.learn(
          totals.map(({ key, windowEnd, total }) => ({
            key: byDigest.get(key) ?? "",
            windowEnd: windowEnd.getTime(),
            total,
          })),
        );
      }
      if (this.rounds++ % SWEEP_EVERY === 0) await this.store.deleteEnded(new Date(now));
      this.hasFailed = false;
    } catch (error) {
      this.counters.giveBack(shares);
      if (!this.hasFailed) {
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.warn({ reason }, "counts of rate limits are not exchanged: this control plane counts for itself");
      }
      this.hasFailed = true;
    }
  }
}

const digestOf = (key: string): string => createHash("sha256").update(key).digest("base64url");

// How often one principal or address may ask: token buckets in memory, per process.
// The rule: it protects the server from a program that runs wild; guessing passwords is stopped by the throttle in the database.
import type { Clock } from "@/lib/clock";

export interface Limit {
  perSecond: number;
  burst: number;
}

/** A canvas that loads asks for some twenty things at once; an import script writes some hundred. */
export const LIMITS = {
  read: { perSecond: 50, burst: 400 },
  write: { perSecond: 20, burst: 200 },
} as const satisfies Record<string, Limit>;

const MAX_BUCKETS = 10_000;

export class RateLimiter {
  private readonly buckets = new Map<string, { tokens: number; at: number }>();

  constructor(private readonly clock: Clock) {}

  /** 0 when the request may go on, else the seconds to wait. */
  take(key: string, { perSecond, burst }: Limit): number {
    const now = this.clock.now();
    const bucket = this.buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond);
    this.buckets.delete(key);
    if (tokens < 1) {
      this.buckets.set(key, { tokens, at: now });
      return Math.ceil((1 - tokens) / perSecond);
    }
    this.buckets.set(key, { tokens: tokens - 1, at: now });
    // The oldest is the one that was asked for longest ago.
    if (this.buckets.size > MAX_BUCKETS) {
      const oldest = this.buckets.keys().next().value;
      if (oldest !== undefined) this.buckets.delete(oldest);
    }
    return 0;
  }
}

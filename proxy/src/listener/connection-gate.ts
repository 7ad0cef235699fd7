// Lets connections of a filter chain in, up to its limits: so many at a time, so many per time. Rule: asked once per connection, before
// TLS; what is counted as active is counted out when the socket closes, whatever became of the plan meanwhile.

import type { Socket } from "node:net";
import type { RateLimits } from "../http/rate-limits";
import type { ConnectionLimitPlan } from "../plan/types";
import { type CountsOf, envoyWord, type NamedCounts } from "../telemetry/named-counts";

export const connectionLimitCounts = (all: NamedCounts, statPrefix: string): CountsOf<"connectionLimit"> =>
  all.of("connectionLimit", `connection_limit.${envoyWord(statPrefix)}.`);
export const networkRateLimitCounts = (all: NamedCounts, statPrefix: string): CountsOf<"networkRateLimit"> =>
  all.of("networkRateLimit", `local_rate_limit.${envoyWord(statPrefix)}.`);

type ActiveLimit = Extract<ConnectionLimitPlan, { kind: "active" }>;

export class ConnectionGate {
  /** By the key of their plan: a swap forgets no connection that is still open. */
  private readonly active = new Map<string, number>();

  constructor(
    private readonly counts: NamedCounts,
    private readonly rateLimits: RateLimits,
  ) {}

  /** False: it is over a limit, and ends now or after its delay. */
  letsIn(socket: Socket, limits: readonly ConnectionLimitPlan[]): boolean {
    for (const limit of limits) {
      const isWithin = limit.kind === "active" ? this.isWithin(socket, limit) : this.mayTake(socket, limit);
      if (!isWithin) return false;
    }
    return true;
  }

  private isWithin(socket: Socket, { key, statPrefix, maxConnections, delayMs }: ActiveLimit): boolean {
    const counts = connectionLimitCounts(this.counts, statPrefix);
    const before = this.active.get(key) ?? 0;
    const isWithin = before < maxConnections;
    counts.active_connections++;
    if (isWithin) this.active.set(key, before + 1);
    else counts.limited_connections++;
    const timer = isWithin ? null : endAfter(socket, delayMs);
    socket.once("close", () => {
      counts.active_connections--;
      if (timer !== null) clearTimeout(timer);
      if (isWithin) this.leave(key);
    });
    return isWithin;
  }

  private leave(key: string): void {
    const left = (this.active.get(key) ?? 1) - 1;
    if (left === 0) this.active.delete(key);
    else this.active.set(key, left);
  }

  private mayTake(socket: Socket, { statPrefix, bucket }: Extract<ConnectionLimitPlan, { kind: "rate" }>): boolean {
    const now = performance.now();
    if (this.rateLimits.of(bucket, now).take(now)) return true;
    networkRateLimitCounts(this.counts, statPrefix).rate_limited++;
    socket.destroy();
    return false;
  }
}

/** Held without reading: a caller that comes again and again has to wait. */
function endAfter(socket: Socket, delayMs: number): NodeJS.Timeout | null {
  if (delayMs === 0) {
    socket.destroy();
    return null;
  }
  socket.pause();
  return setTimeout(() => socket.destroy(), delayMs);
}

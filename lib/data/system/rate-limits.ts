// Counts of shared rate limits in the windows that are open: each control plane adds what it counted and reads the sum.
// The rule: rows are locked in the order of their keys, so that two that add to the same ones never wait for each other.
import type { Database } from "../client";

export interface RateLimitShare {
  key: string;
  windowEnd: Date;
  added: number;
}

export interface RateLimitTotal {
  key: string;
  windowEnd: Date;
  total: number;
}

/** Of one statement: its arrays have to stay small. */
const BATCH = 1000;

export function rateLimits(database: Database) {
  return {
    async add(shares: readonly RateLimitShare[]): Promise<RateLimitTotal[]> {
      const sorted = [...shares].sort((a, b) => (a.key < b.key ? -1 : 1));
      const totals: RateLimitTotal[] = [];
      for (let at = 0; at < sorted.length; at += BATCH) {
        const batch = sorted.slice(at, at + BATCH);
        const keys = batch.map(({ key }) => key);
        const ends = batch.map(({ windowEnd }) => windowEnd);
        const added = batch.map((share) => share.added);
        totals.push(
          ...(await database.$queryRaw<RateLimitTotal[]>`
            INSERT INTO "RateLimitCount" ("key", "windowEnd", "count")
            SELECT * FROM unnest(${keys}::text[], ${ends}::timestamptz[], ${added}::int[])
            ON CONFLICT ("key", "windowEnd") DO UPDATE SET "count" = "RateLimitCount"."count" + EXCLUDED."count"
            RETURNING "key", "windowEnd", "count" AS "total"`),
        );
      }
      return totals;
    },
    async deleteEnded(before: Date): Promise<number> {
      return (await database.rateLimitCount.deleteMany({ where: { windowEnd: { lt: before } } })).count;
    },
  };
}

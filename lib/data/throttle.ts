// Guessing is slow: attempts to sign in are counted per account and per address, for all web processes together.
// The rule: an attempt counts before the password is looked at, so that many at once are not one.
import type { Database } from "./client";

export interface ThrottleRule {
  attempts: number;
  windowMs: number;
}

const QUARTER_HOUR_MS = 900_000;
/** NIST SP 800-63B section 3.2.2 allows up to 100; five and a pause is what people expect. */
export const ACCOUNT_RULE: ThrottleRule = { attempts: 5, windowMs: QUARTER_HOUR_MS };
/** An office behind one address signs in together on Monday morning. */
export const ADDRESS_RULE: ThrottleRule = { attempts: 50, windowMs: QUARTER_HOUR_MS };

/** True when this attempt may go on. */
export async function countAttempt(
  database: Database,
  key: string,
  { attempts, windowMs }: ThrottleRule,
  now: Date,
): Promise<boolean> {
  const windowEnd = new Date(now.getTime() + windowMs);
  const [row] = await database.$queryRaw<{ hits: number }[]>`
    INSERT INTO "Throttle" ("key", "hits", "windowEnd") VALUES (${key}, 1, ${windowEnd})
    ON CONFLICT ("key") DO UPDATE SET
      "hits" = CASE WHEN "Throttle"."windowEnd" <= ${now} THEN 1 ELSE "Throttle"."hits" + 1 END,
      "windowEnd" = CASE WHEN "Throttle"."windowEnd" <= ${now} THEN EXCLUDED."windowEnd" ELSE "Throttle"."windowEnd" END
    RETURNING "hits"`;
  return (row?.hits ?? 1) <= attempts;
}

export async function forgetAttempts(database: Database, key: string, now: Date): Promise<void> {
  await database.throttle.deleteMany({ where: { OR: [{ key }, { windowEnd: { lt: now } }] } });
}

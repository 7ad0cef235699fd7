// What is done every hour: the issuer's next slot, expired tokens and certificates, and a word before the CA ends.

import type { SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { Authority } from "./ca/authority";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Expired certificates stay readable for a week: "which one did it use last Tuesday". */
const CERTIFICATES_KEPT_MS = 7 * DAY_MS;
/** Who let which machine join, and when. */
const JOIN_TOKENS_KEPT_MS = 30 * DAY_MS;
const WARN_BEFORE_MS = 30 * DAY_MS;

export interface HousekeepingOptions {
  data: SystemData;
  authority: Authority;
  now: () => number;
  logger: Logger;
}

/** Starts it; returns what stops it. */
export function startHousekeeping(options: HousekeepingOptions): () => void {
  const timer = setInterval(() => {
    keepHouse(options).catch((error: unknown) => {
      options.logger.error(
        { reason: error instanceof Error ? error.message : String(error) },
        "the hourly work failed; it is tried again in an hour",
      );
    });
  }, HOUR_MS);
  return () => clearInterval(timer);
}

export async function keepHouse({ data, authority, now, logger }: HousekeepingOptions): Promise<void> {
  await authority.load();
  await data.joinTokens.deleteExpired(new Date(now()));
  await data.workloadJoinTokens.deleteExpiredBefore(new Date(now() - JOIN_TOKENS_KEPT_MS));
  await data.certificates.deleteExpiredBefore(new Date(now() - CERTIFICATES_KEPT_MS));
  const expiry = authority.soonestExpiry();
  if (expiry.getTime() - now() < WARN_BEFORE_MS) {
    logger.warn(
      { expiry: expiry.toISOString() },
      "the certificate authority ends soon: rotate it before, or every workload loses its identity",
    );
  }
}

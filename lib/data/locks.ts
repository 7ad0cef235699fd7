// Advisory locks: "only one of all processes does this now". Held until the transaction ends, so a killed process frees its lock.
import type { Connection, Database } from "./client";

/** Fixed numbers; a new lock takes the next. */
export const LOCKS = { migrations: 4_726_001, events: 4_726_002, caKeys: 4_726_003 } as const;

export async function lockInTransaction(connection: Connection, lock: keyof typeof LOCKS): Promise<void> {
  await connection.$executeRaw`SELECT pg_advisory_xact_lock(${LOCKS[lock]}::bigint)`;
}

/** Runs `work` in a transaction while nobody else holds `lock`. */
export function withLock<T>(
  database: Database,
  lock: keyof typeof LOCKS,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return database.$transaction(
    async (connection) => {
      await lockInTransaction(connection, lock);
      return work(connection);
    },
    { maxWait: 15_000, timeout: 30_000 },
  );
}

// Who leads, and small settings. Leadership is a row with an end: taken when free or run out, kept by renewing.
import type { Database } from "../client";
import { toJson } from "../json";

export interface LeaderRow {
  name: string;
  holder: string;
  address: string;
  expiresAt: Date;
}

export function leader(database: Database) {
  return {
    /** Takes or renews; false while another holder's time has not run out. */
    async acquire({ name, holder, address, expiresAt }: LeaderRow, now: Date): Promise<boolean> {
      const changed = await database.$executeRaw`
        INSERT INTO "Leader" ("name", "holder", "address", "expiresAt") VALUES (${name}, ${holder}, ${address}, ${expiresAt})
        ON CONFLICT ("name") DO UPDATE SET "holder" = EXCLUDED."holder", "address" = EXCLUDED."address", "expiresAt" = EXCLUDED."expiresAt"
        WHERE "Leader"."holder" = EXCLUDED."holder" OR "Leader"."expiresAt" < ${now}`;
      return changed > 0;
    },
    async release(name: string, holder: string): Promise<void> {
      await database.leader.deleteMany({ where: { name, holder } });
    },
    find(name: string): Promise<LeaderRow | null> {
      return database.leader.findUnique({ where: { name } });
    },
  };
}

export function settings(database: Database) {
  return {
    async get(key: string): Promise<unknown> {
      return (await database.setting.findUnique({ where: { key } }))?.value ?? null;
    },
    async set(key: string, value: unknown): Promise<void> {
      const data = { value: toJson(value), updatedAt: new Date() };
      await database.setting.upsert({ where: { key }, create: { key, ...data }, update: data });
    },
  };
}

// Applies prisma/migrations in order. The bookkeeping table is Prisma's own, so `prisma migrate deploy` goes on where this stopped.
// The rule: one process at a time (advisory lock), each migration in one transaction, an applied file never changes.
import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import pg from "pg";
import { LOCKS } from "./locks";

export interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of the file, as Prisma notes it. */
  checksum: string;
}

export class MigrationError extends Error {}

/** The folder prisma/migrations of this installation, looked for upwards from `from`. */
export function findMigrationsFolder(from: string): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "prisma", "migrations");
    if (fs.existsSync(candidate)) return candidate;
    if (path.dirname(folder) === folder) {
      throw new MigrationError(`prisma/migrations was not found above ${from}: the installation is not complete.`);
    }
  }
}

export function readMigrations(folder: string): Migration[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = fs.readFileSync(path.join(folder, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

interface AppliedRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

/** Returns the names that were applied now. */
export async function migrate(url: string, migrations: readonly Migration[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: "meshwright-migrate" });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCKS.migrations]);
    await client.query(BOOKKEEPING);
    const { rows } = await client.query<AppliedRow>(
      `SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL`,
    );
    const applied = new Map(rows.map((row) => [row.migration_name, row]));
    const fresh: string[] = [];
    for (const migration of migrations) {
      const known = applied.get(migration.name);
      if (known) checkApplied(known, migration);
      else {
        await apply(client, migration);
        fresh.push(migration.name);
      }
    }
    checkNoneNewer(applied, migrations);
    return fresh;
  } finally {
    await client.end();
  }
}

function checkApplied(row: AppliedRow, migration: Migration): void {
  if (!row.finished_at) {
    throw new MigrationError(`${migration.name} was begun and not finished: restore the database from its backup.`);
  }
  if (row.checksum !== migration.checksum) {
    throw new MigrationError(
      `${migration.name} differs from what was applied: take the file back, and add a new migration.`,
    );
  }
}

function checkNoneNewer(applied: ReadonlyMap<string, AppliedRow>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new MigrationError(
      `The database is newer than this program (${unknown.join(", ")}): start the newer version.`,
    );
  }
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query("COMMIT");
  } catch (cause) {
    await client.query("ROLLBACK").catch(() => undefined);
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new MigrationError(`${name} could not be applied, nothing of it remains: ${message}`, { cause });
  }
}

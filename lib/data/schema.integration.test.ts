// Holds prisma/schema.prisma and prisma/migrations together, without Prisma's schema engine: a freshly migrated database's
// information_schema against the schema's own text, column by column.
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestPostgres, type TestPostgres } from "@/lib/start/testing/postgres";
import { MigrationError, migrate, readMigrations } from "./migrations";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const schema = fs.readFileSync(path("../../prisma/schema.prisma"), "utf8");
const migrations = readMigrations(path("../../prisma/migrations"));

interface Column {
  table: string;
  name: string;
  type: string;
  nullable: boolean;
  hasDefault: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  String: "text",
  Int: "integer",
  BigInt: "bigint",
  Float: "double precision",
  Boolean: "boolean",
  Json: "jsonb",
  DateTime: "timestamp with time zone",
};

function columnsOfSchema(): Column[] {
  const models = [...schema.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)];
  return models.flatMap(([, table = "", body = ""]) =>
    body.split("\n").flatMap((line) => {
      const field = /^ {2}(\w+)\s+(\w+)(\[\])?(\?)?(.*)$/.exec(line);
      const [, name = "", type = "", list, optional, rest = ""] = field ?? [];
      const sqlType = TYPES[type];
      if (!field || !sqlType) return [];
      // cuid() is made by the client; everything else is a default of the column.
      const hasDefault = rest.includes("@default(") && !rest.includes("cuid()");
      return [
        { table, name, type: list ? "ARRAY" : sqlType, nullable: Boolean(optional) || Boolean(list), hasDefault },
      ];
    }),
  );
}

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server?.stop());

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

const byName = (a: Column, b: Column) => `${a.table}.${a.name}`.localeCompare(`${b.table}.${b.name}`);

test("a migrated database has the columns of the schema, no more and no less", async () => {
  const url = await server.createDatabase({ migrated: false });
  expect(await migrate(url, migrations)).toEqual(migrations.map(({ name }) => name));
  const rows = await query<Column>(
    url,
    `SELECT table_name AS "table", column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable, column_default IS NOT NULL AS "hasDefault"
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'`,
  );
  const expected = columnsOfSchema();
  expect(expected.length).toBeGreaterThan(150);
  expect(rows.sort(byName)).toEqual(expected.sort(byName));
});

test("unique fields, indexes and relations of the schema are in the database", async () => {
  const indexes = await query<{ definition: string }>(
    server.url,
    "SELECT indexdef AS definition FROM pg_indexes WHERE schemaname = 'public'",
  );
  const has = (table: string, columns: readonly string[]) => {
    const list = columns.map((column) => `"?${column}"?`).join(", ");
    return indexes.some(({ definition }) =>
      new RegExp(`ON public\\."?${table}"? USING btree \\(${list}\\)`).test(definition),
    );
  };
  for (const [, table = "", body = ""] of schema.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)) {
    for (const [, kind, list = ""] of body.matchAll(/@@(id|unique|index)\(\[([^\]]+)\]\)/g)) {
      const columns = list.split(",").map((column) => column.trim());
      expect([table, kind, columns, has(table, columns)]).toEqual([table, kind, columns, true]);
    }
    for (const [, name = ""] of body.matchAll(/^ {2}(\w+)\s.*(?:@unique|@id)\b/gm)) {
      expect([table, name, has(table, [name])]).toEqual([table, name, true]);
    }
  }
  const [count] = await query<{ keys: number }>(
    server.url,
    "SELECT count(*)::int AS keys FROM information_schema.table_constraints WHERE constraint_type = 'FOREIGN KEY'",
  );
  expect(count?.keys).toBe([...schema.matchAll(/@relation\((?:"\w+", )?fields:/g)].length);
});

test("migrating twice, and twice at once, applies each migration once", async () => {
  const url = await server.createDatabase({ migrated: false });
  const applied = await Promise.all([migrate(url, migrations), migrate(url, migrations), migrate(url, migrations)]);
  expect(applied.flat()).toEqual(migrations.map(({ name }) => name));
  const [row] = await query<{ count: number }>(
    url,
    `SELECT count(*)::int AS count FROM "_prisma_migrations" WHERE finished_at IS NOT NULL`,
  );
  expect(row?.count).toBe(migrations.length);
});

test("an applied migration that was changed, and a database of a newer version, are refused by name", async () => {
  const url = await server.createDatabase({ migrated: false });
  await migrate(url, migrations);
  const changed = migrations.map((migration, i) => (i === 0 ? { ...migration, checksum: "0".repeat(64) } : migration));
  await expect(migrate(url, changed)).rejects.toThrow(/differs from what was applied/);
  await expect(migrate(url, [])).rejects.toThrow(/newer than this program/);
});

test("a migration that fails leaves nothing of itself", async () => {
  const url = await server.createDatabase({ migrated: false });
  const broken = {
    name: "20990101000000_broken",
    sql: "CREATE TABLE half (id int); SELECT 1/0;",
    checksum: "1".repeat(64),
  };
  await expect(migrate(url, [...migrations, broken])).rejects.toBeInstanceOf(MigrationError);
  const tables = await query<{ name: string }>(
    url,
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  expect(tables.map(({ name }) => name)).not.toContain("half");
  expect(await migrate(url, migrations)).toEqual([]);
});

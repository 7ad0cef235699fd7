// A real PostgreSQL for tests: own port, own data folder, nothing left behind even when the test process is killed.
// The rule: a test never waits for initdb or migrations twice. A stopped, migrated data folder is kept in the temporary
// folder under the hash of the migrations, and every test server starts on a copy of it.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { createCluster, databaseUrl, preparePostgres, spawnServer, stopServer } from "../postgres.mjs";
import { freePort } from "../wait.mjs";

export interface TestPostgres {
  /** Connection string of the migrated database `meshwright`. */
  url: string;
  port: number;
  /** The server process, for tests that kill it. */
  process: ChildProcess;
  /** A further database: migrated (a copy of the template) or empty. */
  createDatabase(options?: { migrated?: boolean }): Promise<string>;
  stop(): Promise<void>;
}

const PASSWORD = "test";
const TEST_SETTINGS = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", shared_buffers: "16MB" };
const migrationsFolder = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

interface Migration {
  name: string;
  sql: string;
}

function readMigrations(): Migration[] {
  if (!fs.existsSync(migrationsFolder)) return [];
  return fs
    .readdirSync(migrationsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => ({ name, sql: fs.readFileSync(path.join(migrationsFolder, name, "migration.sql"), "utf8") }));
}

async function query(url: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** When the test process is gone, its end of the pipe closes; then the shell ends the server and removes its folder. */
function endWithThisProcess(server: ChildProcess, folder: string): ChildProcess {
  const script = 'cat >/dev/null; kill -QUIT "$1" 2>/dev/null; sleep 1; kill -KILL "$1" 2>/dev/null; rm -rf "$2"';
  const guard = spawn("sh", ["-c", script, "guard", String(server.pid), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  return guard;
}

function dismiss(guard: ChildProcess): void {
  // The whole group: the shell and its `cat`.
  if (guard.pid) process.kill(-guard.pid, "SIGKILL");
}

function handOver(target: string): void {
  const { runAs } = preparePostgres();
  if (!runAs) return;
  fs.chownSync(target, runAs.uid, runAs.gid);
  if (!fs.lstatSync(target).isDirectory()) return;
  for (const name of fs.readdirSync(target)) handOver(path.join(target, name));
}

function temporaryFolder(): string {
  const root = fs.mkdtempSync(path.join(fs.existsSync("/var/tmp") ? "/var/tmp" : os.tmpdir(), "meshwright-test-"));
  fs.chmodSync(root, 0o711);
  return root;
}

async function migratedTemplate(migrations: Migration[]): Promise<string> {
  const { version, runAs } = preparePostgres();
  const hash = createHash("sha256")
    .update(JSON.stringify([version, runAs?.uid ?? process.getuid?.(), migrations, "1"]))
    .digest("hex")
    .slice(0, 16);
  const template = path.join(os.tmpdir(), `meshwright-test-template-${process.getuid?.() ?? 0}-${hash}`);
  const owner = fs.lstatSync(template, { throwIfNoEntry: false })?.uid;
  if (owner !== undefined && owner === process.getuid?.()) return template;

  const root = temporaryFolder();
  const folder = path.join(root, "data");
  createCluster(folder, PASSWORD);
  const port = await freePort();
  const { child, ready } = spawnServer({ folder, port, log: path.join(root, "log"), settings: TEST_SETTINGS });
  const guard = endWithThisProcess(child, root);
  await ready;
  const url = databaseUrl({ port, password: PASSWORD });
  for (const { name, sql } of migrations) {
    await query(url, [sql]).catch((cause) => {
      throw new Error(`migration ${name} failed: ${cause instanceof Error ? cause.message : cause}`, { cause });
    });
  }
  await query(databaseUrl({ port, password: PASSWORD, database: "postgres" }), [
    "CREATE DATABASE template_empty",
    "CREATE DATABASE template_migrated TEMPLATE meshwright",
  ]);
  await stopServer(child);
  dismiss(guard);
  const staging = fs.mkdtempSync(`${template}.`);
  fs.cpSync(folder, path.join(staging, "data"), { recursive: true });
  try {
    fs.renameSync(staging, template);
  } catch {
    // Another test process made the same template first; ours is as good for this run and is removed with it.
    fs.rmSync(staging, { recursive: true, force: true });
  }
  fs.rmSync(root, { recursive: true, force: true });
  return template;
}

/** Starts a server with the migrations of prisma/migrations applied. Call `stop` when done. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const template = await migratedTemplate(readMigrations());
  const root = temporaryFolder();
  const folder = path.join(root, "data");
  fs.cpSync(path.join(template, "data"), folder, { recursive: true });
  fs.chmodSync(folder, 0o700);
  handOver(folder);
  const port = await freePort();
  const { child, ready } = spawnServer({ folder, port, log: path.join(root, "log"), settings: TEST_SETTINGS });
  const guard = endWithThisProcess(child, root);
  await ready;
  return {
    url: databaseUrl({ port, password: PASSWORD }),
    port,
    process: child,
    async createDatabase({ migrated = true } = {}) {
      const name = `test_${randomBytes(6).toString("hex")}`;
      await query(databaseUrl({ port, password: PASSWORD, database: "postgres" }), [
        `CREATE DATABASE ${name} TEMPLATE ${migrated ? "template_migrated" : "template_empty"}`,
      ]);
      return databaseUrl({ port, password: PASSWORD, database: name });
    },
    async stop() {
      await stopServer(child);
      dismiss(guard);
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

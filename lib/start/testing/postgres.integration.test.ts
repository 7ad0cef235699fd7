import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../wait.mjs";
import { startTestPostgres, type TestPostgres } from "./postgres";

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());

async function scalar(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("it is a real PostgreSQL 18 in UTF-8", async () => {
  expect(await scalar(server.url, "show server_version")).toMatch(/^18\./);
  expect(await scalar(server.url, "show server_encoding")).toBe("UTF8");
});

test("an empty database has no tables of ours and does not disturb the migrated one", async () => {
  const empty = await server.createDatabase({ migrated: false });
  expect(await scalar(empty, "select count(*)::int from pg_tables where schemaname = 'public'")).toBe(0);
});

test("a wrong password is refused", async () => {
  const wrong = server.url.replace(":test@", ":guess@");
  await expect(scalar(wrong, "select 1")).rejects.toThrow(/password/);
});

test("a killed test process leaves no server and no folder behind", async () => {
  const script = `
    const { startTestPostgres } = await import(${JSON.stringify(path.join(import.meta.dirname, "postgres.ts"))});
    const server = await startTestPostgres();
    console.log(JSON.stringify({ pid: server.process.pid, folder: server.process.spawnargs[2] }));
    setInterval(() => {}, 1000);`;
  const { build } = await import("esbuild");
  const bundle = path.join(import.meta.dirname, `.killed-${process.pid}.mjs`);
  await build({
    stdin: { contents: script, resolveDir: import.meta.dirname },
    outfile: bundle,
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["pg", "../postgres.mjs"],
    packages: "external",
    define: { "import.meta.url": JSON.stringify(import.meta.url) },
  });
  const child = spawn(process.execPath, [bundle], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const line = await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
    const started: { pid: number; folder: string } = JSON.parse(line);
    expect(isAlive(started.pid)).toBe(true);
    child.kill("SIGKILL");
    expect(await until(() => !isAlive(started.pid) && !fs.existsSync(started.folder), 10_000)).toBe(true);
  } finally {
    child.kill("SIGKILL");
    fs.rmSync(bundle, { force: true });
  }
});

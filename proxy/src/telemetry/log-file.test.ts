// Lines of a log: every one whole and in order, however they fall into blocks, and bounded while nobody takes them.

import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, read, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LogFile } from "./log-file";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meshwright-log-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SOON = { timeout: 20_000, interval: 20 };

it("has every line once and in order, across blocks, the last ones soon", async () => {
  const path = join(folder, "a.log");
  const file = new LogFile(path);
  let written = "";
  for (let i = 0; i < 3000; i++) {
    const line = `${i} ${"x".repeat(i % 300)} käse \u{1f9c0}\n`;
    written += line;
    file.append(line);
  }
  await vi.waitFor(() => expect(readFileSync(path, "utf8")).toBe(written), SOON);
  file.append("later\n");
  await vi.waitFor(() => expect(readFileSync(path, "utf8")).toBe(`${written}later\n`), SOON);
  file.closeSync();
});

it("takes a line that is longer than a block", async () => {
  const path = join(folder, "a.log");
  const file = new LogFile(path);
  const line = `${"/long".repeat(40_000)}\n`;
  file.append("before\n");
  file.append(line);
  file.append("behind\n");
  await vi.waitFor(() => expect(readFileSync(path, "utf8")).toBe(`before\n${line}behind\n`), SOON);
  file.closeSync();
});

it("writes what is left when it is closed", () => {
  const path = join(folder, "a.log");
  const file = new LogFile(path);
  file.append("one\n");
  file.append("two\n");
  file.closeSync();
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
});

it("drops and counts lines while nobody takes them, and goes on with those that it kept", async () => {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  // Both ends, so that neither waits for the other; nobody reads yet.
  const reader = openSync(path, "r+");
  const file = new LogFile(path);
  const line = `${"x".repeat(999)}\n`;
  let appended = 0;
  while (file.dropped === 0) {
    file.append(line);
    appended++;
  }
  expect(appended).toBeGreaterThan(8000);
  expect(appended).toBeLessThan(10_000);
  const before = file.dropped;
  let taken = 0;
  const chunk = Buffer.alloc(64 * 1024);
  while (taken < (appended - before) * line.length) taken += await readSome(reader, chunk);
  expect(taken).toBe((appended - before) * line.length);
  file.closeSync();
  closeSync(reader);
});

function readSome(fd: number, into: Buffer): Promise<number> {
  return new Promise((resolve, reject) =>
    read(fd, into, 0, into.length, null, (error, size) => (error === null ? resolve(size) : reject(error))),
  );
}

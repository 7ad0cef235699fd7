// Ports of a home: kept from start to start where nobody can have taken them, otherwise new ones.
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { portsOf } from "./ports.mjs";
import { freePort, isSteadyPort } from "./wait.mjs";

let home;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-ports-"));
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

test("they are the same at the next start, each another one, and none that an outgoing connection can have", async () => {
  const first = await portsOf(home);
  const numbers = Object.values(first);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.filter((port) => !isSteadyPort(port))).toEqual([]);
  expect(await portsOf(home)).toEqual(first);
});

test("one that somebody listens on, or that an earlier version took from elsewhere, is replaced and the others stay", async () => {
  const first = await portsOf(home);
  fs.writeFileSync(path.join(home, "ports.json"), JSON.stringify({ ...first, enroll: 45_678 }));
  const holder = net.createServer();
  await new Promise((resolve) => holder.listen(first.ads, "127.0.0.1", resolve));
  const { ads, enroll, ...others } = await portsOf(home);
  await new Promise((resolve) => holder.close(resolve));
  expect(ads).not.toBe(first.ads);
  expect(isSteadyPort(enroll)).toBe(true);
  expect(first).toMatchObject(others);
});

test("a wanted port is given when it is free", async () => {
  const port = await freePort();
  expect(await freePort(port)).toBe(port);
});

// A short run of `npm run fuzz -- --attacks`: attacks in bulk on a proxy process of its own. Rule: the numbers are bounds of memory, never of
// time; the whole run is in docs/reference/hostile-input.md.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, expect, it } from "vitest";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "meshwright-attacks-test-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

it("holds its memory under floods and deaf clients, and answers the one who behaves well", async () => {
  const bundle = join(folder, "proxy.mjs");
  const banner =
    'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';
  await build({
    entryPoints: [here("../src/main.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    banner: { js: banner },
  });
  const args = ["--bundle", bundle, "--ms", "60", "--cases", "3", "--only", "floods,deaf"];
  const { code, told } = await new Promise<{ code: number; told: string }>((resolve) => {
    execFile(process.execPath, [here("../bench/attacks.mjs"), ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, told: stdout + stderr }),
    );
  });
  expect(told).toContain("| HTTP/2 floods | 3 |");
  expect(told).toContain("| slow and deaf clients | 3 |");
  expect(code, told).toBe(0);
}, 120_000);

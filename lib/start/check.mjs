// `npm run check`: format and lint, types, import boundaries, dead code and unit tests; green at every commit, under a minute.
// The rule: the last line is the count of unit tests, and any step that failed makes the command fail, counts or not.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { generate } from "./generate.mjs";
import { printFailures, printFlaky, slowestFiles, vitestFailures, vitestTrouble } from "./run-report.mjs";
import { SECOND_TRY } from "./second-try.mjs";
import { projectRoot } from "./source-hash.mjs";

const bin = (name) => path.join(projectRoot, "node_modules", ".bin", name);

/** Runs a command to its end and collects what it said. */
export function runStep(command, args, env = {}) {
  return new Promise((resolve) => {
    const startedAt = Date.now();
    const child = spawn(command, args, {
      cwd: projectRoot,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      output += data;
    });
    child.once("error", (error) => resolve({ ok: false, output: error.message, seconds: 0 }));
    child.once("close", (code) => resolve({ ok: code === 0, output, seconds: (Date.now() - startedAt) / 1000 }));
  });
}

/** Runs vitest projects: { ok, passed, failed, failures, slowest, flaky, output }, where output says why it failed and flaky names what passed at the second try; counts come from its JSON report, so that a crash without a report counts as a failure. */
export async function runVitest(projects, extra = [], env = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-vitest-"));
  const report = path.join(folder, "report.json");
  const result = await runStep(
    bin("vitest"),
    [
      "run",
      ...projects.flatMap((name) => ["--project", name]),
      "--reporter=default",
      "--reporter=json",
      `--reporter=${path.join(projectRoot, "lib", "start", "second-try.mjs")}`,
      `--outputFile.json=${report}`,
      ...extra,
    ],
    env,
  );
  let passed = 0;
  let failed = 0;
  let failures = [];
  let slowest = [];
  try {
    const counts = JSON.parse(fs.readFileSync(report, "utf8"));
    failures = vitestFailures(counts);
    slowest = slowestFiles(counts);
    passed = counts.numPassedTests;
    // A file that could not be loaded has no tests but is a failure all the same.
    const broken = counts.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
    failed = counts.numFailedTests + broken.length;
  } catch {
    failed = 1;
  }
  fs.rmSync(folder, { recursive: true, force: true });
  const flaky = linesAfter(SECOND_TRY, result.output);
  const output = result.ok ? "" : vitestTrouble(result.output);
  if (!result.ok && failed === 0) failed = 1;
  if (failed > 0 && failures.length === 0) {
    failures = [{ name: `vitest ${projects.join(" ")}`, reason: output }];
  }
  return { ...result, ok: result.ok && failed === 0, output, passed, failed, failures, slowest, flaky };
}

const linesAfter = (mark, text) =>
  text
    .split("\n")
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(mark.length));

export async function check() {
  generate();
  const results = [];
  const step = async (name, work) => {
    const result = await work();
    results.push({ name, ...result });
    console.log(`${result.ok ? "ok  " : "FAIL"} ${name.padEnd(24)} ${result.seconds.toFixed(1).padStart(5)} s`);
    if (!result.ok) console.log(result.output.trim().replace(/^/gm, "     "));
    return result;
  };
  const types = (name, config) =>
    step(`types ${name}`, () =>
      runStep(process.execPath, [path.join("node_modules", "typescript-native", "bin", "tsc"), "-p", config]),
    );
  const node = (file) => runStep(process.execPath, [path.join("lib", "start", file)]);
  // Two lanes for two cores, about as long as each other.
  const lanes = [
    async () => {
      await types("application", "tsconfig.json");
      await types("proxy", "proxy/tsconfig.json");
      await types("e2e", "e2e/tsconfig.json");
      await step("dead code", () => runStep(bin("knip"), ["--no-progress"]));
    },
    async () => {
      await step("format and lint", () => runStep(bin("biome"), ["check", "--error-on-warnings", "."]));
      await step("boundaries", () => node("boundaries.mjs"));
    },
  ];
  await Promise.all(lanes.map((lane) => lane()));
  const unit = await step("unit tests", () => runVitest(["unit"]));
  return {
    ok: results.every((result) => result.ok),
    passed: unit.passed,
    failed: unit.failed,
    failures: unit.failures,
    flaky: unit.flaky,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const startedAt = Date.now();
  const { ok, passed, failed, failures, flaky } = await check();
  printFailures(failures);
  printFlaky(flaky);
  console.log(`\ncheck ${ok ? "is green" : "FAILED"} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(ok ? 0 : 1);
}

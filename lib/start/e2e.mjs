// `npm run e2e` and `npm run screens`: starts Meshwright on free ports with a home of its own, then drives it with a browser.
//   --screens     renders the screens into docs/screens instead of testing
//   --url URL --home DIR   uses a running Meshwright; other arguments go to Playwright (a file name, --grep, --project)
// The rule: the Meshwright under test is started exactly as a person starts it.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { findChromium } from "./chromium.mjs";
import { playwrightFailures, playwrightFlaky } from "./run-report.mjs";
import { projectRoot } from "./source-hash.mjs";
import { freePort, sleep } from "./wait.mjs";

const START_LIMIT_MS = 600_000;
const cli = path.join(projectRoot, "node_modules", "playwright", "cli.js");

/** Starts Meshwright and waits until it is ready: { url, demoUrl, switchesPort, home, stop }; `environment` is added to its own. */
export async function startForTests({ demo = true, environment = {} } = {}) {
  const home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-e2e-")));
  const args = ["--json", "--port", String(await freePort()), "--home", home, ...(demo ? [] : ["--no-demo"])];
  const child = spawn(process.execPath, [path.join(projectRoot, "lib", "start", "start.mjs"), ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let output = "";
  let rest = "";
  const ready = new Promise((resolve) => {
    child.stderr.on("data", (data) => {
      output += data;
    });
    child.stdout.on("data", (data) => {
      output += data;
      const lines = (rest + data).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith('{"event":"ready"')) resolve(JSON.parse(line));
      }
    });
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await Promise.race([ended, sleep(12_000)]);
    const logs = path.join(projectRoot, "test-results", "logs");
    fs.mkdirSync(logs, { recursive: true });
    fs.cpSync(path.join(home, "logs"), logs, { recursive: true });
    fs.writeFileSync(path.join(logs, "start.out"), output);
    fs.rmSync(home, { recursive: true, force: true });
  };
  const facts = await Promise.race([ready, ended.then(() => undefined), sleep(START_LIMIT_MS).then(() => undefined)]);
  if (!facts) {
    await stop();
    throw new Error(`Meshwright did not become ready:\n${output}`);
  }
  return { ...facts, home, stop };
}

/** A Meshwright that somebody else started; what its lock says about the demo is told to the tests. */
function running(url, home) {
  const lock = JSON.parse(fs.readFileSync(path.join(home, "lock.json"), "utf8"));
  const switchesPort = Number(lock.environment?.MESHWRIGHT_DEMO_SWITCHES_PORT) || undefined;
  return { url, home, demoUrl: lock.demoUrl, switchesPort, stop: async () => {} };
}

function playwright(args, environment) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, "test", "--config", "e2e/playwright.config.ts", ...args], {
      cwd: projectRoot,
      env: { ...process.env, ...environment },
      stdio: "inherit",
    });
    child.once("error", () => resolve(1));
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/** Runs the browser tests: { passed, failed, failures, flaky }. */
export async function runBrowserTests({ screens = false, url, home, args = [] } = {}) {
  const chromium = await findChromium();
  console.log(`Chromium: ${chromium.executable} (${chromium.from})`);
  const subject = url ? running(url, home) : await startForTests();
  console.log(`Meshwright under test: ${subject.url}`);
  const report = path.join(os.tmpdir(), `meshwright-playwright-${process.pid}.json`);
  try {
    const code = await playwright(args, {
      MESHWRIGHT_E2E: JSON.stringify({
        url: subject.url,
        home: subject.home,
        demoUrl: subject.demoUrl,
        switchesPort: subject.switchesPort,
        chromium,
        isScreens: screens,
      }),
      PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    });
    const told = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, "utf8")) : {};
    const passed = (told.stats?.expected ?? 0) + (told.stats?.flaky ?? 0);
    const failed = Math.max(told.stats?.unexpected ?? 0, code === 0 ? 0 : 1);
    return { passed, failed, failures: playwrightFailures(told), flaky: playwrightFlaky(told) };
  } finally {
    fs.rmSync(report, { force: true });
    await subject.stop();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const args = process.argv.slice(2);
  const take = (name) => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : args.splice(at, 2)[1];
  };
  const url = take("--url");
  const home = take("--home");
  const screens = args.includes("--screens");
  const others = args.filter((argument) => argument !== "--screens");
  if (Boolean(url) !== Boolean(home)) {
    console.error("--url and --home go together: the home of the Meshwright that runs at the URL.");
    process.exit(2);
  }
  try {
    const { passed, failed } = await runBrowserTests({ screens, url, home, args: others });
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed > 0 ? 1 : 0);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

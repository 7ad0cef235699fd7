// Bar 1 of the first milestone: however it ends, nothing is left after ten seconds, and the next start is clean.
// All ends share one home, one after the other, so that each start also proves the end before it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { tailOf } from "./readiness.mjs";
import { freePort, until } from "./wait.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const isLinux = process.platform === "linux";
const hasScript = spawnSync("script", ["--version"]).status === 0;
const START_LIMIT_MS = 300_000;

let home: string;
let port: number;

interface Started {
  /** What was spawned: npm, or the terminal around it. */
  outer: ChildProcess;
  npmPid: number;
  supervisorPid: number;
  events: Record<string, unknown>[];
}

beforeAll(async () => {
  home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-start-")));
  port = await freePort();
});

/** What a failed test left would make the next one fail too. */
afterEach(() => {
  for (const pid of processesOf(home)) process.kill(pid, "SIGKILL");
});

afterAll(() => {
  fs.rmSync(home, { recursive: true, force: true });
});

/** Every process that belongs to this home, by its environment or its command line, whoever its parent is. */
function processesOf(folder: string): number[] {
  const note = path.join(folder, "postgres.json");
  const data: string = fs.existsSync(note) ? JSON.parse(fs.readFileSync(note, "utf8")).data : folder;
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const commandLine = fs.readFileSync(`/proc/${pid}/cmdline`, "latin1");
        const environment = fs.readFileSync(`/proc/${pid}/environ`, "latin1");
        const state = fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.[0];
        const isOfHome = [folder, data].some((text) => commandLine.includes(text));
        return state !== "Z" && (isOfHome || environment.includes(`MESHWRIGHT_HOME=${folder}`));
      } catch {
        return false;
      }
    })
    .map(Number);
}

const parentOf = (pid: number) =>
  Number(fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ")[1]);

function npmAbove(pid: number): number {
  for (let current = parentOf(pid); current > 1; current = parentOf(current)) {
    if (/^npm/.test(fs.readFileSync(`/proc/${current}/cmdline`, "latin1"))) return current;
  }
  throw new Error("npm is not above the supervisor");
}

const logTails = () =>
  ["control-plane", "web", "agent"]
    .map((name) => `${name}: ${tailOf(path.join(home, "logs", `${name}.log`))}`)
    .join("\n");

async function start(inTerminal = false): Promise<Started> {
  const events: Record<string, unknown>[] = [];
  const words = ["npm", "start", "--", "--json", "--port", String(port), "--home", home];
  const [command, ...args] = inTerminal ? ["script", "-qfec", words.join(" "), "/dev/null"] : words;
  const outer = spawn(command!, args, { cwd: root, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let rest = "";
  for (const stream of [outer.stdout!, outer.stderr!]) {
    stream.on("data", (data) => {
      text += data;
      const lines = (rest + data).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines.filter((candidate) => candidate.startsWith("{"))) events.push(JSON.parse(line));
    });
  }
  const isReady = () => events.some(({ event }) => event === "ready" || event === "failed") || outer.exitCode !== null;
  await until(isReady, START_LIMIT_MS);
  if (!events.some(({ event }) => event === "ready"))
    throw new Error(`npm start did not become ready:\n${text}\n${logTails()}`);
  const supervisorPid: number = JSON.parse(fs.readFileSync(path.join(home, "lock.json"), "utf8")).pid;
  return { outer, npmPid: npmAbove(supervisorPid), supervisorPid, events };
}

function isPortFree(wanted: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(wanted, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

async function expectNothingLeft(): Promise<void> {
  const ports = Object.values(
    JSON.parse(fs.readFileSync(path.join(home, "ports.json"), "utf8")) as Record<string, number>,
  );
  const isOver = async () =>
    processesOf(home).length === 0 &&
    !fs.existsSync(path.join(home, "lock.json")) &&
    (await Promise.all([port, ...ports].map(isPortFree))).every(Boolean);
  const ended = await until(isOver, 10_000, 200);
  const left = processesOf(home).map((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " "));
  expect({ ended, left, lock: fs.existsSync(path.join(home, "lock.json")) }).toEqual({
    ended: true,
    left: [],
    lock: false,
  });
}

const ENDS: [name: string, end: (started: Started) => void][] = [
  ["Ctrl-C in the terminal", ({ outer }) => process.kill(-outer.pid!, "SIGINT")],
  ["TERM of npm alone", ({ npmPid }) => process.kill(npmPid, "SIGTERM")],
  ["KILL of npm alone", ({ npmPid }) => process.kill(npmPid, "SIGKILL")],
  ["KILL of the supervisor", ({ supervisorPid }) => process.kill(supervisorPid, "SIGKILL")],
];

test.runIf(isLinux).each(ENDS)("nothing is left after %s", { timeout: START_LIMIT_MS + 30_000 }, async (_name, end) => {
  end(await start());
  await expectNothingLeft();
});

test.runIf(isLinux && hasScript)(
  "nothing is left after the terminal was closed",
  { timeout: START_LIMIT_MS + 30_000 },
  async () => {
    const { outer } = await start(true);
    outer.kill("SIGKILL"); // the master side of the pseudo terminal goes away, as with a closed window
    await expectNothingLeft();
  },
);

test.runIf(isLinux && hasScript)(
  "detached it outlives the terminal it was started from, and --stop ends it",
  { timeout: START_LIMIT_MS + 60_000 },
  async () => {
    const own = ["--port", String(port), "--home", home];
    const words = ["npm", "start", "--", "--detach", ...own].join(" ");
    // The pseudo terminal is gone as soon as the command has returned.
    const started = spawnSync("script", ["-qfec", words, "/dev/null"], { cwd: root, encoding: "utf8" });
    expect(started.stdout).toContain(`Meshwright is ready at http://localhost:${port}`);
    expect(started.status).toBe(0);
    expect(fs.readFileSync(path.join(home, "logs", "start.out"), "utf8")).not.toContain("sign-in?token=");
    const { pid } = JSON.parse(fs.readFileSync(path.join(home, "lock.json"), "utf8"));
    process.kill(pid, "SIGHUP"); // what a closing terminal sends
    // Longer than it would take to notice that those who started it are gone.
    const link = spawnSync("npm", ["start", "--", "--sign-in-link", ...own], { cwd: root, encoding: "utf8" });
    expect(link.stdout).toContain(`http://localhost:${port}/sign-in?token=`);
    expect((await fetch(`http://localhost:${port}/api/v1/health`)).ok).toBe(true);
    const stopped = spawnSync("npm", ["start", "--", "--stop", ...own], { cwd: root, encoding: "utf8" });
    expect(stopped.stdout).toContain(`Stopped the Meshwright that ran at http://localhost:${port}`);
    await expectNothingLeft();
    const nothing = spawnSync("npm", ["start", "--", "--stop", ...own], { cwd: root, encoding: "utf8" });
    expect(nothing.stdout).toContain(`No Meshwright runs in ${home}`);
    expect(nothing.status).toBe(0);
  },
);

test.runIf(isLinux)(
  "a second start says where the first one runs, and a taken port is explained",
  { timeout: START_LIMIT_MS + 60_000 },
  async () => {
    const first = await start();
    const again = spawnSync("node", ["lib/start/start.mjs", "--port", String(port), "--home", home], {
      cwd: root,
      encoding: "utf8",
    });
    expect(again.status).toBe(0);
    expect(again.stdout).toContain(`already running at http://localhost:${port}`);
    const elsewhere = spawnSync("node", ["lib/start/start.mjs", "--port", String(port), "--home", `${home}-other`], {
      cwd: root,
      encoding: "utf8",
    });
    expect(elsewhere.status).toBe(1);
    expect(elsewhere.stderr).toMatch(new RegExp(`Port ${port} is taken by process \\d+: .*`));
    expect(elsewhere.stderr).toContain(`--port ${port + 1}`);
    process.kill(-first.outer.pid!, "SIGINT");
    await expectNothingLeft();
  },
);

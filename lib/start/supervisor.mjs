// Keeps the processes of one home running: starts them in order, starts them again when they die, ends them in reverse.
// The rules: a child is in its own session, so that Ctrl-C reaches only the supervisor and the end has an order; everything is
// over ten seconds after `stop`; what was started is recorded in home/run before anybody waits for it.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { postgresPassword } from "./home.mjs";
import { createCluster, dataFolder, preparePostgres, spawnServer, stopServer } from "./postgres.mjs";
import { describe, forgetRun, recordRun } from "./processes.mjs";
import { projectRoot } from "./source-hash.mjs";
import { sleep } from "./wait.mjs";

const FIRST_DELAY_MS = 200;
const LAST_DELAY_MS = 10_000;
/** A process that lived this long failed for a new reason: the back-off starts over. */
const STEADY_MS = 20_000;

const PROGRAMS = {
  "control-plane": { args: [path.join("dist", "control-plane.mjs")], graceMs: 2_000 },
  agent: { args: [path.join("dist", "agent.mjs")], graceMs: 5_500 },
  web: {
    args: [
      ...["--import", path.join(projectRoot, "lib", "start", "supervised.mjs")],
      ...[path.join("node_modules", "next", "dist", "bin", "next"), "start", "--hostname", "127.0.0.1", "--port"],
    ],
    graceMs: 2_500,
  },
};

export class Supervisor {
  #home;
  #environment;
  #ports;
  #tell;
  #children = new Map();
  #stopping;
  #warden;

  /** `tell(text)` gets one line for every death and restart. */
  constructor({ home, environment, ports, tell }) {
    this.#home = home;
    this.#environment = environment;
    this.#ports = ports;
    this.#tell = tell;
  }

  logOf(name) {
    return path.join(this.#home, "logs", `${name}.log`);
  }

  /** How often a process has died since its start, and whether it lives. */
  stateOf(name) {
    const entry = this.#children.get(name);
    return { deaths: entry?.deaths ?? 0, alive: Boolean(entry?.child) };
  }

  startWarden() {
    const log = fs.openSync(this.logOf("warden"), "a", 0o600);
    const child = spawn(
      process.execPath,
      [path.join(projectRoot, "lib", "start", "warden.mjs"), this.#home, String(process.pid)],
      { stdio: ["pipe", log, log], detached: true, cwd: "/" },
    );
    fs.closeSync(log);
    child.stdin.on("error", () => {});
    child.once("exit", () => {
      if (this.#stopping) return;
      setTimeout(() => this.#stopping || this.startWarden(), FIRST_DELAY_MS);
    });
    this.#warden = child;
  }

  /** The database: makes the data folder at the first start, then behaves like any other child. Resolves when it answers. */
  async startPostgres() {
    const folder = dataFolder(this.#home);
    const { runAs } = preparePostgres();
    const isNew = createCluster(folder, postgresPassword(this.#home));
    const notes = [
      isNew ? "new data folder" : undefined,
      folder.startsWith(this.#home) ? undefined : `data in ${folder}`,
    ];
    const launch = () => {
      removeStalePid(folder);
      const { child, ready } = spawnServer({ folder, port: this.#ports.postgres, log: this.logOf("postgres") });
      ready.catch((error) => this.#stopping || this.#tell(error.message));
      return { child, ready };
    };
    await this.#keep("postgres", launch, (child) => stopServer(child, 3_000)).ready;
    return [runAs ? `as user ${runAs.name}` : undefined, ...notes].filter(Boolean).join(", ");
  }

  /** Starts one of our processes; `extra` arguments are appended. */
  start(name, extra = []) {
    const { args, graceMs } = PROGRAMS[name];
    const launch = () => {
      const log = fs.openSync(this.logOf(name), "a", 0o600);
      const child = spawn(process.execPath, [...args, ...extra], {
        cwd: projectRoot,
        env: this.#environment,
        stdio: ["ignore", log, log],
        detached: true,
      });
      fs.closeSync(log);
      return { child };
    };
    this.#keep(name, launch, (child) => endChild(child, graceMs));
  }

  #keep(name, launch, end) {
    const entry = { child: undefined, deaths: 0, end };
    this.#children.set(name, entry);
    let delay = FIRST_DELAY_MS;
    const run = () => {
      const startedAt = Date.now();
      const launched = launch();
      const { child } = launched;
      entry.child = child;
      if (child.pid) recordRun(this.#home, name, child.pid);
      let isOver = false;
      const over = (reason) => {
        if (isOver) return;
        isOver = true;
        entry.child = undefined;
        forgetRun(this.#home, name);
        if (this.#stopping) return;
        entry.deaths += 1;
        delay = Date.now() - startedAt > STEADY_MS ? FIRST_DELAY_MS : Math.min(delay * 2, LAST_DELAY_MS);
        this.#tell(`${name} ended (${reason}), starting it again in ${delay / 1000} s; its log: ${this.logOf(name)}`);
        setTimeout(() => this.#stopping || run(), delay);
      };
      child.once("error", (error) => over(error.message));
      child.once("exit", (code, signal) => over(signal ?? `code ${code}`));
      return launched;
    };
    return run();
  }

  /** Ends everything: web and agent (with its proxies) first, then the control plane, then the database. */
  stop() {
    this.#stopping ??= this.#stopInOrder();
    return this.#stopping;
  }

  async #stopInOrder() {
    for (const names of [["web", "agent"], ["control-plane"], ["postgres"]]) {
      await Promise.all(
        names.map(async (name) => {
          const entry = this.#children.get(name);
          if (entry?.child) await entry.end(entry.child);
          forgetRun(this.#home, name);
        }),
      );
    }
    this.#warden?.stdin.end("goodbye\n");
    await Promise.race([new Promise((resolve) => this.#warden?.once("exit", resolve) ?? resolve()), sleep(500)]);
  }
}

async function endChild(child, graceMs) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  if (await Promise.race([ended.then(() => true), sleep(graceMs)])) return;
  child.kill("SIGKILL");
  await ended;
}

/** After a crash the pid in postmaster.pid may belong to a stranger by now; PostgreSQL would then refuse to start. */
function removeStalePid(folder) {
  const file = path.join(folder, "postmaster.pid");
  if (!fs.existsSync(file)) return;
  const pid = Number(fs.readFileSync(file, "utf8").split("\n")[0]);
  if (!pid || !describe(pid)?.command.includes("postgres")) fs.rmSync(file, { force: true });
}

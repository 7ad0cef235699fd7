// The home folder (`--home`): all state of one installation. Lock, keys, and the environment every process gets.
// The rules: one running Meshwright per home; keys are made once, with mode 0600, and never printed.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { databaseUrl, dataFolder } from "./postgres.mjs";
import { isAlive, referTo } from "./processes.mjs";
import { projectRoot } from "./source-hash.mjs";

export function openHome(folder) {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const home = fs.realpathSync(folder);
  for (const name of ["keys", "logs", "run", "agent", "proxies"]) {
    fs.mkdirSync(path.join(home, name), { recursive: true, mode: 0o700 });
  }
  return home;
}

const lockFile = (home) => path.join(home, "lock.json");

/** The running Meshwright of this home, or undefined. */
export function runningIn(home) {
  try {
    const lock = JSON.parse(fs.readFileSync(lockFile(home), "utf8"));
    return isAlive(lock) ? lock : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the lock; returns undefined, or the running one that holds it. A lock whose process is gone is taken over. */
export function takeLock(home, facts) {
  const text = `${JSON.stringify({ ...referTo(process.pid), ...facts })}\n`;
  for (;;) {
    try {
      fs.writeFileSync(lockFile(home), text, { flag: "wx", mode: 0o600 });
      return undefined;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = runningIn(home);
    if (holder) return holder;
    // Two starts may find the same stale lock, and one of them may already have put its own in place: look at what was moved.
    const stale = `${lockFile(home)}.${process.pid}`;
    try {
      fs.renameSync(lockFile(home), stale);
      if (isAlive(JSON.parse(fs.readFileSync(stale, "utf8")))) fs.renameSync(stale, lockFile(home));
      else fs.rmSync(stale, { force: true });
    } catch {
      // the other start was first
    }
  }
}

/** Adds facts to the lock that is ours. */
export function updateLock(home, facts) {
  const current = JSON.parse(fs.readFileSync(lockFile(home), "utf8"));
  fs.writeFileSync(lockFile(home), `${JSON.stringify({ ...current, ...facts })}\n`);
}

export function releaseLock(home) {
  try {
    if (JSON.parse(fs.readFileSync(lockFile(home), "utf8")).pid === process.pid) fs.rmSync(lockFile(home));
  } catch {
    // somebody removed it already
  }
}

function keyFile(home, name, make) {
  const file = path.join(home, "keys", name);
  if (!fs.existsSync(file)) fs.writeFileSync(file, make(), { mode: 0o600 });
  return file;
}

function secret(home, name) {
  return fs
    .readFileSync(
      keyFile(home, name, () => randomBytes(32).toString("base64url")),
      "utf8",
    )
    .trim();
}

export const postgresPassword = (home) => secret(home, "postgres.secret");

/** What every process is told. `ports` from ports.mjs. */
export function environmentOf({ home, ports, webPort, demo, meshAddress = process.env.MESHWRIGHT_MESH_ADDRESS }) {
  const self = referTo(process.pid);
  const webUrl = `http://localhost:${webPort}`;
  const { NODE_OPTIONS: _options, ...inherited } = process.env;
  return {
    ...Object.fromEntries(Object.entries(inherited).filter(([name]) => !/^npm_/i.test(name))),
    NODE_ENV: "production",
    NEXT_TELEMETRY_DISABLED: "1",
    MESHWRIGHT_HOME: home,
    MESHWRIGHT_RUNTIME_DIR: path.join(projectRoot, "dist"),
    MESHWRIGHT_SUPERVISOR_PID: String(self.pid),
    ...(self.startTime ? { MESHWRIGHT_SUPERVISOR_START: self.startTime } : {}),
    DATABASE_URL: process.env.DATABASE_URL ?? databaseUrl({ port: ports.postgres, password: postgresPassword(home) }),
    MESHWRIGHT_WEB_PORT: String(webPort),
    MESHWRIGHT_WEB_URL: webUrl,
    MESHWRIGHT_INTERNAL_URL: `http://127.0.0.1:${ports.internal}`,
    MESHWRIGHT_INTERNAL_SECRET: secret(home, "internal.secret"),
    MESHWRIGHT_ADS_PORT: String(ports.ads),
    MESHWRIGHT_ENROLL_PORT: String(ports.enroll),
    ...(meshAddress ? { MESHWRIGHT_MESH_ADDRESS: meshAddress } : {}),
    MESHWRIGHT_KEY_FILE: keyFile(home, "ca.key", () => randomBytes(32)),
    MESHWRIGHT_DEMO: demo ? "1" : "0",
    MESHWRIGHT_DEMO_GATEWAY_PORT: String(ports.demoGateway),
    MESHWRIGHT_DEMO_EXTERNAL_PORT: String(ports.demoExternal),
    MESHWRIGHT_DEMO_SWITCHES_PORT: String(ports.demoSwitches),
    NEXTAUTH_SECRET: process.env.NEXTAUTH_SECRET ?? secret(home, "nextauth.secret"),
    NEXTAUTH_URL: process.env.NEXTAUTH_URL ?? webUrl,
  };
}

/** Does the folder look like a home? Only then may `--reset` delete it. */
export const isHome = (folder) => fs.existsSync(path.join(folder, "keys")) && fs.existsSync(path.join(folder, "logs"));

/** Deletes all state of a home, the database included. */
export function removeHome(folder) {
  const home = fs.realpathSync(folder);
  const data = dataFolder(home);
  fs.rmSync(home, { recursive: true, force: true });
  if (!data.startsWith(home)) fs.rmSync(data, { recursive: true, force: true });
}

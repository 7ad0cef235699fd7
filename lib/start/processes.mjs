// Processes by pid and start time: a pid alone may already belong to a stranger.
// Also what is left of a home's processes (home/run/*.json) and how it is ended, for the warden and for the next start.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { until } from "./wait.mjs";

function statFields(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/PID/stat, or null where there is no /proc. */
export const startTimeOf = (pid) => statFields(pid)?.[19] ?? null;

export const referTo = (pid) => ({ pid, startTime: startTimeOf(pid) });

/** A zombie counts as gone: it holds no port and no file. */
export function isAlive({ pid, startTime }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  const fields = statFields(pid);
  if (!fields) return !fs.existsSync("/proc/self/stat");
  return fields[0] !== "Z" && (startTime === null || startTime === undefined || fields[19] === startTime);
}

export function signal(ref, name) {
  try {
    return isAlive(ref) && process.kill(ref.pid, name);
  } catch {
    return false;
  }
}

/** Parent and command line of a process, as far as the system tells. */
export function describe(pid) {
  const fields = statFields(pid);
  if (fields) {
    let command = "";
    try {
      command = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    } catch {
      // a process of another user may hide its command line
    }
    return { parent: Number(fields[1]), command };
  }
  const { stdout } = spawnSync("ps", ["-o", "ppid=,command=", "-p", String(pid)], { encoding: "utf8" });
  const match = /^\s*(\d+)\s+(.*)$/m.exec(stdout ?? "");
  return match ? { parent: Number(match[1]), command: match[2] } : undefined;
}

const runFolder = (home) => path.join(home, "run");

export function recordRun(home, name, pid) {
  fs.mkdirSync(runFolder(home), { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(runFolder(home), `${name}.json`), `${JSON.stringify(referTo(pid))}\n`, { mode: 0o600 });
}

export function forgetRun(home, name) {
  fs.rmSync(path.join(runFolder(home), `${name}.json`), { force: true });
}

/** The recorded processes of this home that are still alive: [{ name, pid, startTime }]. */
export function leftovers(home) {
  let names = [];
  try {
    names = fs.readdirSync(runFolder(home));
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      try {
        return [{ name: name.slice(0, -5), ...JSON.parse(fs.readFileSync(path.join(runFolder(home), name), "utf8")) }];
      } catch {
        return [];
      }
    })
    .filter((ref) => isAlive(ref));
}

/** PostgreSQL understands TERM as "wait for clients": it is told INT, then QUIT, and never killed if it can be helped. */
const order = (ref, soft) =>
  signal(ref, ref.name === "postgres" ? (soft ? "SIGINT" : "SIGQUIT") : soft ? "SIGTERM" : "SIGKILL");

/** Ends what is left of a home: politely, then not. The database goes last, because the others write to it. */
export async function endLeftovers(home, politeMs = 3_000) {
  const isDatabase = (ref) => ref.name === "postgres";
  const ended = [];
  for (const which of [(ref) => !isDatabase(ref), isDatabase]) {
    const mine = leftovers(home).filter(which);
    ended.push(...mine.map((ref) => ref.name));
    for (const ref of mine) order(ref, true);
    const allGone = () => mine.every((ref) => !isAlive(ref));
    if (await until(allGone, mine.length ? politeMs : 0)) continue;
    for (const ref of mine) order(ref, false);
    if (await until(allGone, 1_000)) continue;
    for (const ref of mine) signal(ref, "SIGKILL");
    await until(allGone, 1_000);
  }
  fs.rmSync(runFolder(home), { recursive: true, force: true });
  return ended;
}

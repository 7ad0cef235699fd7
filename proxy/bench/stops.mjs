// Stops of the machine: times at which nothing ran on a core, as happens to a virtual machine whose host has other work. A process of
// the highest real-time priority on each core sleeps for half a millisecond at a time; when it is late, nobody of this machine held it
// up. By itself (node stops.mjs) it is one such process, and writes a line "from until" (ms, CLOCK_MONOTONIC) for each stop.
import { execFileSync, spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const NAP_MS = 0.5;
const LATE_MS = 0.5;
/** What waited during a stop is worked off after it; calls of that time have met it, too. */
const AFTER_MS = 1;

/** Now, in ms of CLOCK_MONOTONIC, which is the same in all processes. */
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

/** Watches every core; null: this user may not have real-time priority, or the machine has no chrt and taskset. */
export async function watchStops() {
  try {
    execFileSync("chrt", ["-f", "99", "taskset", "-c", "0", "true"], { stdio: "ignore" });
  } catch {
    return null;
  }
  const stops = [];
  const file = fileURLToPath(import.meta.url);
  const watchers = Array.from({ length: availableParallelism() }, (_, core) => {
    const args = ["-f", "99", "taskset", "-c", String(core), process.execPath, file];
    const child = spawn("chrt", args, { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: child.stdout }).on("line", (line) => stops.push(line.split(" ").map(Number)));
    return child;
  });
  return {
    /** Whether something that went on from `from` to `until` met a stop. To be asked a moment later: stops are told when they are over. */
    met: (from, until) => stops.some(([start, end]) => start < until && from < end + AFTER_MS),
    end: () => watchers.map((child) => child.kill()),
  };
}

function watch() {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let due = monotonicMs() + NAP_MS; ; due = monotonicMs() + NAP_MS) {
    Atomics.wait(nobody, 0, 0, NAP_MS);
    const now = monotonicMs();
    if (now - due > LATE_MS) writeSync(1, `${due} ${now}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) watch();

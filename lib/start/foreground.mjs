// Commands that a start waits for (npm ci, next build, migrations): a start that is stopped must not leave them running.
import { spawn } from "node:child_process";

const running = new Set();

/** As `spawn`, and ended by `endForeground`. */
export function spawnForeground(command, args, options) {
  const child = spawn(command, args, { ...options, detached: true });
  running.add(child);
  child.once("error", () => running.delete(child));
  child.once("close", () => running.delete(child));
  return child;
}

/** Kills what is being waited for, with everything it started: each of them can be repeated from the beginning. */
export function endForeground() {
  for (const child of running) {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      child.kill("SIGKILL");
    }
  }
  return running.size > 0;
}

/** Runs to the end: { code, stdout, stderr }. */
export async function runForeground(command, args, options) {
  const child = spawnForeground(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => resolve(exitCode ?? signal));
  });
  return { code, stdout, stderr };
}

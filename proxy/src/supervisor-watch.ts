// Ends the proxy in order when the process that owns its home is gone (it would be nobody's child for ever).
// Rule: a pid alone can be reused; on Linux the start time must match too.

import { readFileSync } from "node:fs";

const pollMs = 1000;

/** Field 22 of /proc/PID/stat; null when the process is gone or the system has no /proc. */
export function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive(pid: number, start: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = startTicks(pid);
  return start === null || now === null || now === start;
}

export function watchSupervisor(pid: number, start: string | null, onGone: () => void): () => void {
  const timer = setInterval(() => {
    if (isAlive(pid, start)) return;
    clearInterval(timer);
    onGone();
  }, pollMs);
  timer.unref();
  return () => clearInterval(timer);
}

// Ends a process whose supervisor has died: npm passes no signals on, so every process watches for itself.
// One rule: the end is the orderly one of SIGTERM, never an exit in the middle of a write.

import { isAlive, type ProcessRef } from "./process-table";

const POLL_MS = 1_000;

/** Calls `onGone` once when the supervisor is no longer the process it was. Returns a function that stops watching. */
export function watchSupervisor(supervisor: ProcessRef | null, onGone: () => void): () => void {
  if (!supervisor) {
    return () => undefined;
  }
  const timer = setInterval(() => {
    if (!isAlive(supervisor)) {
      clearInterval(timer);
      onGone();
    }
  }, POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

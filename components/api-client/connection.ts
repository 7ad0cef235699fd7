// Whether the server can be reached. Job: one small store for the line on top of every page and for "stale" marks.
// Rule: one failed request is a hiccup; lost means failed for longer than the grace time.
import { useSyncExternalStore } from "react";

const graceMs = 3000;

export interface Connection {
  lost: boolean;
  since: number | null;
}

const fine: Connection = { lost: false, since: null };
let current: Connection = fine;
let failingSince: number | null = null;
const listeners = new Set<() => void>();

function set(next: Connection) {
  if (next.lost === current.lost) return;
  current = next;
  for (const listener of listeners) listener();
}

export function reportReachable(): void {
  failingSince = null;
  set(fine);
}

export function reportUnreachable(nowMs = Date.now()): void {
  failingSince ??= nowMs;
  const since = failingSince;
  if (nowMs - since >= graceMs) {
    set({ lost: true, since });
    return;
  }
  setTimeout(() => {
    if (failingSince === since) set({ lost: true, since });
  }, graceMs);
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
    () => fine,
  );
}

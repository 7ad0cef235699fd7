// The page's side of the worker. Job: starts it at the first question, keeps it in step with the designs, drops what comes late.
// Rule: nobody sees an answer of an older design than the newest one that was set: it becomes null, and whoever asked asks again.
// Of questions of one kind that wait, only the newest is asked. A crash is told, the worker is started anew and asked again;
// after three crashes in a short time it waits for a person to say so.
import type { MeshDocument } from "@/lib/mesh";
import type { Answered, Brain, SlotName, SlotOptions } from "./brain";
import { deltaBetween } from "./delta";

export type Remote = {
  [M in keyof Brain]: (...args: Parameters<Brain[M]>) => Promise<Awaited<ReturnType<Brain[M]>>>;
};
export interface Running {
  remote: Remote;
  stop(): void;
}
export interface Host {
  start(onCrash: (reason: string) => void): Running;
  after(ms: number, run: () => void): () => void;
  now(): number;
}
export interface WorkerState {
  status: "resting" | "running" | "crashed" | "failed";
  /** Why it crashed last, in words. */
  reason: string | null;
}

type Kept = { document: MeshDocument; options: SlotOptions; version: number };
type Sent = { worker: Running; version: number; document: MeshDocument };
type Question<T> = { slots: readonly SlotName[]; ask: (remote: Remote) => Promise<Answered<T>> };

/** No question takes this long on 1,000 services; the worker is stuck. */
const stuckMs = 60_000;
const crashWindowMs = 20_000;
const maxCrashes = 3;

class WorkerCrash extends Error {}

export type DesignBridge = ReturnType<typeof createBridge>;

export function createBridge(host: Host) {
  const kept = new Map<SlotName, Kept>();
  const sent = new Map<SlotName, Sent>();
  /** By kind of question: one is being answered, and perhaps one waits for its turn. */
  const turns = new Map<string, ((isMine: boolean) => void) | null>();
  const rejects = new Set<(error: Error) => void>();
  const listeners = new Set<() => void>();
  let restarts: (() => void)[] = [];
  let running: Running | null = null;
  let crashes: number[] = [];
  let state: WorkerState = { status: "resting", reason: null };

  function tell(next: WorkerState) {
    if (next.status === state.status && next.reason === state.reason) return;
    state = next;
    for (const listener of listeners) listener();
  }

  function crash(reason: string) {
    running?.stop();
    running = null;
    const now = host.now();
    crashes = [...crashes.filter((at) => now - at < crashWindowMs), now];
    tell({ status: crashes.length >= maxCrashes ? "failed" : "crashed", reason });
    for (const reject of [...rejects]) reject(new WorkerCrash(reason));
  }

  async function worker(): Promise<Running> {
    if (state.status === "failed") await new Promise<void>((resolve) => restarts.push(resolve));
    running ??= host.start(crash);
    return running;
  }

  /** Sends what changed; posts keep their order, so the question that follows sees it. */
  function bringUpToDate(to: Running, slot: SlotName) {
    const now = kept.get(slot);
    if (!now) throw new Error(`Nothing was set as the ${slot} design.`);
    const before = sent.get(slot);
    const known = before?.worker === to ? before : null;
    if (known?.version === now.version) return;
    const delta = {
      version: now.version,
      from: known?.version ?? null,
      ...deltaBetween(known?.document ?? null, now.document),
    };
    sent.set(slot, { worker: to, version: now.version, document: now.document });
    to.remote.sync(slot, delta, now.options).catch((error: unknown) => crash(String(error)));
  }

  async function untilAnswered<T>(question: Question<T>): Promise<T | null> {
    try {
      return await put(question);
    } catch (error) {
      if (error instanceof WorkerCrash) return untilAnswered(question);
      throw error;
    }
  }

  async function put<T>({ slots, ask }: Question<T>): Promise<T | null> {
    const to = await worker();
    for (const slot of slots) bringUpToDate(to, slot);
    const versions = slots.map((slot) => kept.get(slot)?.version);
    const answer = await new Promise<Answered<T>>((resolve, reject) => {
      const stop = host.after(stuckMs, () => crash("It gave no answer for a minute."));
      const settle = () => {
        stop();
        rejects.delete(fail);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      rejects.add(fail);
      ask(to.remote).then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))),
      );
    });
    if (running === to) tell({ status: "running", reason: null });
    return slots.every((slot, i) => kept.get(slot)?.version === versions[i]) ? answer.value : null;
  }

  return {
    state: () => state,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    /** The version that answers about it belong to; the same document again is the same version. */
    setDesign(slot: SlotName, document: MeshDocument, options: SlotOptions = {}): number {
      const before = kept.get(slot);
      if (before?.document === document && before.options.binding === options.binding) return before.version;
      const version = (before?.version ?? 0) + 1;
      kept.set(slot, { document, options, version });
      return version;
    },
    /** Null: overtaken by a newer design, or by a newer question of the same `kind`. Rejects with what the brain threw. */
    async question<T>(kind: string, question: Question<T>): Promise<T | null> {
      if (turns.has(kind)) {
        turns.get(kind)?.(false);
        const isMine = await new Promise<boolean>((resolve) => turns.set(kind, resolve));
        if (!isMine) return null;
      } else {
        turns.set(kind, null);
      }
      try {
        return await untilAnswered(question);
      } finally {
        const next = turns.get(kind);
        if (next) turns.set(kind, null);
        else turns.delete(kind);
        next?.(true);
      }
    },
    /** After it gave up: a person wants it tried again. */
    restart() {
      crashes = [];
      tell({ status: "resting", reason: null });
      const resume = restarts;
      restarts = [];
      for (const each of resume) each();
    },
  };
}

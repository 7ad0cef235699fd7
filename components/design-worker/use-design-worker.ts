"use client";
// The worker in React. Rule: one worker per tab, whatever screen asks; a promise of null means "overtaken, ask again with what is now".
import { wrap } from "comlink";
import { useEffect, useState, useSyncExternalStore } from "react";
import type { Finding } from "@/lib/analysis";
import type { MeshDocument } from "@/lib/mesh";
import type { Answer, Consequence, ObservedCall, Question } from "@/lib/simulate";
import type { Brain, SlotName, SlotOptions } from "./brain";
import { createBridge, type Host, type WorkerState } from "./bridge";

const host: Host = {
  start(onCrash) {
    const worker = new Worker(new URL("./design.worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("error", (event) => onCrash(event.message || "It could not be loaded."));
    worker.addEventListener("messageerror", () => onCrash("An answer could not be read."));
    return { remote: wrap<Brain>(worker), stop: () => worker.terminate() };
  },
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
};

const bridge = createBridge(host);

export interface DesignWorker {
  setDesign(slot: SlotName, document: MeshDocument, options?: SlotOptions): number;
  /** Of the draft. */
  findings(): Promise<Finding[] | null>;
  ask(slot: SlotName, question: Question): Promise<Answer | null>;
  /** What changes from base to draft, over drawn and observed calls. */
  consequences(observed: readonly ObservedCall[]): Promise<Consequence[] | null>;
  restart(): void;
}

const designWorker: DesignWorker = {
  setDesign: bridge.setDesign,
  findings: () => bridge.question("findings", { slots: ["draft"], ask: (remote) => remote.findings() }),
  ask: (slot, question) =>
    bridge.question(`ask ${slot}`, { slots: [slot], ask: (remote) => remote.ask(slot, question) }),
  consequences: (observed) =>
    bridge.question("consequences", { slots: ["base", "draft"], ask: (remote) => remote.consequences(observed) }),
  restart: bridge.restart,
};

const resting: WorkerState = { status: "resting", reason: null };

export function useDesignWorker(): DesignWorker {
  return designWorker;
}

export function useWorkerState(): WorkerState {
  return useSyncExternalStore(bridge.subscribe, bridge.state, () => resting);
}

export interface DesignAnswer<T> {
  /** The last answer, also while the next one is being made. */
  value: T | null;
  isWorking: boolean;
  error: Error | null;
}

/**
 * Asks again whenever `question` is another function (make it with useCallback); null asks nothing.
 * The question sets the designs it is about and returns what the worker says.
 */
export function useDesignAnswer<T>(question: ((worker: DesignWorker) => Promise<T | null>) | null): DesignAnswer<T> {
  const [answer, setAnswer] = useState<DesignAnswer<T>>({ value: null, isWorking: question !== null, error: null });
  useEffect(() => {
    if (!question) return;
    let isCurrent = true;
    setAnswer((before) => ({ ...before, isWorking: true }));
    question(designWorker).then(
      (value) => {
        if (isCurrent && value !== null) setAnswer({ value, isWorking: false, error: null });
      },
      (error: unknown) => {
        if (!isCurrent) return;
        const told = error instanceof Error ? error : new Error(String(error));
        setAnswer((before) => ({ ...before, isWorking: false, error: told }));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [question]);
  return answer;
}

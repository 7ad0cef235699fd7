// The draft in the browser. Job: apply commands at once, save them in order, take in what others did.
// Rule: what is shown = the server's last version + the commands it has not confirmed yet; a refused command is taken
// back and said so by name, never dropped in silence. Transport and timers are given, so it is tested without a browser.
import type { Command, MeshDocument, Positions, Violation } from "@/lib/mesh";
import { applyCommand } from "@/lib/mesh";

export interface DraftBase {
  version: number;
  document: MeshDocument;
  positions: Positions;
}

export type SaveState = "saved" | "waiting" | "saving" | "retrying";

export interface Refusal {
  title: string;
  detail: string;
  /** Others changed the same objects: the change is kept aside and can be brought up to date. */
  isConflict?: boolean;
}

/** A change that others overtook: the version of the draft that it was made on, and what it does. */
export interface OvertakenChange {
  version: number;
  commands: readonly Command[];
}

export interface DraftSnapshot extends DraftBase {
  saveState: SaveState;
  refusal: Refusal | null;
  canUndo: boolean;
  canRedo: boolean;
}

export type SaveAnswer =
  | { ok: true; version: number; merged: boolean; canUndo: boolean; canRedo: boolean }
  | { ok: false; kind: "refused"; refusal: Refusal }
  | { ok: false; kind: "unreachable" };

export interface Transport {
  load(): Promise<DraftBase>;
  save(commands: readonly Command[], version: number): Promise<SaveAnswer>;
  step(direction: "undo" | "redo", version: number): Promise<SaveAnswer>;
  /** A change that did not fit what others made of the draft: taken out of it, and not lost. */
  keep(change: OvertakenChange): void;
}

export interface Timers {
  after(ms: number, run: () => void): () => void;
}

const gatherMs = 350;
const retryMs = 2500;

export type DraftStore = ReturnType<typeof createDraftStore>;

export function createDraftStore(first: DraftBase, transport: Transport, timers: Timers) {
  let base = first;
  let pending: Command[] = [];
  /** The version that stood on the screen when the oldest pending command was made: what the server compares with. */
  let madeOn = first.version;
  let inFlight = 0;
  let saveState: SaveState = "saved";
  let refusal: Refusal | null = null;
  let canUndo = false;
  let canRedo = false;
  let stopTimer: (() => void) | null = null;
  let snapshot = makeSnapshot(base);
  const listeners = new Set<() => void>();

  function makeSnapshot(shown: DraftBase): DraftSnapshot {
    return {
      ...shown,
      version: base.version,
      saveState,
      refusal,
      canUndo: canUndo || pending.length > 0,
      canRedo,
    };
  }
  function publish(shown: DraftBase = snapshot) {
    snapshot = makeSnapshot(shown);
    for (const listener of listeners) listener();
  }
  /** Base plus pending; a command that no longer fits is left out and named. */
  function replay() {
    let shown: DraftBase = base;
    const kept: Command[] = [];
    let isLeftOut = false;
    pending.forEach((command, index) => {
      const result = applyCommand(shown.document, shown.positions, command);
      if (result.ok) {
        shown = { version: base.version, document: result.document, positions: result.positions };
        kept.push(command);
      } else if (index >= inFlight) {
        isLeftOut = true;
        refusal = {
          title: "One of your changes no longer fits",
          detail: result.violations.map((each) => each.message).join(" "),
          isConflict: true,
        };
      }
    });
    // Whole: the one that is left out may lean on those before it, and what is saved by then is no conflict.
    if (isLeftOut) transport.keep({ version: madeOn, commands: pending });
    pending = kept;
    publish(shown);
  }
  function schedule(ms: number) {
    stopTimer?.();
    stopTimer = timers.after(ms, () => {
      stopTimer = null;
      void flush();
    });
  }

  async function flush(): Promise<void> {
    if (inFlight > 0 || pending.length === 0) return;
    stopTimer?.();
    stopTimer = null;
    const batch = [...pending];
    inFlight = batch.length;
    saveState = "saving";
    publish();
    const answer = await transport.save(batch, madeOn);
    inFlight = 0;
    if (answer.ok) {
      await confirm(batch, answer);
    } else if (answer.kind === "unreachable") {
      saveState = "retrying";
      publish();
      schedule(retryMs);
    } else {
      pending = pending.slice(batch.length);
      refusal = answer.refusal;
      if (refusal.isConflict) transport.keep({ version: madeOn, commands: batch });
      saveState = pending.length > 0 ? "waiting" : "saved";
      await reload();
      if (pending.length > 0) schedule(gatherMs);
    }
  }

  async function confirm(
    batch: readonly Command[],
    answer: { version: number; merged: boolean; canUndo: boolean; canRedo: boolean },
  ) {
    pending = pending.slice(batch.length);
    canUndo = answer.canUndo;
    canRedo = answer.canRedo;
    saveState = pending.length > 0 ? "waiting" : "saved";
    if (!answer.merged) madeOn = answer.version;
    if (answer.merged) {
      await reload();
    } else {
      let next = base;
      for (const command of batch) {
        const result = applyCommand(next.document, next.positions, command);
        if (result.ok) next = { version: answer.version, document: result.document, positions: result.positions };
      }
      base = { ...next, version: answer.version };
      replay();
    }
    if (pending.length > 0) schedule(gatherMs);
  }

  async function reload(): Promise<void> {
    try {
      take(await transport.load());
    } catch {
      saveState = "retrying";
      publish();
      timers.after(retryMs, () => void reload().then(() => flush()));
    }
  }

  /** Resolves when nothing is pending any more, with what the server refused of it, if anything. */
  function settled(): Promise<Refusal | null> {
    const refusalBefore = refusal;
    void flush();
    return new Promise((resolve) => {
      const look = () => {
        if (pending.length > 0 || inFlight > 0) return;
        listeners.delete(look);
        resolve(refusal === refusalBefore ? null : refusal);
      };
      listeners.add(look);
      look();
    });
  }

  /** A version from the server; older ones and those that a save is about to overtake are ignored. */
  function take(next: DraftBase) {
    if (next.version < base.version || inFlight > 0) return;
    const isNews = next.version > base.version;
    base = next;
    if (isNews || pending.length > 0 || saveState === "retrying") {
      if (saveState === "retrying" && pending.length === 0) saveState = "saved";
      replay();
    } else {
      publish(next);
    }
  }

  async function step(direction: "undo" | "redo"): Promise<void> {
    await flush();
    if (pending.length > 0) return;
    saveState = "saving";
    publish();
    const answer = await transport.step(direction, base.version);
    saveState = "saved";
    if (answer.ok) {
      canUndo = answer.canUndo;
      canRedo = answer.canRedo;
    } else if (answer.kind === "refused") {
      refusal = answer.refusal;
      if (direction === "undo") canUndo = false;
      else canRedo = false;
    } else {
      refusal = {
        title: "Not reachable",
        detail: `The ${direction} was not done: the server cannot be reached. Try again when the connection is back.`,
      };
    }
    await reload();
    publish();
  }

  return {
    get: () => snapshot,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Applies at once. The violations when the model refuses, which changes nothing. */
    edit(command: Command): Violation[] {
      const result = applyCommand(snapshot.document, snapshot.positions, command);
      if (!result.ok) return result.violations;
      if (pending.length === 0) madeOn = base.version;
      pending.push(command);
      if (saveState !== "retrying") saveState = inFlight > 0 ? "saving" : "waiting";
      publish({ version: base.version, document: result.document, positions: result.positions });
      if (inFlight === 0) schedule(gatherMs);
      return [];
    },
    take,
    flush,
    settled,
    undo: () => step("undo"),
    redo: () => step("redo"),
    dismiss() {
      refusal = null;
      publish();
    },
    /** What the server's history allows, read after a reload of the page. */
    setSteps(steps: { canUndo: boolean; canRedo: boolean }) {
      canUndo = steps.canUndo;
      canRedo = steps.canRedo;
      publish();
    },
    hasUnsaved: () => pending.length > 0,
  };
}

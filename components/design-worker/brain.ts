// What the worker does: keeps two designs and answers questions about them.
// Rule: an answer names the version it was made of; what is expensive (index, scene) is made once per version, when first asked.
import { type Analysis, createAnalysis, type Finding, factsFrom } from "@/lib/analysis";
import type { EnvironmentBinding } from "@/lib/compile";
import type { MeshDocument, MeshObject, ObjectKey } from "@/lib/mesh";
import {
  type Answer,
  ask,
  buildScene,
  type Consequence,
  consequencesOf,
  type ObservedCall,
  type Question,
  type Scene,
} from "@/lib/simulate";
import { applyDelta, type DesignDelta } from "./delta";

/** draft: what is edited. base: what it is compared with. */
export type SlotName = "draft" | "base";
export type Answered<T> = { version: number; value: T };
/** Beside the design: how an environment runs it. Absent: one made-up instance of everything. */
export type SlotOptions = { binding?: EnvironmentBinding };

export interface Brain {
  sync(slot: SlotName, delta: DesignDelta, options: SlotOptions): void;
  findings(): Answered<Finding[]>;
  ask(slot: SlotName, question: Question): Answered<Answer>;
  /** From base to draft, over drawn and observed calls. */
  consequences(observed: readonly ObservedCall[]): Answered<Consequence[]>;
}

type Slot = {
  version: number;
  objects: Map<ObjectKey, MeshObject>;
  options: SlotOptions;
  document?: MeshDocument;
  scene?: Scene;
  /** Kept over versions: it asks again only what a change touches. */
  analysis?: Analysis;
};

export function createBrain(today: () => string): Brain {
  const slots = new Map<SlotName, Slot>();
  const slotOf = (name: SlotName): Slot => {
    const slot = slots.get(name);
    if (!slot) throw new Error(`The worker has no ${name} design yet.`);
    return slot;
  };
  const documentOf = (slot: Slot): MeshDocument => {
    slot.document ??= { objects: [...slot.objects.values()] };
    return slot.document;
  };
  const sceneOf = (slot: Slot): Scene => {
    slot.scene ??= buildScene(documentOf(slot), slot.options);
    return slot.scene;
  };
  return {
    sync(name, delta, options) {
      const before = slots.get(name);
      const objects = before?.objects ?? new Map<ObjectKey, MeshObject>();
      const analysis = delta.from === null ? undefined : before?.analysis;
      applyDelta(objects, delta);
      analysis?.change(delta);
      slots.set(name, { version: delta.version, objects, options, ...(analysis ? { analysis } : {}) });
    },
    findings() {
      const slot = slotOf("draft");
      if (!slot.analysis) {
        slot.analysis = createAnalysis(factsFrom({ today: today() }));
        slot.analysis.change({ put: [...slot.objects.values()], remove: [] });
      }
      return { version: slot.version, value: slot.analysis.findings() };
    },
    consequences(observed) {
      const slot = slotOf("draft");
      return { version: slot.version, value: consequencesOf(sceneOf(slotOf("base")), sceneOf(slot), observed) };
    },
    ask(name, question) {
      const slot = slotOf(name);
      return { version: slot.version, value: ask(sceneOf(slot), question) };
    },
  };
}

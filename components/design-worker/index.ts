export type { SlotName } from "./brain";
export { type DesignAnswer, type DesignWorker, useDesignAnswer, useDesignWorker } from "./use-design-worker";
export { WorkerNote } from "./worker-note";

export type { DraftSnapshot } from "./draft-store";
export { dropKeptChange, type KeptChange, keptChanges, namesOf } from "./kept-changes";
export { RefusalNote, SaveStateWord } from "./save-state";
export { clientId } from "./transport";
export { UndoButtons } from "./undo-buttons";
export { type Draft, useDraft } from "./use-draft";

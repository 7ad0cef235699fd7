export type { DraftSnapshot } from "./draft-store";
export { RefusalNote, SaveStateWord } from "./save-state";
export { type Draft, useDraft } from "./use-draft";

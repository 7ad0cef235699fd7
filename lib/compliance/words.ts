// The states and layers of a control in words, the same on screens and in every export.
// One rule: it imports types only, so that a screen may use it and load nothing else.
import type { Layer, State } from "./types";

export const STATE_WORDS: Readonly<Record<State, string>> = {
  pass: "passes",
  fail: "fails",
  partly: "partly measured",
  "not-measured": "not measured",
  stale: "stale",
  "does-not-apply": "does not apply",
  waived: "waived",
};

export const LAYER_WORDS: Readonly<Record<Layer, string>> = { design: "Design", compiled: "Compiled", live: "Live" };

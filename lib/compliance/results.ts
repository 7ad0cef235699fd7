// Subjects -> the state of a layer. One rule: one failing subject fails the layer; a subject that was not measured keeps it from passing.
import type { LayerResult, MeasuredState, SubjectResult } from "./types";

export function layerState(subjects: readonly SubjectResult[]): MeasuredState {
  if (subjects.some(({ state }) => state === "fail")) return "fail";
  const measured = subjects.filter(({ state }) => state === "pass").length;
  if (measured === 0) return "not-measured";
  return measured === subjects.length ? "pass" : "partly";
}

export function layerResult(subjects: readonly SubjectResult[], ifNone: string): LayerResult {
  if (subjects.length === 0) return doesNotApply(ifNone);
  const sorted = [...subjects].sort((a, b) => RANK[a.state] - RANK[b.state]);
  return { state: layerState(subjects), summary: summaryOf(sorted), subjects: sorted };
}

export const doesNotApply = (reason: string): LayerResult => ({
  state: "does-not-apply",
  summary: reason,
  subjects: [],
});

const RANK: Readonly<Record<SubjectResult["state"], number>> = { fail: 0, "not-measured": 1, pass: 2 };

function summaryOf(sorted: readonly SubjectResult[]): string {
  const [worst] = sorted;
  const count = (state: SubjectResult["state"]) => sorted.filter((subject) => subject.state === state).length;
  if (!worst) return "";
  if (worst.state === "pass")
    return sorted.length === 1 ? worst.text : `Holds for all ${sorted.length} that were looked at.`;
  const others = count(worst.state) - 1;
  const more = others > 0 ? ` And ${others} more of ${sorted.length}.` : "";
  return `${worst.text}${more}`;
}

export const pass = (subject: string, text: string, path?: string): SubjectResult => ({
  subject,
  state: "pass",
  text,
  ...(path ? { path } : {}),
});
export const fail = (subject: string, text: string, path?: string): SubjectResult => ({
  ...pass(subject, text, path),
  state: "fail",
});
export const unmeasured = (subject: string, text: string): SubjectResult => ({ subject, state: "not-measured", text });

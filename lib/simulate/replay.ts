// Replay: calls that were seen in traffic, asked of what ran and of a draft; every answer that would differ.
// The rule: each seen call is one row with its own answers, so that a person can check it against the traffic.
import { changedPairs } from "./affected";
import { answerTo, ask } from "./ask";
import { observedCalls } from "./calls";
import { changesBetween } from "./changes";
import { questionOf } from "./compare";
import { nameOf } from "./names";
import type { Scene } from "./scene";
import type { Answer, Call, ObservedCall } from "./types";

export type ReplayDifference = { call: Call; count: number; sentence: string; before: Answer; after: Answer };
export type Replay = {
  /** Different calls, and the requests behind them. */
  calls: number;
  requests: number;
  /** Seen, but by nobody or for nothing that the design knows. */
  unknown: number;
  /** Most requests first. */
  differences: ReplayDifference[];
};

export function replay(running: Scene, draft: Scene, observed: readonly ObservedCall[]): Replay {
  const known = observed.filter(({ caller, callee }) => isKnown(running, caller) && isKnown(running, callee));
  const calls = observedOnly(running, known);
  const differences = calls.filter(changedPairs(running, draft)).flatMap((call) => difference(running, draft, call));
  return {
    calls: calls.length,
    requests: calls.reduce((sum, { count }) => sum + (count ?? 0), 0),
    unknown: observed.length - known.length,
    differences: differences.sort((a, b) => b.count - a.count || (a.sentence < b.sentence ? -1 : 1)),
  };
}

const isKnown = ({ index }: Scene, key: string) => index.get(key) !== undefined;

/** Codes are counted together: the mesh decides before there is one. */
function observedOnly({ index }: Scene, observed: readonly ObservedCall[]): Call[] {
  const byShape = new Map<string, ObservedCall>();
  for (const each of observed) {
    const key = `${each.caller} ${each.callee} ${each.method} ${each.path}`;
    const before = byShape.get(key);
    byShape.set(key, before ? { ...before, count: before.count + each.count } : each);
  }
  return [...byShape.values()].flatMap((each) => observedCalls(index, each));
}

function difference(running: Scene, draft: Scene, call: Call): ReplayDifference[] {
  const changes = changesBetween(
    answerTo(running, questionOf(running, call), false),
    answerTo(draft, questionOf(draft, call), false),
  );
  if (changes.length === 0) return [];
  const before = ask(running, questionOf(running, call));
  const after = ask(draft, questionOf(draft, call));
  const what = `${nameOf(call.caller)} → ${nameOf(call.callee)} ${call.method} ${call.path}`;
  const sentence = `${what}: ${changes.map(({ kind, text }) => wordsOf(kind, text, after)).join("; ")}`;
  return [{ call, count: call.count ?? 0, sentence, before, after }];
}

function wordsOf(kind: string, text: string, after: Answer): string {
  if (kind === "loses-access") return `would fail. ${after.sentence}`;
  if (kind === "gains-access") return `would get through. ${after.sentence}`;
  return text;
}

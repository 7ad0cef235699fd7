// Replay: calls that were seen in traffic, asked of what ran and of a draft; every answer that would differ.
// The rule: each difference keeps both answers, so that a person can check it against the traffic.
import type { ObjectKey } from "@/lib/mesh";
import { changedPairs } from "./affected";
import { answerTo, ask, callerKey } from "./ask";
import { observedCalls } from "./calls";
import { changesBetween } from "./changes";
import { questionOf } from "./compare";
import { hostText } from "./host-text";
import { nameOf } from "./names";
import type { Scene } from "./scene";
import type { Answer, Call, ObservedCall, Question } from "./types";

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
  const [was, is] = [questionOf(running, call), questionOf(draft, call)];
  const words = unlike(answerTo(running, was, false), answerTo(draft, is, false));
  if (words === undefined) return [];
  const sentence = `${nameOf(call.caller)} → ${nameOf(call.callee)} ${call.method} ${call.path}: ${words}`;
  return [{ call, count: call.count ?? 0, sentence, before: ask(running, was), after: ask(draft, is) }];
}

/** What differs, in words; undefined: the answers are alike. */
function unlike(before: Answer, after: Answer): string | undefined {
  const changes = changesBetween(before, after);
  return changes.length === 0 ? undefined : changes.map(({ kind, text }) => wordsOf(kind, text, after)).join("; ");
}

function wordsOf(kind: string, text: string, after: Answer): string {
  if (kind === "loses-access") return `would fail. ${after.sentence}`;
  if (kind === "gains-access") return `would get through. ${after.sentence}`;
  return text;
}

/** A request as somebody wrote it down, and how often. */
export type RecordedRequest = { question: Question; count: number };

export type RecordedDifference = {
  caller: ObjectKey;
  host: string;
  method: string;
  /** The one that was asked for most often. */
  path: string;
  /** How many paths differ in the same way. */
  paths: number;
  count: number;
  sentence: string;
  /** Without the rules that were considered. */
  before: Answer;
  after: Answer;
};

/** Most requests first; paths of one caller, host and method that differ in the same way are one difference. */
export function replayRequests(
  before: Scene,
  after: Scene,
  recorded: readonly RecordedRequest[],
): RecordedDifference[] {
  const groups = new Map<string, RecordedDifference>();
  for (const { question, count } of [...recorded].sort((a, b) => b.count - a.count)) {
    const [was, is] = [answerTo(before, question, false), answerTo(after, question, false)];
    const words = unlike(was, is);
    if (words === undefined) continue;
    const { method, path, to } = question;
    const caller = callerKey(question.from);
    const host = hostText(to);
    const group = `${caller} ${host} ${method} ${words}`;
    const known = groups.get(group);
    if (known) groups.set(group, { ...known, paths: known.paths + 1, count: known.count + count });
    else {
      const sentence = `${nameOf(caller)} → ${host} ${method} ${path}: ${words}`;
      groups.set(group, { caller, host, method, path, paths: 1, count, sentence, before: was, after: is });
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.sentence < b.sentence ? -1 : 1));
}

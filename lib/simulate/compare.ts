// What a change does to calls, in sentences: who gains or loses access, where a share goes, what becomes slower or weaker.
// The rule: two answers are compared, never two texts; a call whose proxies are configured alike in both is not even asked.
import { changedPairs } from "./affected";
import { answerTo, ask } from "./ask";
import { callerOf, callsOfBoth } from "./calls";
import { type Change, changesBetween } from "./changes";
import { nameOf } from "./names";
import type { Scene } from "./scene";
import type { Answer, Call, Consequence, ObservedCall, Question } from "./types";

type Found = { call: Call; change: Change };

/** What changes for everybody: drawn calls of both versions, what routes and policies speak about, and what was seen. */
export function consequencesOf(before: Scene, after: Scene, observed: readonly ObservedCall[] = []): Consequence[] {
  const isChanged = changedPairs(before, after);
  return consequencesFor(before, after, callsOfBoth(before.index, after.index, observed, isChanged));
}

function consequencesFor(before: Scene, after: Scene, calls: readonly Call[]): Consequence[] {
  const byPair = new Map<string, Call[]>();
  for (const call of calls) {
    const pair = `${call.caller} ${call.callee}`;
    const list = byPair.get(pair);
    if (list) list.push(call);
    else byPair.set(pair, [call]);
  }
  return [...byPair.values()].flatMap((pair) => ofPair(before, after, pair)).sort(byWeight);
}

const byWeight = (a: Consequence, b: Consequence) =>
  Number(a.severity === "change") - Number(b.severity === "change") ||
  (a.sentence < b.sentence ? -1 : a.sentence > b.sentence ? 1 : 0);

/** One sentence per change; it names the requests only when others of the pair do not change that way. */
function ofPair(before: Scene, after: Scene, calls: readonly Call[]): Consequence[] {
  const groups = new Map<string, Found[]>();
  for (const call of calls) {
    const a = answerTo(before, questionOf(before, call), false);
    const b = answerTo(after, questionOf(after, call), false);
    for (const change of changesBetween(a, b)) {
      const group = `${change.kind} ${change.text}`;
      const list = groups.get(group);
      if (list) list.push({ call, change });
      else groups.set(group, [{ call, change }]);
    }
  }
  return [...groups.values()].flatMap((group) => consequenceOf(before, after, group, group.length === calls.length));
}

function consequenceOf(before: Scene, after: Scene, group: readonly Found[], isWhole: boolean): Consequence[] {
  const [first] = group;
  if (!first) return [];
  const { call, change } = first;
  const was = ask(before, questionOf(before, call));
  const is = ask(after, questionOf(after, call));
  const which = isWhole ? "" : ` (${requestsOf(group.map((each) => each.call))})`;
  const { caller, callee } = call;
  const sentence = sentenceOf(change, nameOf(caller), nameOf(callee), which, is);
  return [{ kind: change.kind, severity: change.severity, sentence, caller, callee, call, before: was, after: is }];
}

export function questionOf(scene: Scene, call: Call): Question {
  const { host, port, method, path, headers, certificate } = call;
  const question = { from: callerOf(scene.index, call), to: { host, port }, method, path, headers };
  return certificate ? { ...question, certificate } : question;
}

const MAX_NAMED = 3;

function requestsOf(calls: readonly Call[]): string {
  const names = [...new Set(calls.map(requestName))];
  const more = names.length - MAX_NAMED;
  return names.slice(0, MAX_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function requestName({ method, path, headers, certificate }: Call): string {
  const named = Object.entries(headers).map(([name, value]) =>
    name === "authorization" && value.startsWith("Bearer ") ? "a token" : `${name}: ${value}`,
  );
  if (certificate) named.push(["a certificate", ...certificate.names.slice(0, 1)].join(" of "));
  return `${method} ${path}${named.length > 0 ? ` with ${named.join(", ")}` : ""}`;
}

function sentenceOf({ kind, text }: Change, caller: string, callee: string, which: string, after: Answer): string {
  if (kind === "loses-access") return `${caller} loses access to ${callee}${which}: ${after.sentence}`;
  if (kind === "gains-access") return `${caller} gains access to ${callee}${which}: ${after.sentence}`;
  return `${caller} → ${callee}${which}: ${text}`;
}

// A change that is brought up to date, as the screen shows it. Job: what is asked of the API, conflicts by object, what the answer says.
// Rule: pure; a choice holds for the values that were seen, and counts no more when one of them has changed.
import type { Status } from "@/components/ui";
import { listInWords, plural } from "@/components/ui";
import type { MergeAnswer, MergeConflictDto, MergeRequest } from "@/lib/api/schema";
import { parseObject, textOfObject, valuesToYaml } from "@/lib/mesh";

export type Side = "mine" | "theirs";

/** Where a change comes from; `id` stands for it in the cache. */
export interface Source {
  id: string;
  base: string;
  mine: MergeRequest["mine"];
  /** As people call it: "your change", "r5", "your file". */
  name: string;
}

interface Chosen {
  key: string;
  path: string;
  choice: { take: Side } | { value: string | number };
  /** The values that it was chosen between. */
  seen: string;
}
export type Choices = Readonly<Record<string, Chosen>>;

type Place = Pick<MergeConflictDto, "key" | "path">;
export const placeOf = ({ key, path }: Place): string => `${key}#${path}`;
const seenOf = ({ mine, theirs }: MergeConflictDto): string => JSON.stringify([mine ?? null, theirs ?? null]);

export function withChoice(choices: Choices, conflict: MergeConflictDto, choice: Chosen["choice"]): Choices {
  const { key, path } = conflict;
  return { ...choices, [placeOf(conflict)]: { key, path, choice, seen: seenOf(conflict) } };
}

/** What the API is told; values go before sides where a place has both. */
export function toChoices(choices: Choices): MergeRequest["choices"] {
  return Object.values(choices).map(({ key, path, choice }) => ({ key, path, ...choice }));
}

/** The choices that still hold: those between values that are not the ones that were seen are left out, and named. */
export function stillHolding(
  choices: Choices,
  conflicts: readonly MergeConflictDto[],
): { choices: Choices; dropped: string[] } {
  const now = new Map(conflicts.map((each) => [placeOf(each), seenOf(each)]));
  const isOver = ([place, { seen }]: [string, Chosen]) => now.has(place) && now.get(place) !== seen;
  const entries = Object.entries(choices);
  const dropped = entries.filter(isOver).map(([place]) => place);
  if (dropped.length === 0) return { choices, dropped };
  return { choices: Object.fromEntries(entries.filter((each) => !isOver(each))), dropped };
}

export interface ConflictGroup {
  key: string;
  /** "Service cart" */
  title: string;
  namespace: string;
  conflicts: MergeConflictDto[];
}

export function groupsOf(conflicts: readonly MergeConflictDto[]): ConflictGroup[] {
  const groups = new Map<string, ConflictGroup>();
  for (const conflict of conflicts) {
    const { key } = conflict;
    const steps = key.split("/");
    const group = groups.get(key) ?? {
      key,
      title: `${steps[0]} ${steps.at(-1)}`,
      namespace: steps.length > 2 ? (steps[1] ?? "") : "",
      conflicts: [],
    };
    group.conflicts.push(conflict);
    groups.set(key, group);
  }
  return [...groups.values()];
}

const isScalar = (value: unknown) => value === undefined || typeof value === "string" || typeof value === "number";

/** Text or a number, where a person may write another one. */
export function isPlain({ path, base, mine, theirs }: MergeConflictDto): boolean {
  return path !== "" && isScalar(base) && isScalar(mine) && isScalar(theirs);
}

/** What was typed, as the field has it: a number where both sides have one. */
export function typedValue({ mine, theirs }: MergeConflictDto, text: string): string | number {
  const isNumber = [mine, theirs].every((value) => value === undefined || typeof value === "number");
  const number = Number(text);
  return isNumber && text.trim() !== "" && Number.isFinite(number) ? number : text;
}

/** Null: it is not there. */
export function valueText(value: unknown): string | null {
  if (value === undefined) return null;
  const object = parseObject(value);
  if (object.ok) return textOfObject(object.object).trimEnd();
  if (value !== null && typeof value === "object") return valuesToYaml([value]).trimEnd();
  return String(value);
}

export interface Said {
  status: Status;
  text: string;
  detail: string;
}

export function answerOf(answer: MergeAnswer, source: Pick<Source, "name">): Said {
  const { conflicts, result, mine, theirs, problems } = answer;
  const since = startWord(answer.base);
  const who = theirs.by.length > 0 ? `, by ${listInWords(theirs.by)}` : "";
  const detail = `${capital(source.name)}: ${plural(mine.total, "change")} since ${since}. The draft: ${plural(theirs.total, "change")} since${who}.`;
  const say = (status: Status, text: string): Said => ({ status, text, detail });
  if (conflicts.open > 0) {
    const all = conflicts.open === conflicts.total;
    const which = all
      ? plural(conflicts.total, "conflict")
      : `${conflicts.open} of ${plural(conflicts.total, "conflict")}`;
    return say("attention", `${which} ${conflicts.open === 1 ? "waits" : "wait"} for your choice.`);
  }
  if (result.total === 0) return say("ok", `The draft holds all of ${source.name} already.`);
  const ready = `${plural(result.total, "change")} ${result.total === 1 ? "is" : "are"} ready to save`;
  const decided = conflicts.total === 1 ? "The conflict is decided" : `All ${conflicts.total} conflicts are decided`;
  const start = conflicts.total === 0 ? "Nothing conflicts" : decided;
  if (problems.length === 0) return say("ok", `${start}: ${ready}.`);
  return say("attention", `${start}: ${ready}, and ${plural(problems.length, "problem")} would come in.`);
}

/** "r3", "version 12 of the draft", "an empty mesh" */
export function startWord(base: string): string {
  if (base === "empty") return "an empty mesh";
  return base.startsWith("v") ? `version ${base.slice(1)} of the draft` : base;
}

/** A revision keeps its name: "r5" is never "R5". */
const capital = (text: string) => (/^r\d/.test(text) ? text : `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`);

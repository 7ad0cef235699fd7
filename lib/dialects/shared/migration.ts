// A move from one product to another as a list of decisions: what the report of an export asks of a person.
// The rule: one decision for what is alike, however many objects it is about; what gives calls another answer stands first.
import { type MeshDocument, type ObjectKey, parseKey, sha256Hex } from "@/lib/mesh";
import { dialectEntries } from "../catalogue";
import { notePath } from "./bundle";
import type { ImportWarning } from "./context";
import type { ReportEntry } from "./dialect";
import { optionsOf } from "./migration-options";
import {
  asSentence,
  type Decision,
  type DecisionGroup,
  type DecisionPart,
  type Migration,
  type Place,
} from "./migration-words";
import type { ReportInput } from "./report";
import type { Verdict } from "./verdict";

export type MigrationInput = ReportInput & {
  document: MeshDocument;
  /** The product that the documents are of; absent: it is told from where the objects came. */
  from?: string | undefined;
  /** What reading the documents told. */
  warnings?: readonly ImportWarning[];
  /** Where an object stands in the files. */
  locate?: (key: ObjectKey) => Place | undefined;
};

type Words = { from: string; to: string; isOver: boolean };
type Draft = Pick<Decision, "group" | "step" | "verdict" | "about"> & { parts: DecisionPart[]; fix?: string };

export function migrationOf(input: MigrationInput): Migration {
  const { dialect, channel, made, warnings = [] } = input;
  const from = input.from ?? originOf(input.document);
  const open = made.report.filter(
    ({ verdict, changesMeaning }) => changesMeaning || (verdict !== "exact" && verdict !== "moved"),
  );
  const drafts = [
    ...gathered(warnings, readingKey, (warning) => draftOfReading(warning)),
    ...gathered(open, writingKey, (entry) => draftOfWriting(input, entry)),
  ];
  const isOver = dialectEntries.some(({ title, retired }) => title === from && retired !== undefined);
  const words = { from, to: dialect.title, isOver };
  const decisions = drafts.map((draft) => decisionOf(draft, words)).sort(byDanger);
  return {
    format: "meshwright.dev/migration/v1",
    from,
    to: dialect.title,
    ...(channel === undefined ? {} : { channel }),
    ...(dialect.retired === undefined ? {} : { retired: dialect.retired }),
    done: doneOf(made.report),
    decisions,
  };
}

/** What the objects of a design came from; most of them. */
function originOf({ objects }: MeshDocument): string {
  const counts = new Map<string, number>();
  for (const { metadata } of objects) {
    const own = metadata.origin?.dialect;
    if (own !== undefined && own !== "kubernetes") counts.set(own, (counts.get(own) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return dialectEntries.find(({ id }) => id === most?.[0])?.title ?? "the design";
}

function gathered<T>(all: readonly T[], keyOf: (each: T) => string, draftOf: (each: T) => Draft): Draft[] {
  const drafts = new Map<string, Draft>();
  for (const each of all) {
    const key = keyOf(each);
    const own = draftOf(each);
    const known = drafts.get(key);
    if (known) known.parts.push(...own.parts);
    else drafts.set(key, own);
  }
  return [...drafts.values()];
}

function draftOfWriting({ locate }: MigrationInput, entry: ReportEntry): Draft {
  const { key, path, verdict, reason, changesMeaning } = entry;
  const part = { object: objectWords(key), path, key, ...locate?.(key) };
  return {
    group: groupOf(verdict, changesMeaning),
    step: "writing",
    verdict,
    about: asSentence(reason),
    parts: [part],
  };
}

function draftOfReading({ source, path, message, fix, verdict, changesMeaning, file, line }: ImportWarning): Draft {
  const part = { object: source, path, ...(file === undefined ? {} : { file }), line };
  const about = `${source.split(" ")[0]}: ${message.replace(/\.$/, "")}.`;
  return { group: groupOf(verdict, changesMeaning), step: "reading", verdict, about, parts: [part], fix };
}

function groupOf(verdict: Verdict, changesMeaning: boolean | undefined): DecisionGroup {
  if (changesMeaning) return "meaning";
  if (verdict === "lost") return "lost";
  return verdict === "approximate" || verdict === "ignored" ? "approximate" : "by-hand";
}

/** What is alike: the same is said of the same place of objects of one kind, their own names apart. */
const writingKey = ({ key, path, verdict, reason, changesMeaning }: ReportEntry) => {
  const { kind = "", name = "", namespace = "" } = parseKey(key) ?? {};
  return JSON.stringify([
    kind,
    shapeOf(path),
    verdict,
    changesMeaning === true,
    withoutNames(reason, [name, namespace]),
  ]);
};

const readingKey = ({ source, path, verdict, message, changesMeaning }: ImportWarning) => {
  const [kind = "", place = ""] = source.split(" ");
  return JSON.stringify([kind, shapeOf(path), verdict, changesMeaning, withoutNames(message, place.split("/"))]);
};

const shapeOf = (path: string) => path.replaceAll(/\[\d+\]/g, "[]");

function withoutNames(text: string, names: readonly string[]): string {
  // payment-service-v1 is a version of payment-service, and sentences name either
  const all = names.flatMap((name) => [name, name.replace(/-v?\d+$/, "")]).filter((name) => name.length > 1);
  return all.reduce((rest, name) => rest.replaceAll(name, "…"), text);
}

function objectWords(key: ObjectKey): string {
  const { kind, namespace, name } = parseKey(key) ?? {};
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

function decisionOf({ fix, ...draft }: Draft, words: Words): Decision {
  const { step, verdict, about, parts } = draft;
  const [first] = parts;
  const what = parts.length === 1 ? (first?.object ?? "it") : `these ${parts.length} parts`;
  const note = step === "writing" && first?.key !== undefined && hasNote(draft) ? notePath(first.key) : undefined;
  const named = parts.map(({ object, path }) => `${object}#${path}`).sort();
  // a letter first: nobody takes it for a number
  const id = `d${sha256Hex(JSON.stringify([step, verdict, draft.group, about, named])).slice(0, 9)}`;
  return {
    id,
    ...draft,
    options: optionsOf({ ...draft, ...words, what, ...(note ? { note } : {}), ...(fix ? { fix } : {}) }),
  };
}

const hasNote = ({ group, verdict }: Draft) => group === "meaning" || verdict === "lost" || verdict === "escape";

const DANGER: readonly DecisionGroup[] = ["meaning", "lost", "approximate", "by-hand"];

function byDanger(a: Decision, b: Decision): number {
  const rank = DANGER.indexOf(a.group) - DANGER.indexOf(b.group);
  return rank || (a.about < b.about ? -1 : a.about > b.about ? 1 : a.id < b.id ? -1 : 1);
}

function doneOf(report: readonly ReportEntry[]): Migration["done"] {
  const moved = report.filter(({ verdict, changesMeaning }) => verdict === "moved" && !changesMeaning);
  const groups = gathered(moved, writingKey, (entry) => draftOfWriting({} as MigrationInput, entry));
  return {
    exact: report.filter(({ verdict, changesMeaning }) => verdict === "exact" && !changesMeaning).length,
    moved: groups
      .map(({ about, parts }) => ({ about, parts: parts.length }))
      .sort((a, b) => b.parts - a.parts || (a.about < b.about ? -1 : 1)),
  };
}

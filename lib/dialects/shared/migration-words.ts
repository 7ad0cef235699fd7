// The choices and groups of a migration in words, and what was chosen as Markdown. Read by screens too: nothing heavy is imported.
// The rule: a choice is recorded by the decision's id; a record of another decision never counts for this one.
import type { ObjectKey } from "@/lib/mesh";
import type { Verdict } from "./verdict";

/** In the order of danger. */
export type DecisionGroup = "meaning" | "lost" | "approximate" | "by-hand";

/** A reason of a report on its own; the name of a field at its beginning stays as it is spelled. */
export function asSentence(reason: string): string {
  const isField = /^\S*[.A-Z]/.test(reason);
  const first = reason.slice(0, 1);
  return `${isField ? first : first.toUpperCase()}${reason.slice(1).replace(/\.$/, "")}.`;
}

export type Place = { file?: string; line?: number };

/** What a decision is about. `object`: of the design, or the resource that was read. */
export type DecisionPart = Place & { object: string; path: string; key?: ObjectKey };

export type Decision = {
  /** Of what it is about and of all its parts: when another part comes under it, it is another decision. */
  id: string;
  group: DecisionGroup;
  /** reading: the design does not say what the product said; writing: the next product does not say what the design says. */
  step: "reading" | "writing";
  verdict: Verdict;
  about: string;
  parts: DecisionPart[];
  options: { id: string; means: string }[];
};

export type Migration = {
  format: "meshwright.dev/migration/v1";
  from: string;
  to: string;
  channel?: string;
  /** The product is no more. */
  retired?: string;
  /** Nothing to decide about: parts that mean the same, and those that are said in another place. */
  done: { exact: number; moved: { about: string; parts: number }[] };
  decisions: Decision[];
};

export const OPTIONS = [
  { id: "as-exported", title: "Keep as exported" },
  { id: "change-design", title: "Change in the design" },
  { id: "by-hand", title: "Do by hand" },
  { id: "stay", title: "Stay for this" },
] as const;
export type OptionId = (typeof OPTIONS)[number]["id"];

export const GROUPS = [
  { id: "meaning", title: "Calls that get another answer" },
  { id: "lost", title: "What has no word there" },
  { id: "approximate", title: "What is nearly the same" },
  { id: "by-hand", title: "What is left to you" },
] as const;

/** Of each decision by id. */
export type Choices = Readonly<Record<string, string>>;

export const choiceOf = ({ id, options }: Pick<Decision, "id" | "options">, choices: Choices): string | undefined =>
  options.find((option) => option.id === choices[id])?.id;

export const decidedOf = (decisions: readonly Pick<Decision, "id" | "options">[], choices: Choices): number =>
  decisions.filter((each) => choiceOf(each, choices) !== undefined).length;

/** Beside an export's bundle: the decisions to read, and what was chosen as `meshwright migrate --decisions` takes it. */
export function migrationFiles(migration: Migration, choices: Choices): { path: string; text: string }[] {
  const chosen = migration.decisions.flatMap((each) => {
    const choice = choiceOf(each, choices);
    return choice === undefined ? [] : [`# ${each.about}\n${each.id}: ${choice}\n`];
  });
  return [
    { path: "MIGRATION.md", text: migrationMarkdown(migration, choices) },
    ...(chosen.length > 0 ? [{ path: "decisions.yaml", text: chosen.join("") }] : []),
  ];
}

const titleOf = (id: string) => OPTIONS.find((option) => option.id === id)?.title ?? id;

/** Every decision with what was chosen, boxes ticked. */
function migrationMarkdown(migration: Migration, choices: Choices = {}): string {
  const { from, to, channel, retired, done, decisions } = migration;
  const moved = done.moved.reduce((sum, { parts }) => sum + parts, 0);
  const parts = [
    `# From ${from} to ${to}${channel === undefined ? "" : `, ${channel}`}`,
    ...(retired === undefined ? [] : [`**${retired}.**`]),
    `${decidedOf(decisions, choices)} of ${decisions.length} decided. Without a decision: ${done.exact} parts mean the same, ${moved} are said in another place.`,
    ...GROUPS.flatMap(({ id, title }) => {
      const own = decisions.filter(({ group }) => group === id);
      return own.length === 0 ? [] : [`## ${title}`, ...own.map((each) => decisionMarkdown(each, choices))];
    }),
    ...(done.moved.length === 0 ? [] : ["## Done: said in another place", done.moved.map(movedLine).join("\n")]),
  ];
  return `${parts.join("\n\n")}\n`;
}

const movedLine = ({ about, parts }: { about: string; parts: number }) => `- ${about} (${parts})`;

function decisionMarkdown(decision: Decision, choices: Choices): string {
  const chosen = choiceOf(decision, choices);
  const { id, about, parts, options } = decision;
  const places = parts.map(({ object, path, file, line }) => {
    const place = file === undefined ? "" : ` (${file}${line === undefined ? "" : `:${line}`})`;
    return `    - ${object} \`${path}\`${place}`;
  });
  const means = options.map(
    (option) =>
      `    - ${option.id === chosen ? "**" : ""}${titleOf(option.id)}${option.id === chosen ? "**" : ""}: ${option.means}`,
  );
  return [`- [${chosen === undefined ? " " : "x"}] ${about} \`${id}\``, ...places, "", ...means].join("\n");
}

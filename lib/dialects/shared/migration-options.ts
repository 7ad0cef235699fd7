// What a person may decide about a part that does not move as it is, and what each choice means.
// The rule: the same four choices everywhere, told in words of the part; none is taken for a person.
import { type DecisionGroup, OPTIONS } from "./migration-words";
import type { Verdict } from "./verdict";

type Asked = {
  group: DecisionGroup;
  step: "reading" | "writing";
  verdict: Verdict;
  from: string;
  to: string;
  /** The product that is left is no more. */
  isOver: boolean;
  /** The object, or how many parts. */
  what: string;
  /** The note of the bundle that holds the object. */
  note?: string;
  /** What reading advised. */
  fix?: string;
};

export function optionsOf(asked: Asked): { id: string; means: string }[] {
  const means = {
    "as-exported": take(asked),
    "change-design": change(asked),
    "by-hand": write(asked),
    stay: stay(asked),
  };
  // nobody stays on a product that is no more
  return OPTIONS.filter(({ id }) => id !== "stay" || !asked.isOver).map(({ id }) => ({ id, means: means[id] }));
}

function take({ group, step, verdict, from, to }: Asked): string {
  const without = step === "reading" ? `The design goes without it, and so does ${to}` : `${to} goes without it`;
  const answers =
    step === "reading"
      ? `calls get another answer than from ${from}.`
      : `calls get the answer that ${to} gives them, and not that of the design.`;
  if (group === "meaning") return verdict === "lost" ? `${without}: ${answers}` : `Taken as it is: ${answers}`;
  if (group === "lost") return `${without}.`;
  return group === "approximate" ? "What differs is taken as it is." : `${without}, until somebody writes it.`;
}

const change = ({ step, to, fix }: Asked): string =>
  step === "reading"
    ? (fix ?? "Say it in the design, then write it again.")
    : `Say it in the design by something that ${to} has a word for, then write it again.`;

function write({ step, from, to, note }: Asked): string {
  if (note !== undefined) return `Write it in ${to} yourself; ${note} holds the object.`;
  return step === "reading" ? `Write it in ${to} yourself, from what ${from} says.` : `Write it in ${to} yourself.`;
}

const stay = ({ from, what }: Asked): string =>
  from === "the design"
    ? `Leave ${what} where it runs now, and move the rest.`
    : `Keep ${what} on ${from} for this, and move the rest.`;

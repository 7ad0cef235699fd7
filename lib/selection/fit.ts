// What becomes of one design in a product, as counts, as facts and in words. It is measured in measure.ts.
import type { Criterion, Fact, ProductId } from "./types";

/** exact: means the same; moved: the same, in another place; approximate: nearly, or taken and ignored; lost: not said, or by hand. */
export const FIT_VERDICTS = ["exact", "moved", "approximate", "lost"] as const;
export type FitVerdict = (typeof FIT_VERDICTS)[number];

export type Loss = {
  object: string;
  path: string;
  verdict: Exclude<FitVerdict, "exact" | "moved">;
  /** A call gets another answer than the design says. */
  changesMeaning: boolean;
  reason: string;
};

export type Fit = {
  product: ProductId;
  /** Objects of the design that the export, or the compiler, judged. */
  objects: number;
  /** Objects by their worst part; together they are `objects`. */
  counts: Record<FitVerdict, number>;
  /** Objects with a part that gives calls another answer. */
  changed: number;
  /** What gives calls another answer first, then what is lost, then what is nearly the same; at most `MAX_LOSSES`. */
  losses: Loss[];
  /** Of which `losses` are the first. */
  lossesTotal: number;
};

export const MAX_LOSSES = 100;

/** Criteria that are measured on the design in place of looked up. */
export const MEASURED_CRITERIA = [
  {
    id: "design-answers",
    group: "design",
    name: "Same answers",
    question: "Does every call of this design get the answer that the design gives it?",
  },
  {
    id: "design-carried",
    group: "design",
    name: "Carried over",
    question: "Is every object of this design said in full?",
  },
] as const satisfies readonly (Omit<Criterion, "group"> & { group: "design" })[];

/** Told wherever the measured criteria are shown: they are not neutral. */
export const FAVOURS_ITS_OWN =
  "The design was drawn in Meshwright, so what is measured on it favours Meshwright's own data plane: let it count only as far as the design is what will be run.";

/** The fit as facts: `source` is where the whole report is, `today` when it was measured. */
export function factsOfFit(fit: Fit, { source, today }: { source: string; today: string }): Fact[] {
  const { objects, counts, changed } = fit;
  if (objects === 0) return [];
  const same = counts.exact + counts.moved;
  const at = { source, asOf: today };
  return [
    {
      ...at,
      criterion: "design-answers",
      verdict: changed === 0 ? "yes" : "no",
      text:
        changed === 0
          ? `No part of ${objects} objects is known to give a call another answer.`
          : `${changed} of ${objects} objects have a part by which calls get another answer.`,
    },
    {
      ...at,
      criterion: "design-carried",
      verdict: same === objects ? "yes" : 2 * same >= objects ? "partly" : "no",
      text: `${fitText(fit)}.`,
    },
  ];
}

/** "12 of 14 objects exact, 1 moved, 1 lost". */
export function fitText({ objects, counts }: Pick<Fit, "objects" | "counts">): string {
  const others = (["moved", "approximate", "lost"] as const).filter((verdict) => counts[verdict] > 0);
  return [`${counts.exact} of ${objects} objects exact`, ...others.map((each) => `${counts[each]} ${each}`)].join(", ");
}

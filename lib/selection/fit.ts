// What becomes of one design in a product: measured by exporting it, or for our own data plane by compiling it.
// The rule: an object counts by its worst part, and what changes the answers of calls is told apart from what is only missing.
import { compileMesh } from "@/lib/compliance";
import { exportDocument } from "@/lib/dialects";
import { EXPORT_IDS, type ExportId } from "@/lib/dialects/catalogue";
import type { ReportEntry } from "@/lib/dialects/shared/dialect";
import type { Verdict as Carried } from "@/lib/dialects/shared/verdict";
import type { MeshDocument, ObjectKey } from "@/lib/mesh";
import { objectKey } from "@/lib/mesh";
import type { Criterion, Fact, Product, ProductId } from "./types";

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

const CARRIED: Readonly<Record<Carried, FitVerdict>> = {
  exact: "exact",
  moved: "moved",
  approximate: "approximate",
  ignored: "approximate",
  escape: "lost",
  lost: "lost",
};

type Part = Pick<ReportEntry, "key" | "path" | "verdict" | "reason" | "changesMeaning">;

/** Undefined: nothing writes designs for this product, so nothing is measured. */
export function fitOf(product: Pick<Product, "id" | "exportTarget">, document: MeshDocument): Fit | undefined {
  if (product.exportTarget === undefined) {
    return product.id === "meshwright" ? countFit(product.id, compiledParts(document)) : undefined;
  }
  const target = EXPORT_IDS.find((id): id is ExportId => id === product.exportTarget);
  return target && countFit(product.id, exportDocument(target, document).report);
}

export function fitsOf(products: readonly Pick<Product, "id" | "exportTarget">[], document: MeshDocument): Fit[] {
  return products.flatMap((product) => fitOf(product, document) ?? []);
}

/** What the compiler refuses is lost, what it warns of is nearly the same, all else runs as it was drawn. */
function compiledParts(document: MeshDocument): Part[] {
  const noted = compileMesh(document).said.map(({ path, message, isRefused }): Part => {
    const [key = path, at = ""] = path.split("#");
    const verdict = isRefused ? "lost" : "approximate";
    return { key: key as ObjectKey, path: at, verdict, reason: message };
  });
  const known = new Set(document.objects.map(objectKey));
  const drawn = [...known].map((key): Part => ({ key, path: "spec", verdict: "exact", reason: "" }));
  return [...drawn, ...noted.filter(({ key }) => known.has(key))];
}

export function countFit(product: ProductId, report: readonly Part[]): Fit {
  const worst = new Map<string, FitVerdict>();
  for (const { key, verdict } of report) {
    const now = CARRIED[verdict];
    const before = worst.get(key) ?? "exact";
    worst.set(key, FIT_VERDICTS.indexOf(now) > FIT_VERDICTS.indexOf(before) ? now : before);
  }
  const counts = { exact: 0, moved: 0, approximate: 0, lost: 0 };
  for (const verdict of worst.values()) counts[verdict] += 1;
  const losses = report.flatMap(toLoss).sort((one, other) => badness(other) - badness(one));
  const changed = new Set(losses.filter(({ changesMeaning }) => changesMeaning).map(({ object }) => object)).size;
  return {
    product,
    objects: worst.size,
    counts,
    changed,
    losses: losses.slice(0, MAX_LOSSES),
    lossesTotal: losses.length,
  };
}

function toLoss({ key, path, verdict, reason, changesMeaning = false }: Part): Loss[] {
  const carried = CARRIED[verdict];
  if (!changesMeaning && (carried === "exact" || carried === "moved")) return [];
  const told = carried === "lost" ? "lost" : "approximate";
  return [{ object: key, path, verdict: told, changesMeaning, reason }];
}

const badness = ({ changesMeaning, verdict }: Loss) => (changesMeaning ? 2 : 0) + (verdict === "lost" ? 1 : 0);

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

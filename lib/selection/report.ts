// The evaluation in writing: as an architecture decision record in Markdown, and as CSV with one line per product and criterion.
// The rule: what was decided stands beside what is not known, what was overridden and what the design would lose.
import { csvText } from "@/lib/compliance/reports/csv-text";
import { toMarkdown } from "@/lib/document/markdown";
import type { Block } from "@/lib/document/schema";
import { type Cell, type Choices, type Evaluation, type ProductResult, weightOf } from "./evaluate";
import { FAVOURS_ITS_OWN, type Fit, fitText, MEASURED_CRITERIA } from "./fit";
import { firstWithout, type Sensitivity } from "./sensitivity";
import type { CriterionRow } from "./sources";
import type { ProductId } from "./types";

export type Decision = { product: ProductId; reason: string; by: string; on: string };

export type Written = {
  /** Its name; null: it is asked for no mesh in particular. */
  mesh: string | null;
  /** "the draft", "r3" or files, and its digest: what the fit was measured on. Null: nothing was measured. */
  design: { name: string; digest: string } | null;
  today: string;
  criteria: readonly CriterionRow[];
  choices: Choices;
  notes: string;
  decision: Decision | null;
  evaluation: Evaluation;
  sensitivity: Sensitivity;
  fits: readonly Fit[];
};

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** "62 %", or "50 % to 75 %" where something is unknown. */
export function scoreText({ low, high }: Pick<ProductResult, "low" | "high">): string {
  return low === high ? percent(low) : `${percent(low)} to ${percent(high)}`;
}

/** Where something is said, in words: our own pages stand in the repository, and no address of them is known. */
export function sourceText(source: string): string {
  return source === "" || /^(https:|\/)/.test(source) ? source : `${source} in Meshwright's repository`;
}

/** Why a cell says what it says: the own verdict's reason, or the fact. */
export function cellText({ fact, override }: Cell): string {
  if (override) return `${override.reason} (own verdict of ${override.by}, ${override.on})`;
  return fact?.text ?? "Nothing is known.";
}

/** Why a product is excluded, one sentence per constraint. */
export function failureTexts({ fails }: ProductResult, nameOf: (criterion: string) => string): string[] {
  return fails.map(
    ({ criterion, need, cell }) =>
      `${nameOf(criterion)} has to be ${need === "yes" ? "yes" : "at least partly"} and is ${cell.verdict}: ${cellText(cell)}`,
  );
}

/** What is not asked where there is no design. */
export const leftOutText = (): string =>
  `No design was given, so what is measured on one is left out: ${MEASURED_CRITERIA.map(({ name }) => name).join(", ")}.`;

/** Each product as other programs read it, without the facts of all cells. */
export function evaluationItems({ results }: Evaluation) {
  return results.map(({ product, cells: _cells, fails, ...rest }) => ({
    ...rest,
    product: product.id,
    fails: fails.map(({ cell, ...each }) => ({ ...each, verdict: cell.verdict, reason: cellText(cell) })),
  }));
}

export function selectionMarkdown(written: Written): string {
  const { mesh, design, today, decision } = written;
  const subject = mesh === null ? "Mesh product" : `Mesh product of ${mesh}`;
  const title = decision ? `${subject}: ${productName(written, decision.product)}` : subject;
  const status = decision ? `Decided by ${decision.by} on ${decision.on}` : "Proposed: nothing is decided";
  const measured = design ? `, measured on ${design.name}` : "";
  const subtitle = `${status}. Written ${today}${measured}.`;
  const blocks = blocksOf(written);
  return toMarkdown(design ? { title, subtitle, digest: design.digest, blocks } : { title, subtitle, blocks });
}

function blocksOf(written: Written): Block[] {
  const { choices, criteria, evaluation, sensitivity, notes, decision, fits } = written;
  const name = namer(criteria);
  const { results } = evaluation;
  const constraints = criteria.flatMap(({ id }) =>
    choices.constraints[id] ? [`${name(id)}: ${choices.constraints[id] === "yes" ? "yes" : "at least partly"}`] : [],
  );
  const weights = criteria
    .map(({ id }) => ({ id, weight: weightOf(choices.weights, id) }))
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight);
  return [
    ...part("Decision", decision ? [paragraph(decision.reason)] : []),
    ...part("Context", notes.trim() === "" ? [] : [paragraph(notes)]),
    ...part("What has to be", constraints.length > 0 ? [{ kind: "list", items: constraints }] : []),
    ...part("Ranking", [
      ...(written.design ? [] : [paragraph(leftOutText())]),
      paragraph(
        "The score is the weighted mean of yes (1), partly (one half) and no (0). Where something is unknown it is an interval: unknown as no, to unknown as yes. The rank goes by its middle.",
      ),
      table(
        ["Rank", "Product", "Score", "Unknown", "Excluded because"],
        results.map((each) => [
          each.rank === null ? "-" : String(each.rank),
          `${each.product.name} ${each.product.version}`,
          scoreText(each),
          String(each.unknown.length),
          failureTexts(each, name).join(" "),
        ]),
      ),
    ]),
    ...part("What decides it", [{ kind: "list", items: sensitivityTexts(written) }]),
    ...part(
      "What the design would lose",
      fits.length === 0
        ? []
        : [
            paragraph(FAVOURS_ITS_OWN),
            table(
              ["Product", "Carried over", "Losses"],
              fits.map((fit) => fitRow(written, fit)),
            ),
          ],
    ),
    ...part(
      "Own verdicts",
      choices.overrides.length === 0
        ? []
        : [
            table(
              ["Product", "Criterion", "Verdict", "Reason", "By"],
              choices.overrides.map(({ product, criterion, verdict, reason, by, on }) => [
                productName(written, product),
                name(criterion),
                verdict,
                reason,
                `${by}, ${on}`,
              ]),
            ),
          ],
    ),
    ...part("Weights", [
      table(
        ["Criterion", "Weight", ...results.map(({ product }) => product.name)],
        weights.map(({ id, weight }) => [
          name(id),
          String(weight),
          ...results.map(({ cells }) => cells[id]?.verdict ?? "unknown"),
        ]),
      ),
      paragraph(`Weightings tried: ${sensitivity.weightings}.`),
    ]),
    ...part("Products", [
      table(
        ["Product", "What it is", "Homepage"],
        results.map(({ product }) => [
          `${product.name} ${product.version}`,
          product.summary,
          sourceText(product.homepage),
        ]),
      ),
    ]),
  ];
}

function fitRow(written: Written, fit: Fit): string[] {
  const shown = fit.losses.slice(0, 5).map(({ object, path, reason }) => `${object} ${path}: ${reason}`);
  const more = fit.lossesTotal - shown.length;
  const texts = more > 0 ? [...shown, `and ${more} more`] : shown;
  return [productName(written, fit.product), fitText(fit), texts.join("\n")];
}

/** "Istio is first in 214 of 230 weightings by one step.", what would put another one there, and who is first by looked-up facts alone. */
export function sensitivityTexts(
  written: Pick<Written, "criteria" | "choices" | "evaluation" | "sensitivity">,
): string[] {
  const { criteria, evaluation, sensitivity } = written;
  const name = namer(criteria);
  const products = (ids: readonly ProductId[]) =>
    ids.map((id) => productName({ evaluation }, id)).join(" and ") || "nobody";
  const { weightings, stays, tipping } = sensitivity;
  const kept = evaluation.first.map((id) => {
    const row = stays.find(({ product }) => product === id);
    const shared = row && row.shared > 0 ? `, and shares the first place in ${row.shared}` : "";
    return `${products([id])} is first in ${row?.first ?? 0} of ${weightings} weightings by one step${shared}.`;
  });
  if (evaluation.first.length === 0) return ["Nothing is left, or nothing counts: there is no first place."];
  const turns = tipping.slice(0, 5).map(({ criterion, from, to, first }) => {
    const verb = first.length === 1 ? "is first" : "share the first place";
    return `${products(first)} ${verb} when "${name(criterion)}" counts ${to} in place of ${from}.`;
  });
  const single = turns.length > 0 ? turns : ["No change of a single weight changes the first place."];
  return [...kept, ...single, ...unmeasuredTexts(written, products)];
}

/** How much of the first place is owed to the criteria that favour the product the design was drawn in. */
function unmeasuredTexts(
  { criteria, choices, evaluation }: Pick<Written, "criteria" | "choices" | "evaluation">,
  products: (ids: readonly ProductId[]) => string,
): string[] {
  const measured = MEASURED_CRITERIA.map(({ id }) => id as string);
  const counted = criteria.filter(({ id }) => measured.includes(id) && weightOf(choices.weights, id) > 0);
  const isMeasured = ({ cells }: ProductResult) =>
    counted.some(({ id }) => cells[id] !== undefined && cells[id].verdict !== "unknown");
  if (!evaluation.results.some(isMeasured)) return [];
  const first = firstWithout(measured, { criteria, choices, evaluation });
  const verb = first.length === 1 ? "is first" : "share the first place";
  const isSame = first.length === evaluation.first.length && first.every((id) => evaluation.first.includes(id));
  if (first.length === 0) return [];
  return [`Without what is measured on this design ${products(first)} ${verb}${isSame ? " all the same" : ""}.`];
}

export function selectionCsv({ criteria, choices, evaluation }: Written): string {
  const head = [
    "product",
    "version",
    "rank",
    "score low",
    "score high",
    "criterion",
    "group",
    "weight",
    "must",
    "verdict",
    "text",
    "source",
    "as of",
    "own verdict by",
  ];
  const lines = evaluation.results.flatMap(({ product, rank, low, high, cells }) =>
    criteria.map(({ id, group }) => {
      const { verdict, fact, override } = cells[id] ?? { verdict: "unknown" as const };
      return [
        product.name,
        product.version,
        rank === null ? "" : String(rank),
        low.toFixed(4),
        high.toFixed(4),
        id,
        group,
        String(weightOf(choices.weights, id)),
        choices.constraints[id] ?? "",
        verdict,
        override?.reason ?? fact?.text ?? "",
        // a measurement stands where it was made: another path, or files
        group === "design" ? (fact?.source ?? "") : sourceText(fact?.source ?? ""),
        override?.on ?? fact?.asOf ?? "",
        override?.by ?? "",
      ];
    }),
  );
  return csvText([head, ...lines]);
}

const namer = (criteria: readonly CriterionRow[]) => (id: string) =>
  criteria.find((each) => each.id === id)?.name ?? id;

function productName({ evaluation }: Pick<Written, "evaluation">, id: ProductId): string {
  return evaluation.results.find(({ product }) => product.id === id)?.product.name ?? id;
}

const paragraph = (text: string): Block => ({ kind: "paragraph", text });
const table = (head: string[], rows: string[][]): Block => ({
  kind: "table",
  head,
  rows,
  widths: head.map(() => "auto" as const),
});
const part = (text: string, blocks: Block[]): Block[] =>
  blocks.length === 0 ? [] : [{ kind: "heading", level: 1, text }, ...blocks];

// meshwright select: which mesh product fits, by a file of criteria, and what a design would lose in each.
// The rule: what is not known, not measured or to be proved is told beside the ranking, never counted as met in silence.
import { digestOf } from "@/lib/mesh";
import {
  CRITERIA,
  CRITERION_ROWS,
  type CriterionRow,
  evaluate,
  evaluationItems,
  failureTexts,
  fitText,
  leftOutText,
  MEASURED_CRITERIA,
  PRODUCTS,
  type ProductResult,
  scoreText,
  selectionMarkdown,
  sensitivity,
  sensitivityTexts,
  sourcesWith,
  type Written,
} from "@/lib/selection";
import type { Criteria } from "@/lib/selection/choices";
import { fitsOf } from "@/lib/selection/measure";
import type { CliCommand, Given } from "../command";
import type { Design } from "../design";
import { checkDesign, readDesign } from "../files";
import { EXIT, type Io, printJson, UsageError } from "../io";
import { jsonWarnings, MANIFEST_OPTIONS, sayWarnings } from "../manifests";
import { readCriteria } from "../reading";
import { refuse } from "../refuse";

const FORMATS = ["text", "json", "markdown"] as const;

export const select: CliCommand = {
  name: "select",
  usage: "[FILE|FOLDER...] --criteria FILE",
  about: "Says which mesh product fits by weights, constraints and own verdicts, and what a design would lose in each.",
  options: {
    ...MANIFEST_OPTIONS,
    criteria: {
      type: "string",
      value: "FILE",
      about: "weights, constraints and overrides by id of a criterion (YAML or JSON); - is standard input",
    },
    format: { type: "string", value: "text|json|markdown", about: "default text; markdown is a decision record" },
  },
  details: `The file and the ids: docs/reference/selection.md. Without a design the two criteria that are measured on one (${MEASURED_CRITERIA.map(({ id }) => id).join(", ")})
are left out, and the answer says so; a constraint or an override of them is refused then. A constraint of which nothing is known excludes nobody: it is told as to be proved.

Exit code: 0 some product is excluded by no constraint, 1 none is left (or the design cannot be read), 2 wrong use, which includes criteria that cannot be read.

Examples:
  meshwright select mesh/ --criteria criteria.yaml
  meshwright select --dialect istio manifests/ --criteria criteria.yaml --format markdown > docs/adr/0007-mesh.md`,
  async run(io, given) {
    const format = given.flag("json") ? "json" : given.choice("format", FORMATS, "text");
    const place = given.required("criteria");
    if (place === "-" && given.operands.includes("-")) {
      throw new UsageError("standard input can be the criteria or the design, not both: put one into a file");
    }
    const criteria = await readCriteria(io, place);
    if (given.operands.length === 0) {
      checkUnmeasured(given, criteria, place);
      return tell(io, format, weigh(io, { criteria, place }), undefined);
    }
    const read = await readDesign(io, given.operands, given);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) {
      return refuse(io, violations, { isJson: format === "json", isNote: format === "markdown" });
    }
    const measured = { design: read.design, name: given.operands.join(" ") };
    return tell(io, format, weigh(io, { criteria, place, measured }), read.design);
  },
};

/** What would silently not be asked is refused. */
function checkUnmeasured(given: Given, { constraints, overrides }: Criteria, place: string): void {
  for (const option of Object.keys(MANIFEST_OPTIONS)) {
    if (given.text(option) !== undefined) throw new UsageError(`--${option} is for a design: name its files`);
  }
  for (const { id } of MEASURED_CRITERIA) {
    const at = overrides.findIndex(({ criterion }) => criterion === id);
    const path = constraints[id] ? `constraints.${id}` : at >= 0 ? `overrides[${at}]` : undefined;
    if (path !== undefined) {
      throw new UsageError(`${place}: ${path}: is measured on a design, and none is given: name one, or take this out`);
    }
  }
}

type Asked = { criteria: Criteria; place: string; measured?: { design: Design; name: string } };

function weigh(io: Io, { criteria: { weights, constraints, overrides }, place, measured }: Asked): Written {
  const today = new Date(io.now()).toISOString().slice(0, 10);
  const said = { by: place === "-" ? "standard input" : place, on: today };
  const choices = { weights, constraints, overrides: overrides.map((each) => ({ ...each, ...said })) };
  const fits = measured ? fitsOf(PRODUCTS, measured.design.document) : [];
  const rows: readonly CriterionRow[] = measured ? CRITERION_ROWS : CRITERIA;
  const sources = sourcesWith(fits, { today, sourceOf: () => measured?.name ?? "" });
  const evaluation = evaluate({ ...sources, criteria: rows }, choices, { today });
  return {
    mesh: measured ? meshName(measured.design) : null,
    design: measured ? { name: measured.name, digest: digestOf(measured.design.document) } : null,
    today,
    criteria: rows,
    choices,
    notes: "",
    decision: null,
    evaluation,
    sensitivity: sensitivity(rows, choices, evaluation),
    fits,
  };
}

const meshName = ({ document }: Design): string | null =>
  document.objects.find(({ kind }) => kind === "Mesh")?.metadata.name ?? null;

function tell(io: Io, format: (typeof FORMATS)[number], written: Written, design: Design | undefined): number {
  const { evaluation, fits, sensitivity: steady, today } = written;
  const ok = evaluation.results.some(({ fails }) => fails.length === 0);
  if (format === "json") {
    const { first, isSure } = evaluation;
    printJson(io, {
      ok,
      today,
      ...(written.design && { digest: written.design.digest }),
      leftOut: design ? [] : MEASURED_CRITERIA.map(({ id }) => id),
      first,
      isSure,
      items: evaluationItems(evaluation),
      sensitivity: steady,
      fits,
      ...(design && jsonWarnings(design)),
    });
  } else {
    io.out(format === "markdown" ? selectionMarkdown(written) : textOf(written));
    if (design) sayWarnings(io, design);
  }
  return ok ? EXIT.ok : EXIT.found;
}

function textOf(written: Written): string {
  const { evaluation, criteria, fits, design } = written;
  const nameOf = (id: string) => criteria.find((each) => each.id === id)?.name ?? id;
  const sure = evaluation.isSure
    ? "Nothing that is unknown could change the first place."
    : "The first place is not sure: it is shared, has something to be proved, or what is unknown could change it.";
  const lost = fits.map((fit) => {
    const product = PRODUCTS.find(({ id }) => id === fit.product)?.name ?? fit.product;
    const changed = fit.changed > 0 ? `; ${fit.changed} with a part by which calls get another answer` : "";
    return `  ${product}: ${fitText(fit)}${changed}`;
  });
  const lines = [
    ...evaluation.results.flatMap((each) => productLines(each, nameOf)),
    "",
    ...sensitivityTexts(written),
    ...(evaluation.first.length > 0 ? [sure] : []),
    "",
    ...(design && lost.length === 0 ? [`Nothing is measured on ${design.name}: no service is drawn.`] : []),
    ...(design && lost.length > 0 ? [`What ${design.name} would become:`, ...lost] : []),
    ...(design ? [] : [leftOutText()]),
  ];
  return `${lines.join("\n")}\n`;
}

function productLines(result: ProductResult, nameOf: (criterion: string) => string): string[] {
  const { product, rank, fails, unproved, unknown, stale } = result;
  const place = rank === null ? "-" : `${rank}.`;
  const open = unknown.length > 0 ? `, ${unknown.length} unknown` : "";
  const old = stale.length > 0 ? `, ${stale.length} looked up long ago` : "";
  const excluded = fails.length > 0 ? ", excluded" : "";
  return [
    `${place.padEnd(3)}${product.name} ${product.version}: ${scoreText(result)}${open}${old}${excluded}`,
    ...failureTexts(result, nameOf).map((text) => `     ${text}`),
    ...unproved.map(
      ({ criterion, need }) =>
        `     to be proved: ${nameOf(criterion)} has to be ${need === "yes" ? "yes" : "at least partly"}`,
    ),
  ];
}

import { expect, test } from "vitest";
import type { Choices } from "./evaluate";
import { evaluate } from "./evaluate";
import type { Fit } from "./fit";
import { scoreText, selectionCsv, selectionMarkdown, sensitivityTexts, sourceText, type Written } from "./report";
import { sensitivity } from "./sensitivity";
import { CRITERION_ROWS, sourcesWith } from "./sources";

const fit: Fit = {
  product: "linkerd",
  objects: 4,
  counts: { exact: 1, moved: 1, approximate: 0, lost: 2 },
  changed: 1,
  losses: [{ object: "Route/shop/cart", path: "spec", verdict: "lost", changesMeaning: true, reason: "no such route" }],
  lossesTotal: 2,
};
const choices: Choices = {
  weights: { mirroring: 5 },
  constraints: { "design-answers": "yes" },
  overrides: [
    { product: "kuma", criterion: "windows", verdict: "no", reason: "=cmd|tried | it", by: "Ada", on: "2026-11-20" },
  ],
};

function written(more: Partial<Written> = {}): Written {
  const today = "2026-11-23";
  const evaluation = evaluate(sourcesWith([fit], { today, sourceOf: () => "shop.yaml" }), choices, { today });
  return {
    mesh: "shop",
    design: { name: "r3", digest: "abc" },
    today,
    criteria: CRITERION_ROWS,
    choices,
    notes: "Two clusters.\n# not a heading",
    decision: { product: "kuma", reason: "It runs on machines.", by: "Ada", on: "2026-11-22" },
    evaluation,
    sensitivity: sensitivity(CRITERION_ROWS, choices, evaluation),
    fits: [fit],
    ...more,
  };
}

test("the record says the decision, what excludes, what the design loses, and own verdicts as theirs", () => {
  const text = selectionMarkdown(written());
  expect(text).toContain("# Mesh product of shop: Kuma");
  expect(text).toContain("Decided by Ada on 2026-11-22. Written 2026-11-23, measured on r3.");
  expect(text).toContain("Same answers has to be yes and is no: 1 of 4 objects have a part by which calls get another");
  expect(text).toContain("1 of 4 objects exact, 1 moved, 2 lost");
  expect(text).toContain("Route/shop/cart spec: no such route<br>and 1 more");
  expect(text).toContain("| Kuma | Windows | no | =cmd\\|tried \\| it | Ada, 2026-11-20 |");
  expect(text).toContain("\\# not a heading");
});

test("without a decision it is a proposal", () => {
  const text = selectionMarkdown(written({ decision: null, notes: "" }));
  expect(text).toContain("Proposed: nothing is decided.");
  expect(text).not.toContain("## Decision");
  expect(text).not.toContain("## Context");
});

test("the CSV has a line for each product and criterion, and no cell that is a formula", () => {
  const lines = selectionCsv(written()).trimEnd().split("\r\n");
  expect(lines).toHaveLength(1 + 7 * CRITERION_ROWS.length);
  const own = lines.find((line) => line.startsWith("Kuma,") && line.includes(",windows,"));
  expect(own).toContain(",no,'=cmd|tried | it,");
  expect(own?.endsWith(",2026-11-20,Ada")).toBe(true);
});

test("a score is told as an interval where something is unknown", () => {
  expect(scoreText({ low: 0.5, high: 0.5 })).toBe("50 %");
  expect(scoreText({ low: 0.5, high: 0.754 })).toBe("50 % to 75 %");
});

test("our own pages are named as they stand in the repository, never as addresses", () => {
  expect(sourceText("README.md")).toBe("README.md in Meshwright's repository");
  expect(sourceText("https://istio.io/")).toBe("https://istio.io/");
  const text = selectionMarkdown(written());
  expect(text).toMatch(/\| Meshwright 0\.1 \|.*\| README\.md in Meshwright's repository \|/);
  const lineOf = (product: string, criterion: string) =>
    selectionCsv(written())
      .split("\r\n")
      .find((line) => line.startsWith(`${product},`) && line.includes(`,${criterion},`));
  expect(lineOf("Meshwright", "own-ca")).toContain("docs/reference/identity.md in Meshwright's repository");
  expect(lineOf("Linkerd", "design-answers"), "a measured design is not of ours").toContain(",shop.yaml,");
});

test("that measured criteria favour the product the design was drawn in is told, and what the first place owes them", () => {
  expect(selectionMarkdown(written())).toContain("favours Meshwright's own data plane");
  const last = (weights: Choices["weights"]) => sensitivityTexts(written({ choices: { ...choices, weights } })).at(-1);
  expect(last({})).toMatch(/^Without what is measured on this design .* is first( all the same)?\.$/);
  expect(last({ "design-answers": 0, "design-carried": 0 })).not.toContain("Without what is measured");
});

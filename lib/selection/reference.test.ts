import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { CRITERIA } from "./criteria";
import { FACTS } from "./facts";
import { PRODUCTS } from "./products";
import { CRITERION_GROUPS, type Fact, type Verdict } from "./types";

const PAGE = new URL("../../docs/reference/selection.md", import.meta.url);
const BEGIN = "<!-- generated from lib/selection: criteria and facts -->";
const END = "<!-- end of what is generated -->";

test("docs/reference/selection.md has the criteria and verdicts of today (UPDATE_GOLDEN=1 writes them)", () => {
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = [page.slice(0, page.indexOf(BEGIN)), page.slice(page.indexOf(END))];
  expect(page.indexOf(BEGIN), `the page has the line ${BEGIN}`).toBeGreaterThan(0);
  expect(page.indexOf(END), `the page has the line ${END}`).toBeGreaterThan(page.indexOf(BEGIN));
  const current = `${before}${BEGIN}\n\n${generated()}\n${rest}`;
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(PAGE, current);
  expect(readFileSync(PAGE, "utf8")).toBe(current);
});

function generated() {
  return `${tables()}\n### Alone\n\n${alone("yes")}\n${alone("no")}\n`;
}

/** The criteria on which one product alone has this verdict. */
function alone(verdict: Verdict) {
  const said = CRITERIA.flatMap(({ id, name }) => {
    const of = PRODUCTS.filter((product) =>
      FACTS[product.id].some((fact) => fact.criterion === id && fact.verdict === verdict),
    );
    return of.length === 1 ? [`${name} (${of[0]?.name})`] : [];
  });
  return `- One product alone says ${verdict}: ${said.join(", ")}.`;
}

function tables() {
  return CRITERION_GROUPS.map((group) => {
    const criteria = CRITERIA.filter((criterion) => criterion.group === group);
    const questions = criteria.map(({ id, name, question }) => `- **${name}** (\`${id}\`). ${question}`);
    const rows = criteria.map(({ id, name }) => [name, ...PRODUCTS.map((product) => cell(FACTS[product.id], id))]);
    return [
      `### ${group[0]?.toUpperCase()}${group.slice(1)}`,
      "",
      ...questions,
      "",
      row(["criterion", ...PRODUCTS.map(({ name, version }) => `${name} ${version}`)]),
      row(["---", ...PRODUCTS.map(() => "---")]),
      ...rows.map(row),
      "",
    ].join("\n");
  }).join("\n");
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

/** The verdict, which leads to its source. */
function cell(facts: readonly Fact[], criterion: string) {
  const fact = facts.find((one) => one.criterion === criterion);
  if (fact === undefined) return "unknown";
  if (fact.source.startsWith("https:")) return `[${fact.verdict}](${fact.source})`;
  const link = path.posix.relative("docs/reference", fact.source);
  return link === "selection.md" ? fact.verdict : `[${fact.verdict}](${link})`;
}

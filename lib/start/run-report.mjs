// What failed and what took long, told at the end of a run, where the reader of a long log looks first.
// The rule: a name and the first lines of the reason; what vitest says of its failures stands further up.
import fs from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { projectRoot } from "./source-hash.mjs";

const LINES = 12;

const PAGE_LINES = 120;

const indented = (text) => text.replace(/^/gm, "    ");

const inShort = (text = "") => stripVTControlCharacters(text).trim().split("\n").slice(0, LINES).join("\n");

const TROUBLE = /⎯+ (?:Failed Suites|Failed Tests|Unhandled (?:Errors?|Rejections?))/;

const TAIL_LINES = 60;

/** Why a vitest run failed, out of all that it printed: its failures and unhandled errors; its last lines when it names none, as when it crashed. */
export function vitestTrouble(output) {
  const text = stripVTControlCharacters(output).trim();
  const from = text.search(TROUBLE);
  return from < 0 ? text.split("\n").slice(-TAIL_LINES).join("\n") : text.slice(from);
}

/** Failed tests of a vitest JSON report: [{ name, reason }]. A file that could not be loaded counts as one. */
export function vitestFailures({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = path.relative(projectRoot, name);
    if (status === "failed" && assertionResults.length === 0) return [{ name: file, reason: inShort(message) }];
    return assertionResults
      .filter((test) => test.status === "failed")
      .map((test) => ({ name: `${file} > ${test.fullName}`, reason: inShort(test.failureMessages[0]) }));
  });
}

const SLOW_S = 10;

/** Files of a vitest JSON report that took more than ten seconds, the slowest first: ["lib/x.test.ts 25 s"]. */
export function slowestFiles({ testResults }) {
  return testResults
    .map(({ name, startTime, endTime }) => ({
      file: path.relative(projectRoot, name),
      s: (endTime - startTime) / 1000,
    }))
    .filter(({ s }) => s > SLOW_S)
    .sort((a, b) => b.s - a.s)
    .map(({ file, s }) => `${file} ${s.toFixed(0)} s`);
}

/** Failed tests of a Playwright JSON report, which nests suites of a file: [{ name, reason, page }]. */
export function playwrightFailures({ suites = [] }) {
  return suites.flatMap((suite) => [
    ...playwrightFailures(suite),
    ...(suite.specs ?? []).flatMap((spec) =>
      spec.tests
        .filter((test) => test.status === "unexpected")
        .map((test) => ({
          name: `${spec.file} > ${spec.title} (${test.projectName})`,
          reason: inShort(test.results.at(-1)?.error?.message),
          page: pageOf(test.results.at(-1)),
        })),
    ),
  ]);
}

/** Browser tests of a Playwright JSON report that passed at their second try: ["live-mesh.spec.ts > a title (guise)"]. */
export function playwrightFlaky({ suites = [] }) {
  return suites.flatMap((suite) => [
    ...playwrightFlaky(suite),
    ...(suite.specs ?? []).flatMap((spec) =>
      spec.tests
        .filter((test) => test.status === "flaky")
        .map((test) => `${spec.file} > ${spec.title} (${test.projectName})`),
    ),
  ]);
}

/** What stood on the page when a browser test failed, as Playwright wrote it down; empty when it did not. */
function pageOf({ attachments = [] } = {}) {
  const file = attachments.find(({ name }) => name === "error-context")?.path;
  if (!file || !fs.existsSync(file)) return "";
  const [, snapshot = ""] = fs.readFileSync(file, "utf8").split("# Page snapshot");
  return snapshot.trim().split("\n").slice(0, PAGE_LINES).join("\n");
}

export function printFailures(failures) {
  if (failures.length === 0) return;
  console.log(`\nFailed:`);
  for (const { name, reason, page = "" } of failures) {
    console.log(`- ${name}\n${indented(reason)}`);
    if (page) console.log(`    The page then:\n${indented(page)}`);
  }
}

/** Tests that passed at their second try: the run is green, and somebody has something to mend. */
export function printFlaky(names) {
  if (names.length > 0) console.log(`\nPassed at the second try:\n${names.map((name) => `- ${name}`).join("\n")}`);
}

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dialectEntries, dialectOf, importEntries } from ".";

const page = readFileSync(new URL("../../docs/reference/dialects-fields.md", import.meta.url), "utf8");

/** The tables of the page, as the dialects have them. */
function tables(): string {
  return importEntries
    .map(({ id, title }) => {
      const rows = dialectOf(id).fields.map(
        ({ kind, path, verdict, note }) => `| ${kind} | \`${path}\` | ${verdict} | ${note} |`,
      );
      return [
        `## ${title}`,
        "",
        "| kind | field | verdict | what becomes of it |",
        "| --- | --- | --- | --- |",
        ...rows,
      ].join("\n");
    })
    .join("\n\n");
}

test("docs/reference/dialects-fields.md has the verdicts of every dialect, word for word", () => {
  expect(page.slice(page.indexOf("\n## ") + 1).trim()).toBe(tables());
});

test.each(dialectEntries.map(({ id }) => id))("%s reads exactly the kinds that it lists", (id) => {
  const dialect = dialectOf(id);
  const read = dialect.reading().importers.map(({ kind }) => kind);
  expect([...dialect.kinds].sort()).toEqual([...new Set(read)].sort());
  for (const { group, kind, versions } of dialect.reading().importers) {
    expect(dialect.recognises(group === "" ? (versions[0] ?? "") : `${group}/${versions[0]}`, kind)).toBe(true);
  }
  expect(dialect.hasExport).toBe(dialect.exportDocument !== undefined);
});

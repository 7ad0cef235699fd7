import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Kind, objectSchemas } from "./document";

const page = readFileSync(new URL("../../../docs/reference/model.md", import.meta.url), "utf8");

function sectionOf(kind: string): string {
  const start = page.indexOf(`\n### ${kind}\n`);
  const rest = page.slice(start + 1);
  return start < 0 ? "" : rest.slice(0, rest.search(/\n##+ (?!#)/) + 1 || undefined);
}

test.each(Object.entries(objectSchemas))("docs/reference/model.md names every field of %s", (kind, schema) => {
  const section = sectionOf(kind as Kind);
  const missing = Object.keys(schema.shape.spec.shape).filter((field) => !new RegExp(`\`${field}[.\`[]`).test(section));
  expect(missing).toEqual([]);
});

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { supportReference, unknownEntries } from "./support-reference";

const PAGE = new URL("../../../docs/reference/envoy-support.md", import.meta.url);

test("every entry of the support table is a field of Envoy's", () => {
  expect(unknownEntries()).toEqual([]);
});

test("docs/reference/envoy-support.md is current (UPDATE_GOLDEN=1 writes it)", () => {
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(new URL(".", PAGE), { recursive: true });
    writeFileSync(PAGE, supportReference());
  }
  expect(readFileSync(PAGE, "utf8")).toBe(supportReference());
});

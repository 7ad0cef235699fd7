import { expect, test } from "vitest";
import { designDocument } from "@/lib/document";
import { demoInput } from "@/lib/document/testing/demo-input";
import { pdfDefinition } from "./pdf-definition";

const made = designDocument(demoInput());
const definition = pdfDefinition(made);

test("the same digest stands at the foot of each page", () => {
  const foot = definition.footer as (page: number, pages: number) => unknown;
  for (const page of [1, 2, 9]) expect(JSON.stringify(foot(page, 9))).toContain(`Digest ${made.digest}`);
});

test("every block is printed, and no sign that the fonts lack", () => {
  const content = definition.content as unknown[];
  expect(content).toHaveLength(made.blocks.length + 3);
  expect(JSON.stringify(content.filter((each) => !JSON.stringify(each).includes("<svg")))).not.toMatch(
    /[\u2190-\u21ff]/,
  );
});

test("code with letters beyond Latin is not set in a font that lacks them", () => {
  const one = (text: string) =>
    pdfDefinition({ ...made, blocks: [{ kind: "code", language: "yaml", text }] }).content as { font?: string }[];
  expect(one("a: b").at(-1)?.font).toBe("Courier");
  expect(one("a: Größe → 中").at(-1)?.font).toBeUndefined();
});

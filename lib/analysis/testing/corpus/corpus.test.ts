import { expect, test } from "vitest";
import { analyze } from "@/lib/analysis";
import { validateDocument } from "@/lib/mesh";
import { calmMesh, changed } from "../calm";
import { corpus } from ".";

test("the corpus has its size, and no case twice", () => {
  expect(corpus.length).toBeGreaterThanOrEqual(60);
  expect(new Set(corpus.map((each) => each.name)).size).toBe(corpus.length);
  expect(new Set(corpus.map((each) => JSON.stringify(each.commands))).size).toBe(corpus.length);
});

test("the mesh that every case changes has no findings", () => {
  expect(analyze(calmMesh(), { today: "2026-11-21" })).toEqual([]);
});

test.each(corpus)("nothing is said about $name", ({ commands }) => {
  const document = changed(commands);
  expect(validateDocument(document)).toEqual([]);
  expect(analyze(document, { today: "2026-11-21" }).map((each) => `${each.code} ${each.message}`)).toEqual([]);
});

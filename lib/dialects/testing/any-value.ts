// Any value at any place of a product's documents, for tests of every dialect: reading ends with a design or says why not.
import fc from "fast-check";
import { expect } from "vitest";
import { parseAllDocuments } from "yaml";
import { applyCommand, emptyMesh, type Path, withValueAt } from "@/lib/mesh";
import { exportDocument, importDocuments } from "..";
import type { ExportId } from "../catalogue";

type Document = Record<string, unknown>;
export type Place = { i: number; path: Path };

/** The place itself, and every place below it. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (value === null || typeof value !== "object") return [path];
  const entries = Object.entries(value);
  return [
    path,
    ...entries.flatMap(([key, each]) => pathsOf(each, [...path, Array.isArray(value) ? Number(key) : key])),
  ];
}

export const documentsOf = (text: string): Document[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Document);

export const placesOf = (documents: readonly Document[]): Place[] =>
  documents.flatMap((document, i) => pathsOf(document).map((path) => ({ i, path })));

/** The documents as text, with `value` at one place. A whole document is never replaced. */
export const textWith = (documents: readonly Document[], { i, path }: Place, value: unknown): string =>
  documents
    .map((each, j) => JSON.stringify(j === i && path.length > 0 ? withValueAt(each, path, value) : each))
    .join("\n---\n");

/** `words`: what the product's fields may be mistaken for. */
export function takesAnyValue(id: ExportId, text: string, words: readonly unknown[], numRuns = 40): void {
  const base = documentsOf(text);
  const document = emptyMesh("shop");
  const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(...words));
  fc.assert(
    fc.property(fc.constantFrom(...placesOf(base)), values, (place, value) => {
      const { commands } = importDocuments(id, [{ text: textWith(base, place, value) }], { document });
      const applied = applyCommand(document, {}, { type: "batch", commands });
      expect(applied.ok).toBe(true);
      if (applied.ok) exportDocument(id, applied.document);
    }),
    { numRuns, seed: 1 },
  );
}

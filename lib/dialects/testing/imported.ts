// A design that was read from a product's documents, for tests of every dialect.
import { expect } from "vitest";
import { applyCommand, emptyMesh, type MeshDocument, objectKey } from "@/lib/mesh";
import { importDocuments } from "..";
import type { ImportChoice } from "../catalogue";
import type { SourceText } from "../shared/reader";

/** Imports into an empty mesh of that name; what is refused, or cannot be applied, fails the test. */
export function imported(choice: ImportChoice, texts: readonly SourceText[], mesh = "shop") {
  const document = emptyMesh(mesh);
  const result = importDocuments(choice, texts, { document });
  expect(result.violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands: result.commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return { ...result, document: applied.document };
}

export const specOf = (document: MeshDocument, key: string) =>
  document.objects.find((object) => objectKey(object) === key)?.spec;

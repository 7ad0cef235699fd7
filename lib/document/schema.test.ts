import { expect, test } from "vitest";
import { designDocument } from "./design-document";
import { designDocumentSchema } from "./schema";
import { demoInput } from "./testing/demo-input";

const made = designDocument(demoInput());

test("a document that was sent is the document that was made", () => {
  expect(designDocumentSchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
});

test("a block of a newer kind is left out, and a broken block of a known kind is refused", () => {
  const paragraph = { kind: "paragraph", text: "kept" };
  const read = (...blocks: unknown[]) => designDocumentSchema.safeParse({ ...made, blocks });
  expect(read({ kind: "hologram", depth: 3 }, paragraph).data?.blocks).toEqual([paragraph]);
  expect(read({ kind: "paragraph" }).error?.issues[0]?.path).toEqual(["blocks", 0, "text"]);
});

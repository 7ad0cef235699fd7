import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { validateDocument } from "@/lib/mesh";
import { imported } from "../testing/imported";

const bookshop = readFileSync(new URL("fixtures/bookshop.yaml", import.meta.url), "utf8");

test("a shop's services, routes and policies are a design that holds together", () => {
  const { document } = imported("linkerd", [{ text: bookshop, file: "bookshop.yaml" }], "books");
  expect(validateDocument(document)).toEqual([]);
});

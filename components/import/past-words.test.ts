import { expect, test } from "vitest";
import { fateOf, productsOf, stateOf } from "./past-words";

const summary = {
  version: 12,
  dialect: "auto",
  products: [
    { dialect: "istio", versions: ["networking.istio.io/v1", "security.istio.io/v1"], documents: 3 },
    { dialect: "kubernetes", versions: ["v1"], documents: 1 },
  ],
  source: "mesh.yaml",
  characters: 900,
  understood: 4,
  kept: 1,
  changes: 5,
  warnings: 3,
  changesMeaning: 1,
  by: "Anna",
  at: "2026-11-22T09:00:00.000Z",
  isUndone: false,
  revision: 4,
};

test("an import is told by the loudest that it said", () => {
  expect(stateOf(summary)).toEqual({ status: "failing", word: "1 other answer" });
  expect(stateOf({ ...summary, changesMeaning: 0 })).toEqual({ status: "attention", word: "3 warnings" });
  expect(stateOf({ ...summary, changesMeaning: 0, warnings: 0 })).toEqual({ status: "ok", word: "no warning" });
  expect(stateOf({ ...summary, isUndone: true })).toEqual({ status: "note", word: "taken back" });
});

test("products stand with the versions that the documents named, and with the file", () => {
  expect(productsOf(summary)).toBe(
    "Istio (networking.istio.io/v1, security.istio.io/v1) and Kubernetes (v1) from mesh.yaml",
  );
  expect(productsOf({ products: [], source: null })).toBe("Nothing that was recognised, pasted");
});

test("it says which version of the draft it made, and where that went", () => {
  expect(fateOf(summary)).toBe("version 12 of the draft, in r4");
  expect(fateOf({ ...summary, revision: null })).toBe("version 12 of the draft, in no revision yet");
  expect(fateOf({ ...summary, isUndone: true })).toBe("version 12 of the draft, taken back");
});

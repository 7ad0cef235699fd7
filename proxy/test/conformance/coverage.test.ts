import { expect, test } from "vitest";
import { CASES } from "./cases";
import { compare, unproved } from "./compare";
import { coverageOf } from "./coverage";
import { notRefused, takenRows } from "./every-field";
import { ROWS } from "./fields";
import { readRecorded, readWithoutCase } from "./golden";
import { variantsOf } from "./variants";

const variants = CASES.flatMap(variantsOf);
const recorded = readRecorded();

test("ids stand once", () => {
  const keys = variants.map(({ key }) => key);
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

test("what Envoy said is recorded for every configuration of every case, and for nothing else", () => {
  expect([...recorded.keys()].sort()).toEqual(variants.map(({ key }) => key).sort());
});

test("what Envoy said bears out every row that a case claims to prove", () => {
  expect(unproved(variants, recorded)).toEqual([]);
  expect(compare(variants, recorded, recorded).unexplained).toEqual([]);
});

test("every row of the support table has a case, is exempt with a reason, or is in the list that only gets shorter", () => {
  // A new row needs a case; npm run conformance:envoy -- --record takes rows off the list once they have one.
  expect([...coverageOf(CASES).without].sort()).toEqual(readWithoutCase());
});

test("every field of every message that is taken is a row of the table, or refused by its path and no other", () => {
  expect(notRefused()).toEqual([]);
  expect(takenRows().sort()).toEqual(ROWS.map(({ name }) => name).sort());
});

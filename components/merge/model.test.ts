import { describe, expect, test } from "vitest";
import type { MergeAnswer, MergeConflictDto } from "@/lib/api/schema";
import {
  answerOf,
  type Choices,
  groupsOf,
  isPlain,
  placeOf,
  stillHolding,
  toChoices,
  typedValue,
  valueText,
  withChoice,
} from "./model";

const conflict = (over: Partial<MergeConflictDto> = {}): MergeConflictDto => ({
  key: "Service/production/cart",
  path: "spec.owner",
  kind: "changed",
  message: "the change and the draft give it different values",
  base: "shop",
  mine: "web",
  theirs: "care",
  ...over,
});

const answer = (over: Partial<MergeAnswer> = {}): MergeAnswer => ({
  base: "r3",
  version: 12,
  mine: { total: 2, items: [] },
  theirs: { total: 3, items: [], by: ["Anna", "Ben"] },
  conflicts: { total: 0, open: 0, items: [] },
  result: { total: 2, items: [] },
  problems: [],
  findings: { added: [], gone: [] },
  applied: false,
  ...over,
});

describe("the answer at the top", () => {
  const said = (over: Partial<MergeAnswer>) => answerOf(answer(over), { name: "your change" });

  test("says what waits, then that it is ready, then that nothing is left to do", () => {
    const of = (total: number, open: number) => ({ conflicts: { total, open, items: [] } });
    expect(said(of(3, 3))).toMatchObject({ status: "attention", text: "3 conflicts wait for your choice." });
    expect(said(of(3, 1)).text).toBe("1 of 3 conflicts waits for your choice.");
    expect(said(of(3, 0)).text).toBe("All 3 conflicts are decided: 2 changes are ready to save.");
    expect(said({})).toMatchObject({ status: "ok", text: "Nothing conflicts: 2 changes are ready to save." });
    expect(said({ result: { total: 0, items: [] } }).text).toBe("The draft holds all of your change already.");
  });

  test("says from where both went, and who is on the other side", () => {
    expect(said({}).detail).toBe("Your change: 2 changes since r3. The draft: 3 changes since, by Anna and Ben.");
    expect(answerOf(answer(), { name: "r5" }).detail).toMatch(/^r5: 2 changes/);
    expect(said({ base: "v9" }).detail).toContain("since version 9 of the draft");
  });

  test("what would be broken is never shown as well", () => {
    const problems = [{ path: "Route/production/cart", message: "names what is not there" }];
    expect(said({ problems })).toMatchObject({
      status: "attention",
      text: "Nothing conflicts: 2 changes are ready to save, and 1 problem would come in.",
    });
  });
});

describe("choices", () => {
  const chosen = withChoice({}, conflict(), { take: "mine" });

  test("are sent by place, the last one for each", () => {
    const again = withChoice(chosen, conflict(), { value: "both" });
    expect(toChoices(again)).toEqual([{ key: "Service/production/cart", path: "spec.owner", value: "both" }]);
  });

  test("hold as long as the values are the ones that were seen", () => {
    const other = withChoice(chosen, conflict({ path: "spec.tier" }), { take: "theirs" });
    const kept = (conflicts: MergeConflictDto[]): { choices: Choices; dropped: string[] } =>
      stillHolding(other, conflicts);
    expect(kept([conflict(), conflict({ path: "spec.tier" })])).toEqual({ choices: other, dropped: [] });
    const moved = kept([conflict({ theirs: "desk" }), conflict({ path: "spec.tier" })]);
    expect(moved.dropped).toEqual([placeOf(conflict())]);
    expect(toChoices(moved.choices).map(({ path }) => path)).toEqual(["spec.tier"]);
    // one that is gone decides nothing, and comes back with its choice
    expect(kept([]).dropped).toEqual([]);
  });
});

test("conflicts stand together by object, with its name and namespace", () => {
  const groups = groupsOf([
    conflict(),
    conflict({ key: "Mesh/shop", path: "spec.trustDomain" }),
    conflict({ path: "spec.tier" }),
  ]);
  expect(groups.map(({ title, namespace, conflicts }) => [title, namespace, conflicts.length])).toEqual([
    ["Service cart", "production", 2],
    ["Mesh shop", "", 1],
  ]);
});

test("another value is written where the field is text or a number, and stays of that type", () => {
  expect(isPlain(conflict())).toBe(true);
  expect(isPlain(conflict({ base: undefined }))).toBe(true);
  expect(isPlain(conflict({ path: "" }))).toBe(false);
  expect(isPlain(conflict({ mine: true, theirs: false }))).toBe(false);
  expect(isPlain(conflict({ mine: ["a"] }))).toBe(false);
  expect(typedValue(conflict({ mine: 900, theirs: 700 }), "800")).toBe(800);
  expect(typedValue(conflict({ mine: 900, theirs: 700 }), "soon")).toBe("soon");
  expect(typedValue(conflict(), "800")).toBe("800");
});

test("a value is shown as a person writes it, and one that is absent is not an empty one", () => {
  expect(valueText(undefined)).toBeNull();
  expect(valueText("")).toBe("");
  expect(valueText(700)).toBe("700");
  expect(valueText({ a: [1, 2] })).toBe("a:\n  - 1\n  - 2");
  const namespace = { spec: {}, metadata: { name: "production" }, kind: "Namespace", apiVersion: "meshwright.dev/v1" };
  expect(valueText(namespace)?.split("\n").slice(0, 2)).toEqual(["apiVersion: meshwright.dev/v1", "kind: Namespace"]);
});

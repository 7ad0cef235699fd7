import { expect, test } from "vitest";
import { groupsOf } from "./report-groups";

const entry = (verdict: "exact" | "lost" | "moved" | "approximate" | "ignored" | "escape", changesMeaning = false) => ({
  key: "Route/shop/web",
  path: "spec",
  verdict,
  reason: "",
  ...(changesMeaning ? { changesMeaning } : {}),
});

test("what gives calls another answer stands first, whatever its verdict, and empty groups are left out", () => {
  const groups = groupsOf([entry("exact"), entry("lost"), entry("approximate", true), entry("moved"), entry("escape")]);
  expect(groups.map(({ id, entries }) => [id, entries.length])).toEqual([
    ["other", 1],
    ["missing", 2],
    ["same", 2],
  ]);
});

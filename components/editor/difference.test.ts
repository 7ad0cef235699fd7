import fc from "fast-check";
import { expect, test } from "vitest";
import { differenceOf } from "./difference";

test("only what differs is replaced", () => {
  expect(differenceOf("weight: 90\n", "weight: 75\n")).toEqual({ from: 8, to: 10, insert: "75" });
  expect(differenceOf("aaa", "aa")).toEqual({ from: 2, to: 3, insert: "" });
  expect(differenceOf("same", "same")).toBeNull();
});

test("replacing it gives the other text", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const change = differenceOf(before, after);
      expect(change ? before.slice(0, change.from) + change.insert + before.slice(change.to) : before).toBe(after);
    }),
  );
});

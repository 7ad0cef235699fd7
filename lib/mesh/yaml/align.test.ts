import { expect, test } from "vitest";
import { alignItems } from "./align";

const [a, b, c] = [{ port: 1 }, { port: 2 }, { port: 3 }];

test("an item that became equal to its neighbour stays what it was, before and behind it", () => {
  expect(alignItems([a, b], [b, b])).toEqual([0, 1]);
  expect(alignItems([b, a], [b, b])).toEqual([0, 1]);
  expect(alignItems([a, b, c], [b, b, c])).toEqual([0, 1, 2]);
  expect(alignItems([b, b], [c, b])).toEqual([0, 1]);
});

test("items that were added, removed or moved take nothing from the others", () => {
  expect(alignItems([a, b], [c, a, b])).toEqual([undefined, 0, 1]);
  expect(alignItems([a, b, c], [b, c])).toEqual([1, 2]);
  expect(alignItems([a, b, c], [c, a, b])).toEqual([2, 0, 1]);
});

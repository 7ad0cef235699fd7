import { expect, it } from "vitest";
import { aligned } from "./align";

it("puts boxes on one line in their order, none over another", () => {
  const places = { b: { x: 400, y: 90 }, a: { x: 0, y: 0 }, c: { x: 420, y: 60 } };
  const row = aligned(places, "In a row");
  expect(new Set(Object.values(row).map(({ y }) => y))).toEqual(new Set([50]));
  expect(row.a?.x).toBe(0);
  expect(row.b?.x).toBe(400);
  expect(row.c?.x).toBeGreaterThanOrEqual(632);
  const column = aligned(places, "In a column");
  expect(new Set(Object.values(column).map(({ x }) => x)).size).toBe(1);
  expect(column.c?.y).toBeGreaterThanOrEqual((column.a?.y ?? 0) + 92);
});

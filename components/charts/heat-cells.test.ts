import { expect, test } from "vitest";
import { heatCells } from "./heat-cells";

const bounds = [10, 25, 50, 100];

test("only the latencies that occurred have a row", () => {
  const { rows } = heatCells(bounds, [
    [0, 4, 0, 0, 0],
    [0, 0, 0, 1, 0],
  ]);
  expect(rows).toEqual([
    { from: 10, to: 25 },
    { from: 25, to: 50 },
    { from: 50, to: 100 },
  ]);
});

test("a cell without requests is not drawn, and the fullest has the strongest step", () => {
  const { cells } = heatCells(bounds, [
    [100, 0, 0, 0, 0],
    [0, 1, 0, 0, 0],
  ]);
  expect(cells).toEqual([
    { column: 0, row: 0, count: 100, step: 5 },
    { column: 1, row: 1, count: 1, step: 1 },
  ]);
});

test("what took longer than the last bound has an open end", () => {
  const { rows } = heatCells(bounds, [[0, 0, 0, 0, 2]]);
  expect(rows).toEqual([{ from: 100, to: Number.POSITIVE_INFINITY }]);
});

test("no request, no picture", () => {
  expect(heatCells(bounds, [[0, 0, 0, 0, 0], []])).toEqual({ rows: [], cells: [] });
});

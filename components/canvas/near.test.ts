import { describe, expect, it } from "vitest";
import { nearKey, nearOnly } from "./near";
import type { CanvasEdge, CanvasNode } from "./types";

const box = (id: string, x: number, y: number) => ({ id, x, y }) as CanvasNode;
const line = (source: string, target: string) => ({ id: `${source}>${target}`, source, target }) as CanvasEdge;
const nodes = [
  box("a", 0, 0),
  box("b", 300, 0),
  box("far", 9000, 0),
  box("left", -9000, 300),
  box("alone", 9000, 9000),
];
const edges = [line("a", "b"), line("b", "far"), line("left", "far"), line("far", "alone")];
const here = nearKey([0, 0, 1], 1000, 700);
const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);

describe("what React Flow has to know of a large picture", () => {
  it("is what is seen, the lines that cross it and the boxes they lead to", () => {
    const near = nearOnly({ nodes, edges }, here, new Set());
    expect(ids(near.edges)).toEqual(["a>b", "b>far", "left>far"]);
    expect(ids(near.nodes)).toEqual(["a", "b", "far", "left"]);
  });

  it("keeps what is selected, wherever it stands", () => {
    expect(ids(nearOnly({ nodes, edges }, here, new Set(["alone"])).nodes)).toContain("alone");
  });

  it("asks for nothing new on a short way, and for more on a long one or from farther away", () => {
    expect(nearKey([-40, -40, 1], 1000, 500)).toBe(nearKey([-60, -50, 1], 1000, 500));
    expect(nearKey([-700, 0, 1], 1000, 700)).not.toBe(here);
    expect(nearKey([0, 0, 0.5], 1000, 700)).not.toBe(here);
  });

  it("leaves half a step around what is seen", () => {
    const [left = 0, top = 0, right = 0, bottom = 0] = here.split(" ").map(Number);
    expect([left, top]).toEqual([-300, -300]);
    expect(right).toBeGreaterThan(1000 + 299);
    expect(bottom).toBeGreaterThan(700 + 299);
  });
});

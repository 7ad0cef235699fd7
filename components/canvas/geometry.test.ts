import { describe, expect, it } from "vitest";
import { detailAt, edgeGeometry, mergedPath } from "./geometry";

describe("lines between boxes", () => {
  it("leaves to the side where the other box stands", () => {
    const toRight = edgeGeometry({ x: 0, y: 0 }, { x: 500, y: 0 }, 200, 100);
    expect(toRight.path.startsWith("M200,50")).toBe(true);
    expect(toRight.path.endsWith("500,50")).toBe(true);
    const toLeft = edgeGeometry({ x: 500, y: 0 }, { x: 0, y: 0 }, 200, 100);
    expect(toLeft.path.startsWith("M500,50")).toBe(true);
    expect(toLeft.path.endsWith("200,50")).toBe(true);
  });

  it("goes down or up between boxes that stand above each other", () => {
    const down = edgeGeometry({ x: 0, y: 0 }, { x: 20, y: 400 }, 200, 100);
    expect(down.path.startsWith("M100,100")).toBe(true);
    expect(down.path.endsWith("120,400")).toBe(true);
  });

  it("puts the label half way", () => {
    const { labelX, labelY } = edgeGeometry({ x: 0, y: 0 }, { x: 600, y: 200 }, 200, 100);
    expect(labelX).toBeCloseTo(400);
    expect(labelY).toBeCloseTo(150);
  });

  it("draws many lines as one path", () => {
    expect(mergedPath([{ from: { x: 0, y: 0 }, to: { x: 100, y: 0 } }], 10, 10)).toBe("M5,5L105,5");
  });

  it("shows more the nearer one comes", () => {
    expect([0.2, 0.5, 1].map(detailAt)).toEqual(["far", "mid", "near"]);
  });
});

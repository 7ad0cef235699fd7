import { describe, expect, it } from "vitest";
import { boundsOf, detailAt, edgeGeometry, farTitleSize, viewportAround, viewportFor } from "./geometry";

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

  it("finds the view that shows everything, never nearer than life size", () => {
    const bounds = boundsOf(
      [
        { x: 0, y: 0 },
        { x: 1800, y: 900 },
      ],
      200,
      100,
    );
    expect(bounds).toEqual({ left: 0, top: 0, right: 2000, bottom: 1000 });
    const view = viewportFor(bounds, 1064, 564);
    expect(view.zoom).toBeCloseTo(0.5);
    expect(1000 * view.zoom + view.x).toBeCloseTo(532);
    expect(viewportFor(boundsOf([{ x: 5, y: 5 }]), 1000, 1000).zoom).toBe(1);
  });

  it("puts one box in the middle", () => {
    const view = viewportAround({ x: 1000, y: 400 }, 800, 600, 0.5);
    expect((1000 + 232 / 2) * view.zoom + view.x).toBeCloseTo(400);
    expect((400 + 92 / 2) * view.zoom + view.y).toBeCloseTo(300);
  });

  it("shows more the nearer one comes", () => {
    expect([0.2, 0.5, 1].map(detailAt)).toEqual(["far", "mid", "near"]);
  });
});

it("a far title is as large as it goes into one line half as wide again as the box, and not smaller than can be read", () => {
  const sizes = ["cart", "checkout", "inventory", "storefront", "payment-service", "x".repeat(40)].map(farTitleSize);
  expect(sizes).toEqual([40, 40, 40, 40, 38, 30]);
});

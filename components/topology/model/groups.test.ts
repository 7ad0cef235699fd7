import { describe, expect, it } from "vitest";
import { demoMesh, demoPositions } from "@/lib/mesh";
import { placeGroups } from "./group-places";
import { groupPicture, groupsOf } from "./groups";
import { nothingLive } from "./live";
import { canvasEdges, canvasNodes } from "./to-canvas";

const document = demoMesh();
const input = {
  document,
  positions: demoPositions(),
  live: nothingLive,
  layer: "drawn" as const,
  findings: new Map([["Service/production/cart", { count: 2, worst: "attention" as const }]]),
  changes: new Map(),
  matches: null,
};
const nodes = canvasNodes(input);
const edges = canvasEdges(input);

describe("groups on the canvas", () => {
  it("closes a namespace to one box that keeps count of its members and their findings", () => {
    const picture = groupPicture(nodes, edges, groupsOf(document, "namespace"), () => false);
    expect(picture.nodes).toHaveLength(1);
    expect(picture.nodes[0]).toMatchObject({
      title: "production",
      subtitle: `${nodes.length} boxes`,
      badge: { count: 2 },
    });
    expect(picture.edges).toEqual([]);
  });

  it("merges the lines between closed groups and keeps those between open ones", () => {
    const groups = groupsOf(document, "owner");
    const picture = groupPicture(nodes, edges, groups, (group) => group === "group:orders");
    const merged = picture.edges.filter((edge) => edge.id.startsWith("group:"));
    expect(merged.length).toBeGreaterThan(0);
    expect(picture.nodes.map((node) => node.title)).toContain("cart");
    expect(picture.nodes.map((node) => node.title)).not.toContain("catalog-v1");
    expect(picture.frames.map((frame) => frame.title)).toEqual(["orders"]);
    for (const edge of picture.edges) {
      expect(picture.nodes.some((node) => node.id === edge.source)).toBe(true);
      expect(picture.nodes.some((node) => node.id === edge.target)).toBe(true);
    }
  });

  it("puts callers left of callees, also when groups call each other in a circle", () => {
    const places = placeGroups(
      ["a", "b", "c"],
      [
        { source: "a", target: "b" },
        { source: "b", target: "c" },
        { source: "c", target: "b" },
      ],
    );
    expect(places.get("a")?.x).toBeLessThan(places.get("b")?.x ?? 0);
    expect(places.get("b")?.x).toBeLessThan(places.get("c")?.x ?? 0);
    const chain = Array.from({ length: 20 }, (_, index) => `g${String(index).padStart(2, "0")}`);
    const block = placeGroups(
      chain,
      chain.slice(1).map((target, index) => ({ source: chain[index] ?? "", target })),
    );
    expect(Math.max(...[...block.values()].map(({ x }) => x))).toBeLessThan(2000);
    expect(new Set([...block.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(20);
    expect(new Set([...places.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(3);
  });
});

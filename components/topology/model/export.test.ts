import { describe, expect, it } from "vitest";
import { demoMesh, demoPositions } from "@/lib/mesh";
import { toCsv, toMermaid, toSvg } from "./export";
import { nothingLive } from "./live";
import { canvasEdges, canvasNodes } from "./to-canvas";

const input = {
  document: demoMesh(),
  positions: demoPositions(),
  live: nothingLive,
  layer: "drawn" as const,
  findings: new Map(),
  changes: new Map(),
  matches: null,
};
const picture = { nodes: canvasNodes(input), edges: canvasEdges(input), frames: [] };
const palette = {
  background: "#fff",
  surface: "#fff",
  text: "#000",
  dim: "#555",
  line: { ok: "#1", attention: "#2", failing: "#3", unmeasured: "#4", stale: "#5" },
};

describe("the picture as a file", () => {
  it("holds every box and line in SVG, with hostile names as text", () => {
    const [first, ...rest] = picture.nodes;
    const nodes = [{ ...(first as (typeof picture.nodes)[0]), title: '<script>alert("x")</script>' }, ...rest];
    const svg = toSvg({ ...picture, nodes }, palette, "Demo & more");
    expect(svg).not.toContain("<script>");
    expect(svg).toContain("Demo &#38; more");
    expect(svg.match(/<path /g)).toHaveLength(picture.edges.length);
    expect(svg.match(/rx="10"/g)).toHaveLength(picture.nodes.length);
  });

  it("is a Mermaid flow chart with each dependency", () => {
    const text = toMermaid(picture);
    expect(text.startsWith("flowchart LR\n")).toBe(true);
    expect(text.match(/-\.->/g)).toHaveLength(picture.edges.length);
    expect(text).toContain('["storefront"]');
  });

  it("is a CSV of the dependencies that no spreadsheet runs as a formula", () => {
    const [edge] = picture.edges;
    const rows = toCsv(
      [{ ...(edge as (typeof picture.edges)[0]), source: "Service/a/=1+1" }, ...picture.edges],
      nothingLive,
    ).split("\r\n");
    expect(rows).toHaveLength(picture.edges.length + 3);
    expect(rows[1]).toMatch(/^'=1\+1,/);
  });
});

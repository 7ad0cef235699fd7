// Which boxes and lines of a large picture React Flow has to know. Job: what can be seen from here, and what its lines lead to.
// Rule: pure; the place is rounded to steps, so that a short way asks for nothing new.
import { type CanvasEdge, type CanvasNode, nodeHeight, nodeWidth, type Point } from "./types";

/** From so many boxes on it matters how many React Flow keeps. */
export const largeFrom = 150;
/** The steps in which the place is known, in canvas units: two boxes wide, four high. */
const stepX = 600;
const stepY = 600;

/** What is seen, rounded outwards: `left top right bottom` in canvas units, as text, so that it compares by value. */
export function nearKey([x, y, zoom]: readonly [number, number, number], width: number, height: number): string {
  const before = (value: number, step: number) => (Math.floor(value / step) - 0.5) * step;
  const after = (value: number, step: number) => (Math.ceil(value / step) + 0.5) * step;
  return [
    before(-x / zoom, stepX),
    before(-y / zoom, stepY),
    after((width - x) / zoom, stepX),
    after((height - y) / zoom, stepY),
  ].join(" ");
}

export interface Near {
  nodes: readonly CanvasNode[];
  edges: readonly CanvasEdge[];
}

/** The boxes in the rectangle, the lines that cross it and their ends; `always` too, because a hand may move them. */
export function nearOnly(whole: Near, key: string, always: ReadonlySet<string>): Near {
  const [left = 0, top = 0, right = 0, bottom = 0] = key.split(" ").map(Number);
  const places = new Map<string, Point>(whole.nodes.map((node) => [node.id, node]));
  const kept = new Set<string>(always);
  for (const { id, x, y } of whole.nodes)
    if (x + nodeWidth > left && x < right && y + nodeHeight > top && y < bottom) kept.add(id);
  const ends = new Set<string>();
  const edges = whole.edges.filter((edge) => {
    const from = places.get(edge.source);
    const to = places.get(edge.target);
    if (!from || !to) return false;
    const isNear =
      Math.max(from.x, to.x) + nodeWidth > left &&
      Math.min(from.x, to.x) < right &&
      Math.max(from.y, to.y) + nodeHeight > top &&
      Math.min(from.y, to.y) < bottom;
    if (!isNear) return false;
    ends.add(edge.source).add(edge.target);
    return true;
  });
  return { nodes: whole.nodes.filter(({ id }) => kept.has(id) || ends.has(id)), edges };
}

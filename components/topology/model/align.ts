// Straightening several boxes. Rule: pure; boxes keep their order and only the named direction moves.
import { nodeHeight, nodeWidth, type Point } from "@/components/canvas/types";

export const alignments = ["In a row", "In a column"] as const;
export type Alignment = (typeof alignments)[number];

const gap = { x: 140, y: 44 };

/** One line at the middle of all, in their order, at least a gap apart. */
export function aligned(places: Readonly<Record<string, Point>>, alignment: Alignment): Record<string, Point> {
  const along = alignment === "In a row" ? "x" : "y";
  const across = along === "x" ? "y" : "x";
  const step = along === "x" ? nodeWidth + gap.x : nodeHeight + gap.y;
  const entries = Object.entries(places).sort(([, a], [, b]) => a[along] - b[along]);
  const middle = Math.round(entries.reduce((sum, [, place]) => sum + place[across], 0) / Math.max(1, entries.length));
  const out: Record<string, Point> = {};
  let next = Number.NEGATIVE_INFINITY;
  for (const [key, place] of entries) {
    const at = Math.max(place[along], next);
    out[key] = along === "x" ? { x: at, y: middle } : { x: middle, y: at };
    next = at + step;
  }
  return out;
}

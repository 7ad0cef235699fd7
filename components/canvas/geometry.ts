// Lines between boxes. Job: which side a line leaves and enters, its path and the place of its label.
// Rule: pure arithmetic on rectangles of one size; the same input gives the same string, so React can skip.
import { nodeHeight, nodeWidth, type Point } from "./types";

export interface EdgeGeometry {
  path: string;
  labelX: number;
  labelY: number;
  /** The label stands over a flat line, so that the line stays visible. */
  isFlat: boolean;
}

export function edgeGeometry(from: Point, to: Point, width = nodeWidth, height = nodeHeight): EdgeGeometry {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const isVertical = Math.abs(dx) < width + 24;
  if (isVertical) {
    const down = dy >= 0;
    const x1 = from.x + width / 2;
    const y1 = down ? from.y + height : from.y;
    const x2 = to.x + width / 2;
    const y2 = down ? to.y : to.y + height;
    const bend = Math.max(24, Math.abs(y2 - y1) / 2) * (down ? 1 : -1);
    return curve(x1, y1, x1, y1 + bend, x2, y2 - bend, x2, y2);
  }
  const right = dx > 0;
  const x1 = right ? from.x + width : from.x;
  const y1 = from.y + height / 2;
  const x2 = right ? to.x : to.x + width;
  const y2 = to.y + height / 2;
  const bend = Math.max(32, Math.abs(x2 - x1) / 2) * (right ? 1 : -1);
  return curve(x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2);
}

function curve(
  x1: number,
  y1: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  x2: number,
  y2: number,
): EdgeGeometry {
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    path: `M${round(x1)},${round(y1)} C${round(ax)},${round(ay)} ${round(bx)},${round(by)} ${round(x2)},${round(y2)}`,
    labelX: round((x1 + 3 * ax + 3 * bx + x2) / 8),
    labelY: round((y1 + 3 * ay + 3 * by + y2) / 8),
    isFlat: Math.abs(y2 - y1) < 30,
  };
}

/** All lines of one look as one path: the cheap picture of a very large mesh seen from far. */
export function mergedPath(
  lines: readonly { from: Point; to: Point }[],
  width = nodeWidth,
  height = nodeHeight,
): string {
  const parts: string[] = [];
  for (const { from, to } of lines) {
    const x1 = from.x + width / 2;
    const y1 = from.y + height / 2;
    parts.push(`M${x1 | 0},${y1 | 0}L${(to.x + width / 2) | 0},${(to.y + height / 2) | 0}`);
  }
  return parts.join("");
}

export function detailAt(zoom: number): "far" | "mid" | "near" {
  if (zoom < 0.4) return "far";
  if (zoom < 0.85) return "mid";
  return "near";
}

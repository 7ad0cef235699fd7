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

export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function boundsOf(places: readonly Point[], width = nodeWidth, height = nodeHeight): Bounds {
  if (places.length === 0) return { left: 0, top: 0, right: width, bottom: height };
  const bounds = {
    left: Number.POSITIVE_INFINITY,
    top: Number.POSITIVE_INFINITY,
    right: Number.NEGATIVE_INFINITY,
    bottom: Number.NEGATIVE_INFINITY,
  };
  for (const { x, y } of places) {
    bounds.left = Math.min(bounds.left, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.right = Math.max(bounds.right, x + width);
    bounds.bottom = Math.max(bounds.bottom, y + height);
  }
  return bounds;
}

/** The pan and zoom that shows all of `bounds` with a margin, never nearer than life size. */
export function viewportFor(
  bounds: Bounds,
  width: number,
  height: number,
  // On a phone every pixel beside the picture is taken from its words.
  margin = width < 480 ? 12 : 32,
): { x: number; y: number; zoom: number } {
  const across = Math.max(1, bounds.right - bounds.left);
  const down = Math.max(1, bounds.bottom - bounds.top);
  const zoom = Math.max(0.04, Math.min(1, (width - 2 * margin) / across, (height - 2 * margin) / down));
  return {
    x: width / 2 - ((bounds.left + bounds.right) / 2) * zoom,
    y: height / 2 - ((bounds.top + bounds.bottom) / 2) * zoom,
    zoom,
  };
}

/** The pan that shows one box in the middle. */
export function viewportAround(
  place: Point,
  width: number,
  height: number,
  zoom: number,
): { x: number; y: number; zoom: number } {
  return {
    x: width / 2 - (place.x + nodeWidth / 2) * zoom,
    y: height / 2 - (place.y + nodeHeight / 2) * zoom,
    zoom,
  };
}

/** What a far title may take across, a quarter of the box on either side, and the letters' average share of their size: Inter, semi-bold. */
export const FAR_TITLE_WIDTH = nodeWidth * 1.5;
const LETTER = 0.6;
const FAR_SIZES = { most: 40, least: 30 };

/**
 * The size of a title that is all there is in a far box, in pixels of the picture. It stands in one line, which may stick out of the box:
 * on a phone the demo stands at a fifth of life size, where 40 is 9 real pixels and what fits the box would be 5.
 */
export function farTitleSize(title: string): number {
  const fitting = Math.floor(FAR_TITLE_WIDTH / (title.length * LETTER));
  return Math.max(FAR_SIZES.least, Math.min(FAR_SIZES.most, fitting));
}

export function detailAt(zoom: number): "far" | "mid" | "near" {
  if (zoom < 0.4) return "far";
  if (zoom < 0.85) return "mid";
  return "near";
}

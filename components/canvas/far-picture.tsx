"use client";
// A very large picture seen from far, painted. Job: boxes by health and lines by colour on one 2D canvas, instead of
// thousands of elements that nobody could read at this distance. Rule: paints only what it is given; the table twin
// holds the same for readers, and coming nearer brings the real boxes.
import { useStore } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";
import classes from "./canvas.module.css";
import { type CanvasEdge, type CanvasNode, nodeHeight, nodeWidth, type Point, type Tone } from "./types";

const tones: Tone[] = ["unmeasured", "ok", "stale", "attention", "failing"];
/** Names are painted only where they can be read. */
const nameFromZoom = 0.22;

interface Props {
  nodes: readonly CanvasNode[];
  edges: readonly CanvasEdge[];
  selection: ReadonlySet<string>;
}

export const FarPicture = memo(function FarPicture(props: Props) {
  const ref = useRef<HTMLCanvasElement>(null);
  const [x, y, zoom] = useStore((state) => state.transform);
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const frame = requestAnimationFrame(() => paint(element, props, { x, y, zoom, width, height }));
    return () => cancelAnimationFrame(frame);
  });
  return (
    <div className={classes.farPicture} aria-hidden="true">
      <canvas ref={ref} />
    </div>
  );
});

interface View {
  x: number;
  y: number;
  zoom: number;
  width: number;
  height: number;
}

function paint(element: HTMLCanvasElement, { nodes, edges, selection }: Props, view: View) {
  const ratio = window.devicePixelRatio || 1;
  if (element.width !== Math.round(view.width * ratio) || element.height !== Math.round(view.height * ratio)) {
    element.width = Math.round(view.width * ratio);
    element.height = Math.round(view.height * ratio);
  }
  const pen = element.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, view.width, view.height);
  pen.setTransform(ratio * view.zoom, 0, 0, ratio * view.zoom, ratio * view.x, ratio * view.y);
  paintLines(pen, nodes, edges, colour);
  const isVisible = (node: CanvasNode) =>
    (node.x + nodeWidth) * view.zoom + view.x > 0 &&
    node.x * view.zoom + view.x < view.width &&
    (node.y + nodeHeight) * view.zoom + view.y > 0 &&
    node.y * view.zoom + view.y < view.height;
  for (const node of nodes) if (isVisible(node)) paintBox(pen, node, selection.has(node.id), view.zoom, colour);
}

type Colour = (name: string) => string;

function paintLines(
  pen: CanvasRenderingContext2D,
  nodes: readonly CanvasNode[],
  edges: readonly CanvasEdge[],
  colour: Colour,
) {
  const places = new Map<string, Point>(nodes.map((node) => [node.id, node]));
  pen.lineWidth = 4;
  for (const tone of tones) {
    pen.beginPath();
    for (const edge of edges) {
      if (edge.tone !== tone || edge.dimmed) continue;
      const from = places.get(edge.source);
      const to = places.get(edge.target);
      if (!from || !to) continue;
      pen.moveTo(from.x + nodeWidth / 2, from.y + nodeHeight / 2);
      pen.lineTo(to.x + nodeWidth / 2, to.y + nodeHeight / 2);
    }
    pen.globalAlpha = 0.45;
    pen.strokeStyle = colour(`--mw-${tone}-line`);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

function paintBox(pen: CanvasRenderingContext2D, node: CanvasNode, isSelected: boolean, zoom: number, colour: Colour) {
  pen.globalAlpha = node.dimmed ? 0.2 : 1;
  pen.fillStyle = colour(`--mw-${node.tone}-soft`);
  pen.fillRect(node.x, node.y, nodeWidth, nodeHeight);
  pen.fillStyle = node.stripe;
  pen.fillRect(node.x, node.y, 14, nodeHeight);
  pen.lineWidth = isSelected ? 14 : 4;
  pen.strokeStyle = isSelected ? colour("--mw-accent") : colour(`--mw-${node.tone}-line`);
  pen.strokeRect(node.x, node.y, nodeWidth, nodeHeight);
  if (zoom >= nameFromZoom) {
    pen.fillStyle = colour("--mw-text");
    pen.font = "600 32px 'Inter Variable', sans-serif";
    pen.fillText(node.title, node.x + 26, node.y + 58, nodeWidth - 36);
  }
  pen.globalAlpha = 1;
}

/** The box under a point of the canvas; the last one painted wins. */
export function boxAt(nodes: readonly CanvasNode[], point: Point): CanvasNode | undefined {
  return nodes.findLast(
    (node) => point.x >= node.x && point.x <= node.x + nodeWidth && point.y >= node.y && point.y <= node.y + nodeHeight,
  );
}

"use client";
// How much of a picture React Flow gets: all of a small one, of a large one what can be seen, of one that is painted nothing.
// Rule: a new part only after a step of the way, so that panning asks for nothing.
import { useStore, type Viewport } from "@xyflow/react";
import { useMemo } from "react";
import { type Near, nearKey, nearOnly } from "./near";
import type { CanvasEdge, CanvasNode } from "./types";

const nothing: Near = { nodes: [], edges: [] };

/** Where the first look is, and how much it shows. */
export interface Start {
  viewport: Viewport;
  width: number;
  height: number;
}

export function useNear(
  nodes: readonly CanvasNode[],
  edges: readonly CanvasEdge[],
  selection: ReadonlySet<string>,
  part: "painted" | "near" | "whole",
  { viewport: { x, y, zoom }, width, height }: Start,
): Near {
  const now = useStore((state) =>
    part === "near" && state.panZoom ? nearKey(state.transform, state.width, state.height) : "",
  );
  return useMemo(() => {
    if (part === "painted") return nothing;
    if (part === "whole") return { nodes, edges };
    return nearOnly({ nodes, edges }, now || nearKey([x, y, zoom], width, height), selection);
  }, [nodes, edges, selection, part, now, x, y, zoom, width, height]);
}

"use client";
// What a screen may ask of the picture beside what it shows. Rule: moves the view, changes nothing.
import { useReactFlow } from "@xyflow/react";
import { type Ref, useImperativeHandle } from "react";
import { boundsOf, viewportFor } from "./geometry";
import type { CanvasNode, Point } from "./types";

export interface CanvasHandle {
  fit(ids?: readonly string[]): void;
  zoomBy(factor: number): void;
  /** The middle of what is visible, in canvas units. */
  middle(): Point;
  toCanvas(screen: Point): Point;
}

export function useCanvasHandle(ref: Ref<CanvasHandle> | undefined, nodes: readonly CanvasNode[]) {
  const flow = useReactFlow();
  useImperativeHandle(
    ref,
    () => ({
      fit(ids) {
        const chosen = ids ? nodes.filter((node) => ids.includes(node.id)) : nodes;
        const box = document.querySelector(".react-flow")?.getBoundingClientRect();
        if (box) void flow.setViewport(viewportFor(boundsOf(chosen), box.width, box.height), { duration: 0 });
      },
      zoomBy(factor) {
        void flow.zoomTo(flow.getZoom() * factor);
      },
      middle() {
        const box = document.querySelector(".react-flow")?.getBoundingClientRect();
        if (!box) return { x: 0, y: 0 };
        return flow.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
      },
      toCanvas: (screen) => flow.screenToFlowPosition(screen),
    }),
    [flow, nodes],
  );
}

"use client";
// The whole picture, small, with a frame around what is seen; a press or a drag goes there. Rule: all boxes are one path, because a
// thousand elements here would cost more than the picture itself.
import { useReactFlow, useStore } from "@xyflow/react";
import { memo, type PointerEvent, useMemo } from "react";
import classes from "./canvas.module.css";
import { boundsOf } from "./geometry";
import { nodeHeight, nodeWidth, type Point } from "./types";

const width = 168;
const height = 112;

export const SmallMap = memo(function SmallMap({ nodes }: { nodes: readonly Point[] }) {
  const flow = useReactFlow();
  const [x, y, zoom] = useStore((state) => state.transform);
  const seenWidth = useStore((state) => state.width) / zoom;
  const seenHeight = useStore((state) => state.height) / zoom;
  const bounds = useMemo(() => boundsOf(nodes), [nodes]);
  const boxes = useMemo(
    () => nodes.map((node) => `M${node.x},${node.y}h${nodeWidth}v${nodeHeight}h${-nodeWidth}z`).join(""),
    [nodes],
  );
  const seen = { left: -x / zoom, top: -y / zoom };
  const left = Math.min(bounds.left, seen.left);
  const top = Math.min(bounds.top, seen.top);
  const across = Math.max(bounds.right, seen.left + seenWidth) - left;
  const down = Math.max(bounds.bottom, seen.top + seenHeight) - top;
  // Units of the canvas to a point of the map; the map keeps its shape, the picture stands in its middle.
  const scale = Math.max(across / width, down / height) * 1.06;
  const view = {
    left: left - (width * scale - across) / 2,
    top: top - (height * scale - down) / 2,
    across: width * scale,
    down: height * scale,
  };
  const go = (event: PointerEvent<SVGSVGElement>) => {
    const map = event.currentTarget.getBoundingClientRect();
    void flow.setCenter(
      view.left + ((event.clientX - map.left) / map.width) * view.across,
      view.top + ((event.clientY - map.top) / map.height) * view.down,
      { zoom },
    );
  };
  const frame = `M${seen.left},${seen.top}h${seenWidth}v${seenHeight}h${-seenWidth}z`;
  return (
    <svg
      className={classes.smallMap}
      role="img"
      aria-label="Map of the whole canvas"
      width={width}
      height={height}
      viewBox={`${view.left} ${view.top} ${view.across} ${view.down}`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={(event) => {
        if (event.buttons & 1) go(event);
      }}
    >
      <path className={classes.smallMapBoxes} d={boxes} />
      <path
        className={classes.smallMapMask}
        fillRule="evenodd"
        d={`M${view.left},${view.top}h${view.across}v${view.down}h${-view.across}z${frame}`}
      />
      <path className={classes.smallMapFrame} d={frame} strokeWidth={1.5 * scale} />
    </svg>
  );
});

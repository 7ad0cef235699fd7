"use client";
// One line. Job: width, colour, dash, warning and label as told. Rule: memoised; its geometry comes ready in the data.
import { type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo, useContext, useState } from "react";
import { StatusIcon } from "@/components/ui";
import { DetailContext } from "./box-node";
import classes from "./canvas.module.css";
import type { EdgeGeometry } from "./geometry";
import type { CanvasEdge } from "./types";

export type LineEdgeType = Edge<{ edge: CanvasEdge; geometry: EdgeGeometry; isQuiet: boolean }, "line">;

export const LineEdge = memo(function LineEdge({ data, selected }: EdgeProps<LineEdgeType>) {
  const detail = useContext(DetailContext);
  const [hovered, setHovered] = useState(false);
  if (!data) return null;
  const { edge, geometry } = data;
  const isNear = detail === "near" || (detail === "mid" && data.isQuiet);
  const showLabel = (isNear && edge.label !== "") || hovered || selected;
  const marked = edge.tone === "failing" || edge.tone === "attention" || edge.warning !== null;
  return (
    <>
      <g
        className={classes.line}
        data-tone={edge.tone}
        data-line={edge.line}
        data-selected={selected || undefined}
        data-dimmed={edge.dimmed || undefined}
        data-change={edge.change ?? undefined}
        onPointerEnter={() => setHovered(true)}
        onPointerLeave={() => setHovered(false)}
      >
        <path d={geometry.path} className={classes.lineHit} />
        <path
          d={geometry.path}
          className={classes.lineStroke}
          style={{ strokeWidth: edge.width }}
          markerEnd={`url(#mw-arrow-${edge.tone})`}
        />
      </g>
      {showLabel || marked ? (
        <EdgeLabelRenderer>
          <div
            className={classes.edgeLabel}
            data-tone={edge.tone}
            data-detail={detail}
            data-selected={selected || undefined}
            data-dimmed={edge.dimmed || undefined}
            style={{
              transform: `translate(-50%, ${geometry.isFlat && showLabel ? "calc(-100% - 6px)" : "-50%"}) translate(${geometry.labelX}px, ${geometry.labelY}px)`,
            }}
          >
            {marked ? (
              <StatusIcon
                status={edge.warning ? "attention" : edge.tone}
                size={14}
                label={edge.warning ?? edge.sentence}
              />
            ) : null}
            {showLabel ? <span>{edge.label || edge.sentence}</span> : null}
          </div>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
});

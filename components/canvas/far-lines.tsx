"use client";
// Thousands of lines seen from far: one path per colour instead of one component per line.
import { ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import classes from "./canvas.module.css";
import { mergedPath } from "./geometry";
import type { CanvasEdge, CanvasNode, Point, Tone } from "./types";

export const FarLines = memo(function FarLines(props: { edges: readonly CanvasEdge[]; nodes: readonly CanvasNode[] }) {
  const paths = useMemo(() => {
    const places = new Map<string, Point>(props.nodes.map((node) => [node.id, node]));
    const byTone = new Map<Tone, { from: Point; to: Point }[]>();
    for (const edge of props.edges) {
      const from = places.get(edge.source);
      const to = places.get(edge.target);
      if (!from || !to || edge.dimmed) continue;
      const lines = byTone.get(edge.tone) ?? [];
      lines.push({ from, to });
      byTone.set(edge.tone, lines);
    }
    return [...byTone].map(([tone, lines]) => ({ tone, path: mergedPath(lines) }));
  }, [props.edges, props.nodes]);
  return (
    <ViewportPortal>
      <svg className={classes.farLayer} aria-hidden="true">
        {paths.map(({ tone, path }) => (
          <path key={tone} d={path} className={classes.far} data-tone={tone} />
        ))}
      </svg>
    </ViewportPortal>
  );
});

"use client";
// Areas behind boxes that belong together, each with its name and a button that closes it. Rule: never takes a click that
// was meant for the canvas; only the head reacts.
import { ViewportPortal } from "@xyflow/react";
import { memo } from "react";
import classes from "./canvas.module.css";
import type { CanvasFrame } from "./types";

export const Frames = memo(function Frames(props: {
  frames: readonly CanvasFrame[];
  onFold: ((frame: string) => void) | undefined;
}) {
  return (
    <ViewportPortal>
      {props.frames.map((frame) => (
        <div
          key={frame.id}
          className={classes.group}
          style={{
            transform: `translate(${frame.x}px, ${frame.y}px)`,
            width: frame.width,
            height: frame.height,
            borderColor: frame.colour,
          }}
        >
          <button
            type="button"
            className={`nopan nodrag ${classes.groupHead}`}
            aria-label={`Close the group ${frame.title}`}
            onClick={() => props.onFold?.(frame.id)}
          >
            {frame.title} <span>{frame.count}</span> <span aria-hidden="true">−</span>
          </button>
        </div>
      ))}
    </ViewportPortal>
  );
});

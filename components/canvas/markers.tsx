import classes from "./canvas.module.css";
import type { Tone } from "./types";

const tones: Tone[] = ["ok", "attention", "failing", "unmeasured", "stale"];

/** Arrow heads, one per tone, of a fixed size whatever the line's width. */
export function Markers() {
  return (
    <svg width="0" height="0" style={{ position: "absolute" }} aria-hidden="true">
      <defs>
        {tones.map((tone) => (
          <marker
            key={tone}
            id={`mw-arrow-${tone}`}
            markerUnits="userSpaceOnUse"
            markerWidth="14"
            markerHeight="14"
            refX="11"
            refY="6"
            orient="auto"
          >
            <path d="M0,0 L12,6 L0,12 L3,6 Z" className={classes.arrow} data-tone={tone} />
          </marker>
        ))}
      </defs>
    </svg>
  );
}

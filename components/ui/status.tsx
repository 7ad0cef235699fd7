"use client";
// The one status language. Job: colour, icon and word for each of the five states, and for what has none. Rule: never show one without the
// word (visible or as accessible name), and "not measured" is never green.
import {
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleDot,
  IconClockPause,
  IconHexagonLetterXFilled,
} from "@tabler/icons-react";
import classes from "./status.module.css";
import { type Mark, statusWord } from "./status-words";

const icons = {
  ok: IconCircleCheckFilled,
  attention: IconAlertTriangleFilled,
  failing: IconHexagonLetterXFilled,
  unmeasured: IconCircleDashed,
  stale: IconClockPause,
  note: IconCircleDot,
};

export function StatusIcon({ status, size = 16, label }: { status: Mark; size?: number; label?: string }) {
  const Icon = icons[status];
  return (
    <Icon
      size={size}
      className={classes.icon}
      data-status={status}
      role={label ? "img" : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
    />
  );
}

/** A pill: icon and word. `children` replaces the word where a more exact one exists ("in sync", "NACK"). */
export function StatusBadge({ status, children }: { status: Mark; children?: React.ReactNode }) {
  return (
    <span className={classes.badge} data-status={status}>
      <StatusIcon status={status} size={14} />
      <span>{children ?? statusWord[status]}</span>
    </span>
  );
}

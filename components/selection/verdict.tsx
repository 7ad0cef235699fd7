"use client";
// A verdict by shape and word, never by colour alone.
import { IconCheck, IconCircleHalf2, IconQuestionMark, IconX } from "@tabler/icons-react";
import type { Known } from "@/lib/selection";
import classes from "./selection.module.css";

const icons = { yes: IconCheck, partly: IconCircleHalf2, no: IconX, unknown: IconQuestionMark };

export function VerdictMark({ verdict, isOwn = false }: { verdict: Known; isOwn?: boolean }) {
  const Icon = icons[verdict];
  return (
    <span className={classes.verdict} data-verdict={verdict}>
      <Icon size={14} aria-hidden />
      {verdict}
      {isOwn ? "*" : ""}
    </span>
  );
}

"use client";
// The line on top when the server cannot be reached. Rule: says since when, marks data as stale, goes away by itself.
import { IconClockPause } from "@tabler/icons-react";
import { useConnection } from "@/components/api-client";
import { formatAgo, useNow } from "@/components/ui";
import classes from "./shell.module.css";

export function ConnectionLine() {
  const { lost, since } = useConnection();
  const now = useNow(1000);
  if (!lost) return null;
  return (
    <div className={classes.connectionLine} role="status">
      <IconClockPause size={16} aria-hidden />
      <span>
        Connection lost {since && now ? formatAgo(since, now) : ""}. What you see is stale; it comes back by itself.
      </span>
    </div>
  );
}

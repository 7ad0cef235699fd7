"use client";
// The shape of the last while, without axes. Rule: decoration for a figure that stands beside it, hidden from readers.
import { memo } from "react";
import classes from "./charts.module.css";
import { sparkPaths } from "./prepare";

export const Sparkline = memo(function Sparkline(props: {
  values: readonly (number | null)[];
  /** What the top stands for; absent: the highest value. */
  max?: number | undefined;
  series?: 1 | 2 | 3 | "failing";
}) {
  const paths = sparkPaths(props.values, 120, 32, props.max);
  return (
    <svg className={classes.spark} viewBox="0 0 120 32" preserveAspectRatio="none" aria-hidden="true">
      {paths.map((path) => (
        <path key={path} d={path} data-series={props.series ?? 1} vectorEffect="non-scaling-stroke" />
      ))}
    </svg>
  );
});

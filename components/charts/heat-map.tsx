"use client";
// Latencies over time as a heat map: what percentiles hide, such as two humps, is seen here.
// Rule: the same time axis and margins as TimeChart, so that the eye can go straight down.
import { useMemo } from "react";
import classes from "./charts.module.css";
import { heatCells } from "./heat-cells";

const STEPS = [1, 2, 3, 4, 5];

export function HeatMap(props: {
  title: string;
  bounds: readonly number[];
  counts: readonly (readonly number[])[];
  /** Epoch milliseconds of the points, in order. */
  times: readonly number[];
  from: number;
  to: number;
  formatMs(value: number): string;
  noData: string;
}) {
  const { bounds, counts, times, from, to, formatMs } = props;
  const { rows, cells } = useMemo(() => heatCells(bounds, counts), [bounds, counts]);
  const step = Math.max(1, (times.at(-1) ?? to) - (times.at(-2) ?? from));
  const span = Math.max(1, to - from);
  const every = Math.ceil(rows.length / 5);
  const clock = (at: number) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const range = ({ from: low, to: high }: { from: number; to: number }) =>
    Number.isFinite(high) ? `${formatMs(low)} to ${formatMs(high)}` : `over ${formatMs(low)}`;
  return (
    <figure className={classes.chart}>
      <figcaption className={classes.head}>
        <span className={classes.title}>{props.title}</span>
        <span className={classes.keys}>
          <span>
            fewer
            <svg width="60" height="10" aria-hidden="true">
              {STEPS.map((each) => (
                <rect
                  key={each}
                  x={(each - 1) * 12}
                  y="0"
                  width="12"
                  height="10"
                  className={classes.heat}
                  data-step={each}
                />
              ))}
            </svg>
            more requests
          </span>
        </span>
      </figcaption>
      {cells.length === 0 ? (
        <div className={classes.nothing}>{props.noData}</div>
      ) : (
        <div className={classes.heatPlot}>
          <svg
            className={classes.heatMap}
            viewBox={`0 0 ${span} ${rows.length}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${props.title}: from ${range({ from: rows[0]?.from ?? 0, to: rows.at(-1)?.to ?? 0 })}`}
          >
            {cells.map((cell) => {
              const at = times[cell.column];
              const row = rows[cell.row];
              if (at === undefined || row === undefined || at < from) return null;
              return (
                <rect
                  key={`${cell.column} ${cell.row}`}
                  className={classes.heat}
                  data-step={cell.step}
                  x={at - from}
                  y={rows.length - 1 - cell.row}
                  width={Math.max(1, Math.min(step, to - at))}
                  height={1}
                >
                  <title>{`${clock(at)}: ${Math.max(1, Math.round(cell.count))} requests took ${range(row)}`}</title>
                </rect>
              );
            })}
          </svg>
          <ol className={classes.heatRows} aria-hidden="true">
            {rows.map((row, index) =>
              index % every === 0 ? (
                <li key={row.from} style={{ bottom: `${(index / rows.length) * 100}%` }}>
                  {formatMs(row.from)}
                </li>
              ) : null,
            )}
          </ol>
          <div className={classes.heatTimes} aria-hidden="true">
            <span>{clock(from)}</span>
            <span>{clock(to)}</span>
          </div>
        </div>
      )}
    </figure>
  );
}

"use client";
// One chart over time. Job: lines with gaps, marks for changes, one shared hover for all charts of a screen.
// Rule: what was not measured is not drawn; the state (live, zero, stale, no data) is said in words over the plot.
import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { StatusBadge } from "@/components/ui";
import classes from "./charts.module.css";
import { type ChartPoint, niceMax } from "./prepare";

export interface Series {
  name: string;
  label: string;
  colour: 1 | 2 | 3 | "failing";
  /** Told apart without colour too. */
  dash?: string;
}

export interface Mark {
  at: string;
  text: string;
  id: string;
}

export type ChartState = "live" | "zero" | "stale" | "no-data";

export function TimeChart(props: {
  title: string;
  /** The value now, in words; stands beside the title. */
  value: string;
  points: readonly ChartPoint[];
  series: readonly Series[];
  state: ChartState;
  marks: readonly Mark[];
  format(value: number): string;
  floor: number;
  limit?: { value: number; label: string };
  noData: string;
  /** The time shown, epoch milliseconds; the same for all charts of a screen. */
  from: number;
  to: number;
}) {
  const { points, series, format, state } = props;
  const values = points.flatMap((point) => series.map((each) => point[each.name] ?? null));
  const max = niceMax([...values, props.limit?.value ?? null], props.floor);
  const isEmpty = state === "no-data" || values.every((value) => value === null);
  return (
    <figure className={classes.chart} data-state={state}>
      <figcaption className={classes.head}>
        <span className={classes.title}>{props.title}</span>
        <span className={classes.value}>{props.value}</span>
        {state === "stale" ? <StatusBadge status="stale" /> : null}
        {state === "zero" ? <span className={classes.zero}>no traffic now</span> : null}
        {series.length > 1 ? (
          <span className={classes.keys}>
            {series.map((each) => (
              <span key={each.name}>
                <svg width="16" height="6" aria-hidden="true">
                  <line
                    x1="0"
                    y1="3"
                    x2="16"
                    y2="3"
                    stroke={colourOf(each.colour)}
                    strokeWidth="2"
                    strokeDasharray={each.dash}
                  />
                </svg>
                {each.label}
              </span>
            ))}
          </span>
        ) : null}
      </figcaption>
      {isEmpty ? (
        <div className={classes.nothing}>{props.noData}</div>
      ) : (
        <div className={classes.plot}>
          <ResponsiveContainer width="100%" height="100%" debounce={50} initialDimension={{ width: 520, height: 160 }}>
            <LineChart
              data={[...points]}
              syncId="signals"
              margin={{ top: 16, right: 8, bottom: 0, left: 0 }}
              accessibilityLayer
              title={props.title}
            >
              <CartesianGrid vertical={false} stroke="var(--mw-border)" />
              <XAxis
                dataKey="at"
                type="number"
                scale="time"
                domain={[props.from, props.to]}
                allowDataOverflow
                tickFormatter={clock}
                tickLine={false}
                axisLine={false}
                minTickGap={48}
                fontSize={11}
                stroke="var(--mw-text-dim)"
              />
              <YAxis
                domain={[0, max]}
                ticks={[0, max / 2, max]}
                tickFormatter={format}
                tickLine={false}
                axisLine={false}
                width={64}
                fontSize={11}
                stroke="var(--mw-text-dim)"
              />
              <Tooltip
                isAnimationActive={false}
                content={({ active, payload, label }) =>
                  active && payload.length > 0 ? (
                    <div className={classes.tooltip}>
                      <div>{new Date(Number(label)).toLocaleTimeString("en-GB")}</div>
                      {payload.map((each) => (
                        <div key={String(each.dataKey)}>
                          {series.find((one) => one.name === each.dataKey)?.label}:{" "}
                          <b>{typeof each.value === "number" ? format(each.value) : "not measured"}</b>
                        </div>
                      ))}
                    </div>
                  ) : null
                }
              />
              {props.marks.map((mark, index) => (
                <ReferenceLine
                  key={mark.id}
                  x={new Date(mark.at).getTime()}
                  stroke="var(--mw-accent)"
                  strokeDasharray="4 3"
                  label={{ value: index + 1, position: "top", fontSize: 11, fill: "var(--mw-accent-text)", offset: 2 }}
                  ifOverflow="hidden"
                />
              ))}
              {props.limit ? (
                <ReferenceLine
                  y={props.limit.value}
                  stroke="var(--mw-failing-line)"
                  strokeDasharray="6 4"
                  label={{
                    value: props.limit.label,
                    position: "insideTopRight",
                    fontSize: 11,
                    fill: "var(--mw-failing)",
                  }}
                />
              ) : null}
              {series.map((each) => (
                <Line
                  key={each.name}
                  dataKey={each.name}
                  stroke={colourOf(each.colour)}
                  strokeWidth={1.75}
                  strokeDasharray={each.dash}
                  dot={false}
                  connectNulls={false}
                  isAnimationActive={false}
                  strokeOpacity={state === "stale" ? 0.5 : 1}
                />
              ))}
            </LineChart>
          </ResponsiveContainer>
        </div>
      )}
    </figure>
  );
}

function colourOf(colour: Series["colour"]): string {
  return colour === "failing" ? "var(--mw-failing-line)" : `var(--mw-series-${colour})`;
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

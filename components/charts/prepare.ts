// From measured points to what a chart draws. Rule: a point that was not measured is a gap, never zero and never
// bridged; marks are snapped to no point, they stand at their time.
export interface ChartPoint {
  at: number;
  [series: string]: number | null;
}

/** Points with epoch milliseconds; missing steps inside the range become gaps. */
export function withGaps<T extends { at: string }>(
  points: readonly T[],
  pick: Record<string, (point: T) => number | null>,
): ChartPoint[] {
  const rows = points.map((point) => {
    const row: ChartPoint = { at: new Date(point.at).getTime() };
    for (const [name, read] of Object.entries(pick)) row[name] = read(point);
    return row;
  });
  const step = typicalStep(rows);
  const out: ChartPoint[] = [];
  for (const row of rows) {
    const last = out.at(-1);
    if (last && step > 0 && row.at - last.at > step * 1.8) {
      const gap: ChartPoint = { at: last.at + step };
      for (const name of Object.keys(pick)) gap[name] = null;
      out.push(gap);
    }
    out.push(row);
  }
  return out;
}

function typicalStep(rows: readonly ChartPoint[]): number {
  const steps = rows.slice(1).map((row, index) => row.at - (rows[index]?.at ?? row.at));
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

/** The top of a value axis: 1, 2, 2.5, 5 times a power of ten, so that grid lines read well. */
export function niceMax(values: readonly (number | null)[], floor: number): number {
  const highest = Math.max(floor, ...values.map((value) => value ?? 0));
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= highest) ?? 10;
  return step * power;
}

/** SVG path pieces of a sparkline: one per run of measured points. */
export function sparkPaths(values: readonly (number | null)[], width: number, height: number, least = 1e-9): string[] {
  const max = Math.max(...values.map((value) => value ?? 0), least);
  const x = (index: number) => (values.length < 2 ? width / 2 : (index / (values.length - 1)) * width);
  const y = (value: number) => height - 1 - (value / max) * (height - 2);
  const paths: string[] = [];
  let run = "";
  values.forEach((value, index) => {
    if (value === null) {
      if (run) paths.push(run);
      run = "";
      return;
    }
    run += `${run ? "L" : "M"}${x(index).toFixed(1)},${y(value).toFixed(1)}`;
  });
  if (run) paths.push(run);
  return paths;
}

export interface Change {
  /** "+12 %", "−3 points", "no change"; null when one side was not measured. */
  text: string;
  direction: "up" | "down" | "same";
}

/** Relative change of amounts; ratios change in points, because 0.1 % to 0.2 % is not "+100 %" to anybody. */
export function changeOf(now: number | null, before: number | null, kind: "amount" | "ratio"): Change | null {
  if (now === null || before === null) return null;
  const delta = kind === "ratio" ? (now - before) * 100 : before === 0 ? null : ((now - before) / before) * 100;
  if (delta === null) return now === 0 ? { text: "no change", direction: "same" } : null;
  const unit = kind === "ratio" ? " points" : " %";
  const size = Math.abs(delta);
  if (size < (kind === "ratio" ? 0.05 : 1)) return { text: "no change", direction: "same" };
  const digits = size >= 10 || kind === "amount" ? 0 : 1;
  return { text: `${delta > 0 ? "+" : "−"}${size.toFixed(digits)}${unit}`, direction: delta > 0 ? "up" : "down" };
}

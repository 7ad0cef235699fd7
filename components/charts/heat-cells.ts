// From bucket counts to the cells of a heat map. Rule: an empty cell is not drawn; five steps, so that a reader can name them.

export interface HeatCell {
  /** Index of the point and of the row, 0 = lowest latency shown. */
  column: number;
  row: number;
  count: number;
  /** 1 to 5: how many requests, against the fullest cell; by square root, so that a thin tail is still seen. */
  step: number;
}

export interface HeatRow {
  /** Milliseconds; Infinity for the last one. */
  from: number;
  to: number;
}

const STEPS = 5;

/** `counts[point][bucket]`, not cumulative; `bounds` are upper ends, in ms, the last one may be missing for +Inf. */
export function heatCells(
  bounds: readonly number[],
  counts: readonly (readonly number[])[],
): { rows: HeatRow[]; cells: HeatCell[] } {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = -1;
  let most = 0;
  for (const column of counts) {
    column.forEach((count, bucket) => {
      if (count <= 0) return;
      lowest = Math.min(lowest, bucket);
      highest = Math.max(highest, bucket);
      most = Math.max(most, count);
    });
  }
  if (highest < 0) return { rows: [], cells: [] };
  const rows = Array.from({ length: highest - lowest + 1 }, (_, index) => ({
    from: bounds[lowest + index - 1] ?? 0,
    to: bounds[lowest + index] ?? Number.POSITIVE_INFINITY,
  }));
  const cells = counts.flatMap((column, index) =>
    column.flatMap((count, bucket) =>
      count > 0
        ? [
            {
              column: index,
              row: bucket - lowest,
              count,
              step: Math.max(1, Math.ceil(STEPS * Math.sqrt(count / most))),
            },
          ]
        : [],
    ),
  );
  return { rows, cells };
}

// Places boxes in columns by how far they are from where calls begin. The rule: simple and stable; a cycle does not hang it.

export interface Placed {
  column: number;
  row: number;
}

/** A mesh has long chains rarely; a deeper one is folded into the last column. */
const MOST_COLUMNS = 6;

export function layered(ids: readonly string[], lines: readonly { from: string; to: string }[]): Map<string, Placed> {
  const columns = new Map<string, number>();
  const called = new Set(lines.map(({ to }) => to));
  const next = new Map<string, string[]>();
  for (const { from, to } of lines) next.set(from, [...(next.get(from) ?? []), to]);
  const begin = ids.filter((id) => !called.has(id));
  let front = begin.length > 0 ? begin : ids.slice(0, 1);
  for (let column = 0; front.length > 0 && column < MOST_COLUMNS; column += 1) {
    for (const id of front) columns.set(id, Math.max(columns.get(id) ?? 0, column));
    front = [...new Set(front.flatMap((id) => next.get(id) ?? []))].filter(
      (id) => (columns.get(id) ?? -1) < column + 1,
    );
  }
  const rows = new Map<number, number>();
  return new Map(
    ids.map((id) => {
      const column = columns.get(id) ?? 0;
      const row = rows.get(column) ?? 0;
      rows.set(column, row + 1);
      return [id, { column, row }];
    }),
  );
}

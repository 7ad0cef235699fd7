// Where closed groups stand while nothing else is on the picture: in columns, callers left of callees.
// Rule: pure and deterministic; cycles are cut where they are first met, so that every group gets a column.
import type { Point } from "@/components/canvas";

const across = 380;
const down = 150;
const perColumn = 9;
const screenRatio = 1.6;
const mostColumns = 7;

export function placeGroups(
  groups: readonly string[],
  lines: readonly { source: string; target: string }[],
): Map<string, Point> {
  const callees = new Map<string, string[]>();
  for (const { source, target } of lines) callees.set(source, [...(callees.get(source) ?? []), target]);
  const columns = foldedWhenLong(columnsOf([...groups].sort(), callees), groups.length);
  const places = new Map<string, Point>();
  let x = 0;
  for (const column of columns) {
    for (let from = 0; from < column.length; from += perColumn) {
      const part = column.slice(from, from + perColumn);
      const top = (-(part.length - 1) * down) / 2;
      for (const [row, group] of part.entries()) places.set(group, { x, y: Math.round(top + row * down) });
      x += across;
    }
  }
  return places;
}

/** Groups that all call each other would stand in one long row: then the same order fills a block as wide as a screen. */
function foldedWhenLong(columns: string[][], count: number): string[][] {
  const wanted = Math.max(1, Math.round(Math.sqrt((count * screenRatio * down) / across)));
  if (columns.length <= Math.max(mostColumns, 2 * wanted)) return columns;
  const order = columns.flat();
  const rows = Math.ceil(count / wanted);
  return Array.from({ length: wanted }, (_, column) => order.slice(column * rows, (column + 1) * rows));
}

/** The longest way from a caller that nobody calls, back edges left out. */
function columnsOf(groups: readonly string[], callees: ReadonlyMap<string, readonly string[]>): string[][] {
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const forward = new Map<string, string[]>();
  const visit = (group: string) => {
    state.set(group, "open");
    for (const callee of callees.get(group) ?? []) {
      if (state.get(callee) === "open") continue;
      forward.set(group, [...(forward.get(group) ?? []), callee]);
      if (!state.has(callee)) visit(callee);
    }
    state.set(group, "done");
    order.push(group);
  };
  const called = new Set([...callees.values()].flat());
  for (const group of groups) if (!called.has(group) && !state.has(group)) visit(group);
  for (const group of groups) if (!state.has(group)) visit(group);
  const depth = new Map<string, number>(groups.map((group) => [group, 0]));
  for (const group of order.toReversed()) {
    const own = depth.get(group) ?? 0;
    for (const callee of forward.get(group) ?? []) depth.set(callee, Math.max(depth.get(callee) ?? 0, own + 1));
  }
  const columns = new Map<number, string[]>();
  for (const group of groups) {
    const at = depth.get(group) ?? 0;
    columns.set(at, [...(columns.get(at) ?? []), group]);
  }
  return [...columns.keys()].sort((a, b) => a - b).flatMap((at) => [columns.get(at) ?? []]);
}

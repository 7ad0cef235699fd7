// Two memories of one time: rollups of whole minutes in the database, finer windows in the scraper's memory.
// The rule: each request is told once. Where both know a time the finer one speaks, except in the minute in which the finer
// memory begins (the scraper was started anew): there the rollup does, if it knows more.
import { callsIn } from "./flow";
import type { MeasuredWindow } from "./series";
import { minuteOf } from "./series";

const MINUTE_MS = 60_000;

const callsOf = (windows: readonly MeasuredWindow[]): number =>
  windows.reduce((sum, { flows }) => sum + flows.reduce((each, flow) => each + callsIn(flow), 0), 0);

/** Both sorted by time. A recent window belongs to the minute in which it ended, as in the rollups. */
export function joinWindows(
  rollups: readonly MeasuredWindow[],
  recent: readonly MeasuredWindow[],
): { older: MeasuredWindow[]; finer: MeasuredWindow[] } {
  const [first] = recent;
  if (!first) return { older: [...rollups], finer: [] };
  const beginning = minuteOf(first.endMs);
  const older = rollups.filter(({ startMs }) => startMs < beginning);
  const rollup = rollups.find(({ startMs }) => startMs === beginning);
  const inside = recent.filter(({ endMs }) => endMs < beginning + MINUTE_MS);
  if (!rollup || callsOf([rollup]) <= callsOf(inside)) return { older, finer: [...recent] };
  return { older: [...older, rollup], finer: recent.slice(inside.length) };
}

// What is known of a running environment that a board asks for: calls that were seen, and the last measured checks.
// The rule: read only, bounded, and told with its time; a review never makes a measurement.
import type { ObservedCall } from "@/lib/simulate";
import type { Connection } from "../client";

const SEEN_WITHIN_MS = 24 * 3_600_000;
const MAX_SHAPES = 2_000;

/** The most frequent shapes of the last day. */
export async function observedIn(connection: Connection, environmentId: string): Promise<ObservedCall[]> {
  const rows = await connection.observedShape.groupBy({
    by: ["caller", "callee", "method", "pathPattern"],
    where: { environmentId, minute: { gte: new Date(Date.now() - SEEN_WITHIN_MS) } },
    _sum: { count: true },
    orderBy: { _sum: { count: "desc" } },
    take: MAX_SHAPES,
  });
  return rows.map(({ caller, callee, method, pathPattern, _sum }) => ({
    caller,
    callee,
    method,
    path: pathPattern,
    count: Number(_sum.count ?? 0),
  }));
}

export interface LiveCheck {
  control: string;
  state: string;
  summary: string;
  at: Date | null;
  runId: string;
}

/** The live layer of the newest finished run; empty when nothing was measured yet. */
export async function lastLiveChecks(connection: Connection, environmentId: string): Promise<LiveCheck[]> {
  const run = await connection.checkRun.findFirst({
    where: { environmentId, finishedAt: { not: null }, error: null },
    orderBy: { finishedAt: "desc" },
    include: { results: { where: { layer: "live" } } },
  });
  if (!run) return [];
  return run.results.map(({ control, state, summary }) => ({
    control,
    state,
    summary,
    at: run.finishedAt,
    runId: run.id,
  }));
}

// What was seen in a running environment: the calls that a board's questions are asked for beside the drawn ones.
// The rule: read only and bounded; a review never makes a measurement.
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

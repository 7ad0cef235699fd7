// Requests that arrived without TLS, as the proxies of the callees counted them.

import { parseKey } from "@/lib/mesh";
import type { PlaintextCalls } from "@/lib/modes";
import type { Connection } from "./client";

const MAX_PAIRS = 2_000;

/** Since `from`, most first. The caller has checked that the environment may be read. */
export async function plaintextCalls(
  connection: Connection,
  { environmentId, from }: { environmentId: string; from: Date },
): Promise<PlaintextCalls[]> {
  const rows = await connection.rollupMinute.groupBy({
    by: ["source", "destination"],
    where: { environmentId, reporter: "destination", security: "none", minute: { gte: from } },
    _sum: { requests: true },
    orderBy: { _sum: { requests: "desc" } },
    take: MAX_PAIRS,
  });
  return rows.map(({ source, destination, _sum }) => ({
    caller: parseKey(source) ? source : null,
    callee: destination,
    requests: Number(_sum.requests ?? 0),
  }));
}

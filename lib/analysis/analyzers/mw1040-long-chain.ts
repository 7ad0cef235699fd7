// MW1040: a request that waits through many services. Latencies add up, availabilities multiply.
import type { ObjectKey } from "@/lib/mesh";
import { type Call, cyclesOf, nameOf, syncCalls } from "../calls";
import type { FindingBody, MeshAnalyzer } from "../finding";

/** Hops. Ten services of 99.9 % are 99 % together. */
const MAX_HOPS = 5;

export const mw1040LongChain: MeshAnalyzer = {
  code: "MW1040",
  title: "Long synchronous chain",
  area: "resilience",
  scope: "mesh",
  run(index) {
    const calls = syncCalls(index);
    const inCycle = new Set(cyclesOf(calls).flat());
    const next = new Map<ObjectKey, { depth: number; to: ObjectKey | undefined }>();
    const callees = new Set([...calls.values()].flat().map((call) => call.to));
    return [...calls.keys()]
      .filter((key) => !callees.has(key) && !inCycle.has(key))
      .flatMap((start): FindingBody[] => {
        const { depth } = deepest(start, calls, inCycle, next);
        if (depth <= MAX_HOPS) return [];
        const path = [start];
        for (let to = next.get(start)?.to; to !== undefined; to = next.get(to)?.to) path.push(to);
        return [
          {
            code: "MW1040",
            severity: "info",
            message: `A request of ${nameOf(start)} waits through ${depth} calls: ${path.map(nameOf).join(" -> ")}.`,
            cause:
              "Each hop adds its time, and the request succeeds only when all of them do. Something asynchronous in between cuts the chain.",
            refs: path,
          },
        ];
      });
  },
};

/**
 * Without recursion: chains can be as long as the mesh is large. What was entered and is not known yet is an ancestor: a call back
 * to it closes a cycle that `inCycle` does not name, and is not followed.
 */
function deepest(
  start: ObjectKey,
  calls: Map<ObjectKey, Call[]>,
  inCycle: Set<ObjectKey>,
  known: Map<ObjectKey, { depth: number; to: ObjectKey | undefined }>,
) {
  const work = [start];
  const entered = new Set<ObjectKey>();
  for (let key = work.at(-1); key !== undefined; key = work.at(-1)) {
    entered.add(key);
    const to = (calls.get(key) ?? []).map((call) => call.to).filter((each) => !inCycle.has(each));
    const open = to.filter((each) => !known.has(each) && !entered.has(each));
    if (open.length > 0) {
      work.push(...open);
      continue;
    }
    work.pop();
    const best = to.reduce<ObjectKey | undefined>(
      (a, b) => (a === undefined || (known.get(b)?.depth ?? 0) > (known.get(a)?.depth ?? 0) ? b : a),
      undefined,
    );
    known.set(key, { depth: best === undefined ? 0 : 1 + (known.get(best)?.depth ?? 0), to: best });
  }
  return known.get(start) ?? { depth: 0, to: undefined };
}

// MW1009: services that wait for each other in a circle.
import { objectKey } from "@/lib/mesh";
import { type Call, cyclesOf, nameOf, syncCalls } from "../calls";
import type { FindingBody, MeshAnalyzer } from "../finding";

export const mw1009DependencyCycle: MeshAnalyzer = {
  code: "MW1009",
  title: "Circle of dependencies",
  area: "resilience",
  scope: "mesh",
  run(index) {
    const calls = syncCalls(index);
    return cyclesOf(calls).map((group): FindingBody => {
      const members = new Set(group);
      const inside = group.flatMap((key) => calls.get(key)?.filter((call) => members.has(call.to)) ?? []);
      const circle = walk(group[0] ?? "", inside);
      return {
        code: "MW1009",
        severity: "warning",
        message: `${circle.map(nameOf).join(" -> ")} wait for each other in a circle.`,
        cause: "When one of them is slow, all of them are, and none can start or recover before the others.",
        refs: [...inside.map((call) => objectKey(call.dependency)), ...group],
        fixes: inside.slice(0, 8).map((call) => ({
          title: `Make ${nameOf(call.from)} -> ${nameOf(call.to)} asynchronous in the design`,
          command: { type: "patchSpec", key: objectKey(call.dependency), path: ["interaction"], value: "async" },
        })),
      };
    });
  },
};

/** One shortest circle through `start`, for the message. */
function walk(start: string, calls: readonly Call[]): string[] {
  const before = new Map<string, string>();
  const queue = [start];
  for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
    for (const call of calls.filter((each) => each.from === key)) {
      if (call.to === start) {
        const path = [start];
        for (let at: string | undefined = key; at !== undefined && at !== start; at = before.get(at)) path.unshift(at);
        return [start, ...path];
      }
      if (before.has(call.to)) continue;
      before.set(call.to, key);
      queue.push(call.to);
    }
  }
  return [start];
}

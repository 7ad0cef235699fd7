// MW1011: a caller gives up before what it calls may: the inner work goes on for nobody.
import { type MeshIndex, type ObjectKey, objectKey, type Route, refKey } from "@/lib/mesh";
import { durationText } from "@/lib/mesh/diff/words";
import { nameOf } from "../calls";
import type { Finding, ObjectAnalyzer } from "../finding";

type Longest = { route: Route; rule: number; ms: number };

export const mw1011TimeoutInversion: ObjectAnalyzer<"Dependency"> = {
  code: "MW1011",
  title: "Inner timeout longer than the outer",
  scope: "object",
  kind: "Dependency",
  run(index, dependency) {
    if (dependency.spec.interaction === "async") return [];
    const caller = refKey(dependency.spec.from, dependency);
    const callee = refKey(dependency.spec.to, dependency);
    const outer = longest(index, caller);
    const inner = longest(index, callee);
    // a gateway's timeout covers its call itself: there the two are the same time
    if (!outer || !inner || caller.startsWith("Gateway/") || inner.ms < outer.ms) return [];
    const shorter = Math.max(1, Math.floor((outer.ms * 0.8) / 100) * 100 || Math.floor(outer.ms * 0.8));
    const key = objectKey(inner.route);
    const finding: Finding = {
      code: "MW1011",
      severity: "warning",
      message: `Calls to ${nameOf(caller)} end after ${durationText(outer.ms)}, but it waits up to ${durationText(inner.ms)} for ${nameOf(callee)}.`,
      cause:
        "When the outer timeout ends first, the caller has its error while the inner work goes on for nobody and holds connections.",
      refs: [key, objectKey(outer.route), objectKey(dependency)],
      path: `spec.rules[${inner.rule}].timeoutMs`,
      fixes: [
        {
          title: `Shorten calls to ${nameOf(callee)} to ${durationText(shorter)}`,
          command: { type: "patchSpec", key, path: ["rules", inner.rule, "timeoutMs"], value: shorter },
        },
      ],
    };
    return [finding];
  },
};

/** The rule with the longest timeout; undefined when one has none, for then there is no limit to compare. */
function longest(index: MeshIndex, target: ObjectKey): Longest | undefined {
  let found: Longest | undefined;
  for (const route of index.routesOf(target)) {
    for (const [rule, { timeoutMs }] of route.spec.rules.entries()) {
      if (timeoutMs === undefined) return undefined;
      if (!found || timeoutMs > found.ms) found = { route, rule, ms: timeoutMs };
    }
  }
  return found;
}

// MW1057: a rule for callers that nobody is. No sidecar gets it, and nothing else says so.
import {
  type CallerMatch,
  isMeantCaller,
  type MeshIndex,
  objectKey,
  type Route,
  refKey,
  type Workload,
  workloadOwnerKey,
} from "@/lib/mesh";
import { callerText } from "@/lib/mesh/diff/words";
import { endsOf } from "../calls";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1057RuleForNobody: ObjectAnalyzer<"Route"> = {
  code: "MW1057",
  title: "Rule for callers that nobody is",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(index, route) {
    return route.spec.rules.flatMap(({ matches }, r) =>
      matches.flatMap(({ caller }, m) => {
        const why = caller && whyNobody(index, route, caller);
        return caller && why ? [findingOf(route, r, m, caller, why)] : [];
      }),
    );
  },
};

/** Undefined where a workload that calls the target is meant. */
function whyNobody(index: MeshIndex, route: Route, caller: CallerMatch): string | undefined {
  const meant = index.all("Workload").filter((workload) => isMeantCaller(caller, workload));
  if (meant.length === 0) return "No workload of this design is in that namespace with these labels.";
  const target = refKey(route.spec.target, route);
  const drawn = [target, ...index.workloadsOf(target).map(objectKey)].flatMap((key) => index.dependenciesTo(key));
  const callers = new Set(drawn.map((dependency) => endsOf(dependency).from));
  const calls = (workload: Workload) => callers.has(objectKey(workload)) || callers.has(workloadOwnerKey(workload));
  if (meant.some(calls)) return undefined;
  const names = meant.slice(0, 3).map(({ metadata }) => metadata.name);
  return `${names.join(", ")}${meant.length > 3 ? ` and ${meant.length - 3} more` : ""} would be meant, and no line leads from there to ${route.spec.target.name}.`;
}

function findingOf(route: Route, r: number, m: number, caller: CallerMatch, why: string): FindingBody {
  const key = objectKey(route);
  const path = ["rules", r, "matches", m, "caller"];
  return {
    code: "MW1057",
    severity: "warning",
    message: `Rule ${r + 1} of ${route.metadata.name} is for ${callerText(caller)}, and no such caller calls ${route.spec.target.name}.`,
    cause: `${why} Such a rule is part of the callers' own configuration, so no sidecar has it.`,
    refs: [key],
    path: `spec.rules[${r}].matches[${m}].caller`,
    fixes: [{ title: "Make it for every caller", command: { type: "patchSpec", key, path } }],
  };
}

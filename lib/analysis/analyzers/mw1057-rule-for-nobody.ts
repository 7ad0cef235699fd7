// MW1057: a rule for callers that nobody is. No sidecar gets it, and nothing else says so.
import {
  type CallerMatch,
  isMeantCaller,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  type Route,
  refKey,
  type TcpRoute,
  tcpTargetKey,
  tcpTargetOf,
  type Workload,
  workloadOwnerKey,
} from "@/lib/mesh";
import { callerText } from "@/lib/mesh/diff/words";
import { endsOf } from "../calls";
import type { FindingBody, KindsAnalyzer } from "../finding";

export const mw1057RuleForNobody: KindsAnalyzer = {
  code: "MW1057",
  title: "Rule for callers that nobody is",
  area: "routing",
  scope: "object",
  kinds: ["Route", "TcpRoute"],
  run(index, route) {
    if (route.kind !== "Route" && route.kind !== "TcpRoute") return [];
    const target = targetOf(route);
    return [...route.spec.rules.entries()].flatMap(([r, { matches }]) =>
      [...matches.entries()].flatMap(([m, { caller }]) => {
        const why = caller && whyNobody(index, target, caller);
        return caller && why ? [findingOf(route, target.name, r, m, caller, why)] : [];
      }),
    );
  },
};

type Target = { key: ObjectKey; name: string };

function targetOf(route: Route | TcpRoute): Target {
  if (route.kind === "TcpRoute") return { key: tcpTargetKey(route), name: tcpTargetOf(route).name };
  return { key: refKey(route.spec.target, route), name: route.spec.target.name };
}

/** Undefined where a workload that calls the target is meant. */
function whyNobody(index: MeshIndex, { key: target, name }: Target, caller: CallerMatch): string | undefined {
  const meant = index.all("Workload").filter((workload) => isMeantCaller(caller, workload));
  if (meant.length === 0) return "No workload of this design is in that namespace with these labels.";
  const drawn = [target, ...index.workloadsOf(target).map(objectKey)].flatMap((key) => index.dependenciesTo(key));
  const callers = new Set(drawn.map((dependency) => endsOf(dependency).from));
  const calls = (workload: Workload) => callers.has(objectKey(workload)) || callers.has(workloadOwnerKey(workload));
  if (meant.some(calls)) return undefined;
  const names = meant.slice(0, 3).map(({ metadata }) => metadata.name);
  return `${names.join(", ")}${meant.length > 3 ? ` and ${meant.length - 3} more` : ""} would be meant, and no line leads from there to ${name}.`;
}

function findingOf(
  route: Route | TcpRoute,
  target: string,
  r: number,
  m: number,
  caller: CallerMatch,
  why: string,
): FindingBody {
  const key = objectKey(route);
  const path = ["rules", r, "matches", m, "caller"];
  return {
    code: "MW1057",
    severity: "warning",
    message: `Rule ${r + 1} of ${route.metadata.name} is for ${callerText(caller)}, and no such caller calls ${target}.`,
    cause: `${why} Such a rule is part of the callers' own configuration, so no sidecar has it.`,
    refs: [key],
    path: `spec.rules[${r}].matches[${m}].caller`,
    fixes: [{ title: "Make it for every caller", command: { type: "patchSpec", key, path } }],
  };
}

// What makes a route impossible: a target of the wrong kind, weights without a sum, unknown ports, patterns that do not compile.
import { RE2JS } from "re2js";
import type { MeshIndex } from "../index-document";
import { serviceRefKey } from "../refs";
import type { MeshObject, Path, Route, RouteMatch } from "../types";
import type { Complaint } from "./complaint";
import { unknownPort } from "./topology";

export function violationsOfRoute(object: MeshObject, index: MeshIndex): Complaint[] {
  if (object.kind !== "Route") return [];
  return [
    ...violationsOfTarget(object),
    ...object.spec.rules.flatMap((rule, r) => [
      ...rule.matches.flatMap((match, m) => violationsOfMatch(match, ["spec", "rules", r, "matches", m])),
      ...violationsOfDestinations(object, r, index),
      ...violationsOfFault(object, r),
    ]),
  ];
}

function violationsOfTarget(route: Route): Complaint[] {
  const { target, hosts } = route.spec;
  if (target.kind === "Workload") {
    const fix = "Name the service that the workload runs.";
    return [{ path: ["spec", "target", "kind"], message: "must be a Service, Gateway or ExternalService", fix }];
  }
  if (hosts && hosts.length > 0 && target.kind !== "Gateway") {
    const fix = "Remove the hosts: callers inside the mesh use the service's own names.";
    return [{ path: ["spec", "hosts"], message: "has an effect on gateways only", fix }];
  }
  return [];
}

function violationsOfDestinations(route: Route, r: number, index: MeshIndex): Complaint[] {
  const action = route.spec.rules[r]?.action;
  if (action?.type !== "forward") return [];
  const path: Path = ["spec", "rules", r, "action", "destinations"];
  const complaints = action.destinations.flatMap((destination, d) =>
    unknownPort(index, serviceRefKey(destination.service, route), destination.port, [...path, d, "port"]),
  );
  if (action.destinations.length > 1 && action.destinations.every((each) => each.weight === 0)) {
    complaints.push({ path, message: "has only weights of 0", fix: "Give at least one destination a weight above 0." });
  }
  return complaints;
}

function violationsOfFault(route: Route, r: number): Complaint[] {
  const rule = route.spec.rules[r];
  if (!rule?.fault || rule.action.type === "forward") return [];
  const message = "is for requests that are sent on, and this rule answers them itself";
  return [{ path: ["spec", "rules", r, "fault"], message, fix: "Remove the fault, or let the rule forward." }];
}

export function violationsOfMatch(match: RouteMatch, path: Path): Complaint[] {
  const complaints: Complaint[] = [];
  const pattern = (value: string | undefined, at: Path) => {
    const problem = value === undefined ? undefined : patternProblem(value);
    if (problem)
      complaints.push({ path: at, message: `is not an RE2 pattern: ${problem}`, fix: "Correct the pattern." });
  };
  if (match.path?.type === "regex") pattern(match.path.value, [...path, "path", "value"]);
  else if (match.path && !match.path.value.startsWith("/") && match.path.type !== "prefix") {
    const message = "can never match: a path begins with /";
    complaints.push({ path: [...path, "path", "value"], message, fix: `Write /${match.path.value}.` });
  }
  match.headers?.forEach((each, i) => {
    if (each.type === "regex") pattern(each.value, [...path, "headers", i, "value"]);
  });
  match.query?.forEach((each, i) => {
    if (each.type === "regex") pattern(each.value, [...path, "query", i, "value"]);
  });
  return complaints;
}

/** Why RE2 refuses the pattern; undefined when it takes it. */
export function patternProblem(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "it does not compile";
  }
}

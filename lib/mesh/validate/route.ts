// What makes a route impossible: a target of the wrong kind, weights without a sum, unknown ports, patterns that do not compile.
import { RE2JS } from "re2js";
import type { MeshIndex } from "../index-document";
import { routeEndsOf } from "../references";
import { refKey, serviceRefKey } from "../refs";
import type { MeshObject, Path, RequestMatch, Route } from "../types";
import type { Complaint } from "./complaint";
import { unknownPort } from "./topology";

export function violationsOfRoute(object: MeshObject, index: MeshIndex): Complaint[] {
  if (object.kind !== "Route") return [];
  return [
    ...violationsOfTarget(object),
    ...object.spec.rules.flatMap((rule, r) => [
      ...rule.matches.flatMap((match, m) => violationsOfMatch(match, ["spec", "rules", r, "matches", m])),
      ...violationsOfAuthorities(object, r),
      ...violationsOfCallers(object, r),
      ...violationsOfPorts(object, index, r),
      ...violationsOfWeights(object, r),
      ...violationsOfInternalRedirects(object, r),
      ...violationsOfFault(object, r),
      ...violationsOfMirrors(object, r),
      ...violationsOfCors(object, r),
      ...violationsOfRewrite(object, r),
      ...violationsOfRedirect(object, r),
    ]),
    ...routeEndsOf(object).flatMap(({ service, port, path }) =>
      unknownPort(index, serviceRefKey(service, object), port, [...path, "port"]),
    ),
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

function violationsOfWeights(route: Route, r: number): Complaint[] {
  const action = route.spec.rules[r]?.action;
  if (action?.type !== "forward" || action.destinations.length <= 1) return [];
  if (action.destinations.some((each) => each.weight !== 0)) return [];
  const path: Path = ["spec", "rules", r, "action", "destinations"];
  return [{ path, message: "has only weights of 0", fix: "Give at least one destination a weight above 0." }];
}

/** A gateway is one caller; who stands before it is not of the mesh. */
function violationsOfCallers(route: Route, r: number): Complaint[] {
  if (route.spec.target.kind !== "Gateway") return [];
  const message = "names callers inside the mesh, and those of a gateway are outside";
  return (route.spec.rules[r]?.matches ?? []).flatMap(({ caller }, m) =>
    caller === undefined
      ? []
      : [{ path: ["spec", "rules", r, "matches", m, "caller"], message, fix: "Remove it, or match a header." }],
  );
}

function violationsOfAuthorities(route: Route, r: number): Complaint[] {
  return (route.spec.rules[r]?.matches ?? []).flatMap(({ authority }, m) => {
    const problem = authority?.type === "regex" ? patternProblem(authority.value) : undefined;
    if (!problem) return [];
    const path: Path = ["spec", "rules", r, "matches", m, "authority", "value"];
    return [{ path, message: `is not an RE2 pattern: ${problem}`, fix: "Correct the pattern." }];
  });
}

function violationsOfPorts(route: Route, index: MeshIndex, r: number): Complaint[] {
  const key = refKey(route.spec.target, route);
  const target = index.get(key);
  return (route.spec.rules[r]?.matches ?? []).flatMap(({ port }, m): Complaint[] => {
    const path: Path = ["spec", "rules", r, "matches", m, "port"];
    if (port === undefined) return [];
    if (route.spec.target.kind === "Gateway") {
      const message = "is for services: the listeners of a gateway are told apart by their hosts";
      return [{ path, message, fix: "Remove it, or give the listener hosts of its own." }];
    }
    const isTcp =
      target?.kind === "Service" && target.spec.ports.some((each) => each.port === port && each.protocol === "tcp");
    if (!isTcp) return unknownPort(index, key, port, path);
    const message = `names port ${port} of Service ${target.metadata.name}, which has protocol tcp`;
    return [{ path, message, fix: "Write a TcpRoute for it, or name a port of HTTP." }];
  });
}

function violationsOfMirrors(route: Route, r: number): Complaint[] {
  const rule = route.spec.rules[r];
  if (!rule?.mirrors || rule.action.type === "forward") return [];
  const message = "are for requests that are sent on, and this rule answers them itself";
  return [{ path: ["spec", "rules", r, "mirrors"], message, fix: "Remove the mirrors, or let the rule forward." }];
}

function violationsOfInternalRedirects(route: Route, r: number): Complaint[] {
  const rule = route.spec.rules[r];
  if (!rule?.internalRedirects || rule.action.type === "forward") return [];
  const message = "are of what the request is sent on to, and this rule answers it itself";
  const fix = "Remove internalRedirects, or let the rule forward.";
  return [{ path: ["spec", "rules", r, "internalRedirects"], message, fix }];
}

function violationsOfFault(route: Route, r: number): Complaint[] {
  const rule = route.spec.rules[r];
  if (!rule?.fault || rule.action.type === "forward") return [];
  const message = "is for requests that are sent on, and this rule answers them itself";
  return [{ path: ["spec", "rules", r, "fault"], message, fix: "Remove the fault, or let the rule forward." }];
}

function violationsOfRedirect(route: Route, r: number): Complaint[] {
  const action = route.spec.rules[r]?.action;
  if (action?.type !== "redirect" || action.path === undefined || action.prefixRewrite === undefined) return [];
  const path: Path = ["spec", "rules", r, "action", "prefixRewrite"];
  return [{ path, message: "is not for a redirect that has a path as well", fix: "Keep one of the two." }];
}

function violationsOfRewrite(route: Route, r: number): Complaint[] {
  const pattern = route.spec.rules[r]?.rewrite?.pathRegex?.match;
  const problem = pattern === undefined ? undefined : patternProblem(pattern);
  if (!problem) return [];
  const path: Path = ["spec", "rules", r, "rewrite", "pathRegex", "match"];
  return [{ path, message: `is not an RE2 pattern: ${problem}`, fix: "Correct the pattern." }];
}

function violationsOfCors(route: Route, r: number): Complaint[] {
  const rule = route.spec.rules[r];
  if (!rule?.cors) return [];
  const path: Path = ["spec", "rules", r, "cors"];
  if (rule.action.type !== "forward") {
    const message = "is for requests that are sent on, and this rule answers them itself";
    return [{ path, message, fix: "Remove the CORS policy, or let the rule forward." }];
  }
  return rule.cors.allowOrigins.flatMap(({ type, value }, o) => {
    const problem = type === "regex" ? patternProblem(value) : undefined;
    if (!problem) return [];
    const at: Path = [...path, "allowOrigins", o, "value"];
    return [{ path: at, message: `is not an RE2 pattern: ${problem}`, fix: "Correct the pattern." }];
  });
}

export function violationsOfMatch(match: RequestMatch, path: Path): Complaint[] {
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
    const { start, end } = each;
    if (start === undefined || end === undefined || start < end) return;
    const message = `must be above its start, ${start}: the range ends before it`;
    const fix = `Write ${start + 1} for the number ${start} alone, or more.`;
    complaints.push({ path: [...path, "headers", i, "end"], message, fix });
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

// HTTPRoute and GRPCRoute on a Server: which calls exist there, as conditions that a policy can name.
// The rule: a call is for the most specific route alone; a policy for another route, or for the Server's other calls, may not reach it.
import {
  type AuthorizationOperation,
  type HeaderCondition,
  type PathMatch,
  type RouteMatch,
  valueAt,
} from "@/lib/mesh";
import { lowerMatch } from "../gateway-api/lower";
import { importGrpcMatch, importHttpMatch, quoted, unquoted } from "../gateway-api/match";
import { compareMatches, intersect } from "../gateway-api/overlap";
import { httpRank } from "../gateway-api/precedence";
import type { RankedMatch } from "../gateway-api/state";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { Fields, isRecord, type Sink } from "../shared/fields";
import { type LinkerdState, POLICY_GROUP, type ServerRoutePart } from "./state";

export function isOnServer(spec: unknown): boolean {
  const parents = valueAt(spec, ["parentRefs"]);
  return Array.isArray(parents) && parents.some((each) => isServer(each));
}

const isServer = (parent: unknown) =>
  isRecord(parent) && parent["kind"] === "Server" && parent["group"] === POLICY_GROUP;

export const readServerRoute =
  (state: LinkerdState) =>
  (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const servers: string[] = [];
    for (const parent of spec.list("parentRefs")) {
      const name = parent.text("name");
      if (isServer(parent.everything()) && name !== undefined) servers.push(name);
      else if (name === undefined) parent.problem("name", "is missing", "Name the Server.");
      else {
        const message = "is left out: the route is on a Server too, and the model has no such route";
        context.warn(resource, parent.path, message, "Write a route of its own.", {
          verdict: "lost",
          changesMeaning: true,
        });
      }
    }
    const hosts = spec.texts("hostnames") ?? [];
    const unsaid: Sink = { kept: [], problems: sink.problems };
    const matches = spec.list("rules").flatMap((rule) => matchesOf(context, resource, rule, unsaid));
    spec.keepRest();
    const odd = unsaid.kept.length > 0 || matches.some(({ match }) => !operationOf(match));
    const reason = odd ? `a condition of ${resource.kind} ${resource.name} has no word in a policy` : undefined;
    const part = { resource, result, kept: sink.kept, servers, hosts, matches };
    state.serverRoutes.push(reason === undefined ? part : { ...part, reason });
    result.sentences.push(`calls of Server ${servers.join(", ")} that policies may be for.`);
    return result;
  };

function matchesOf(context: ImportContext, resource: Resource, rule: Fields, sink: Sink): RankedMatch[] {
  if (rule.has("filters")) {
    const message = "has no counterpart in the model: what arrives is not changed here";
    const judgement = { verdict: "lost", changesMeaning: true } as const;
    context.warn(resource, [...rule.path, "filters"], message, "Change it where it is sent.", judgement);
  }
  const written = rule.take("matches");
  if (written === undefined) return [{ match: {}, rank: httpRank({}) }];
  const read = resource.kind === "GRPCRoute" ? importGrpcMatch : importHttpMatch;
  return (Array.isArray(written) ? written : [written]).flatMap((each: unknown, i) => {
    const fields = Fields.of(each, [...rule.path, "matches", i], sink);
    return fields ? [read(fields)] : [];
  });
}

/** Null where a policy of the model has no words for the match. */
function operationOf({ path, methods, headers, query }: RouteMatch): AuthorizationOperation | null {
  const paths = path && pathsOf(path);
  if (query || paths === null) return null;
  const conditions: HeaderCondition[] = [];
  for (const { name, type, value = "" } of headers ?? []) {
    if (type === "range") return null;
    conditions.push(type === "regex" && value === ".*" ? { name, type: "present" } : { name, type, values: [value] });
  }
  return {
    ...(methods ? { methods } : {}),
    ...(paths ? { paths } : {}),
    ...(headers ? { headers: conditions } : {}),
  };
}

/** Null where exact, prefix and suffix have no words for it. */
function pathsOf({ type, value, ignoreCase }: PathMatch): string[] | null {
  if (ignoreCase) return null;
  if (type === "regex") {
    const [text, ends] = value.startsWith(".*")
      ? [value.slice(2), (own: string) => `*${own}`]
      : value.endsWith(".*")
        ? [value.slice(0, -2), (own: string) => `${own}*`]
        : [value, (own: string) => own];
    const own = unquoted(text);
    return quoted(own) === text && !own.includes("*") ? [ends(own)] : null;
  }
  if (value.includes("*")) return null;
  if (type === "exact") return [value];
  return type === "prefix" ? [`${value}*`] : [value, `${value}/*`];
}

/** A route takes every call: no other call is left to be a 404. */
export const takesEverything = ({ hosts, matches }: ServerRoutePart) =>
  hosts.length === 0 && matches.some(({ match }) => Object.keys(match).length === 0);

/** What the calls of these routes are; undefined: every call. */
export function operationsOf(routes: readonly ServerRoutePart[]): AuthorizationOperation[] | undefined {
  const all = routes.flatMap(({ hosts, matches }) =>
    matches.map(({ match }) => ({ ...operationOf(match), ...(hosts.length > 0 ? { hosts: [...hosts] } : {}) })),
  );
  return all.some((each) => Object.keys(each).length === 0) ? undefined : all;
}

/** A route of the same Server that takes calls of this one before it, and that the policy does not name. */
export function rivalOf(
  own: ServerRoutePart,
  others: readonly ServerRoutePart[],
  isNamed: (route: ServerRoutePart) => boolean,
): ServerRoutePart | undefined {
  return others.find(
    (other) =>
      other !== own &&
      !isNamed(other) &&
      own.matches.some(({ match }) => other.matches.some(({ match: rival }) => takesBefore(rival, match))),
  );
}

function takesBefore(rival: RouteMatch, own: RouteMatch): boolean {
  const [a, b] = [lowerMatch(rival), lowerMatch(own)];
  if ("reason" in a || "reason" in b) return true;
  return a.matches.some((first) =>
    // of two that are as specific the older one wins, which these documents do not say
    b.matches.some((second) => intersect(first, second) !== null && compareMatches(first, second) <= 0),
  );
}

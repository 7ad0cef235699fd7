// Route -> GRPCRoute, where it came from one and still can be said as one.
// The rule: anything that GRPCRoute has no word for makes it an HTTPRoute, which carries gRPC as well.
import type { Route, RouteMatch } from "@/lib/mesh";
import { backendRefs, filtersOf, productOf, type RouteNeeds, type RuleContext } from "./export-rule";
import { unquoted } from "./match";
import { compareRanks } from "./precedence";
import type { Written } from "./write-rules";

type GrpcMatch = { match: Record<string, unknown>; rank: number[] };

export function exportGrpcRoute(
  route: Route,
  of: (index: number) => RuleContext,
  needs: RouteNeeds,
  /** Of the route, where its backends elsewhere need a grant. */
  namespace: string | undefined,
): Written[] | undefined {
  const { origin } = route.metadata;
  if (origin?.kind !== "GRPCRoute" || !productOf(needs).dialects.includes(origin.dialect)) return undefined;
  const ranks: number[][] = [];
  const rules: { index: number; matches: GrpcMatch[] }[] = [];
  for (const [index, rule] of route.spec.rules.entries()) {
    const { timeoutMs, idleTimeoutMs, retries, rewrite, cors, action } = rule;
    if (
      timeoutMs !== undefined ||
      idleTimeoutMs !== undefined ||
      retries ||
      rewrite ||
      cors ||
      action.type === "redirect"
    )
      return undefined;
    const matches = (rule.matches.length > 0 ? rule.matches : [{}]).map(grpcMatch);
    for (const match of matches) {
      if (!match) return undefined;
      ranks.push(match.rank);
    }
    rules.push({ index, matches: matches.filter((each) => each !== undefined) });
  }
  const isInOrder = ranks.every((rank, i) => i === 0 || compareRanks(ranks[i - 1] ?? [], rank) <= 0);
  if (!isInOrder) return undefined;
  return rules.flatMap(({ index, matches }): Written[] => {
    const rule = route.spec.rules[index];
    if (!rule) return [];
    const context = {
      ...of(index),
      needsGrant: (backend: { name: string; namespace: string }) =>
        namespace === undefined ? undefined : needs.needsGrant("GRPCRoute", namespace, backend),
    };
    const filters = filtersOf(context, rule, undefined);
    const backends = backendRefs(context, rule);
    const written = matches.map(({ match }) => match);
    const isEverything = written.length === 1 && Object.keys(written[0] ?? {}).length === 0;
    return [
      {
        index,
        matches: matches.length,
        rule: {
          ...(rule.name === undefined ? {} : { name: rule.name }),
          ...(isEverything ? {} : { matches: written }),
          ...(filters.length > 0 ? { filters } : {}),
          ...(backends.length > 0 ? { backendRefs: backends } : {}),
        },
      },
    ];
  });
}

function grpcMatch({ port, scheme, authority, path, methods, headers = [], query }: RouteMatch): GrpcMatch | undefined {
  if (
    port !== undefined ||
    scheme ||
    authority ||
    methods ||
    query ||
    headers.some(({ type, invert }) => invert || (type !== "exact" && type !== "regex"))
  )
    return undefined;
  const method = methodOf(path);
  if (method === undefined) return undefined;
  const written = headers.map(({ name, type, value }) => ({
    type: type === "exact" ? "Exact" : "RegularExpression",
    name,
    value,
  }));
  return {
    match: { ...(method ? { method } : {}), ...(written.length > 0 ? { headers: written } : {}) },
    rank: [method?.["service"]?.length ?? 0, method?.["method"]?.length ?? 0, headers.length],
  };
}

const ANY = "[^/]+";

/** null: every method; undefined: it cannot be said. */
function methodOf(path: RouteMatch["path"]): Record<string, string> | null | undefined {
  if (!path) return null;
  if (path.ignoreCase) return undefined;
  const parts = path.value.split("/");
  const [, service = "", method = ""] = parts;
  if (path.type === "exact" && parts.length === 3 && service && method) return { service, method };
  if (path.type === "prefix" && parts.length === 3 && service && method === "") return { service };
  if (path.type !== "regex" || !path.value.startsWith("/")) return undefined;
  const only = path.value.startsWith(`/${ANY}/`) ? path.value.slice(`/${ANY}/`.length) : undefined;
  if (only !== undefined && !/[\\^$.*+?()[\]{}|/]/.test(only.replace(/\\./g, ""))) return { method: unquoted(only) };
  const cut = splitExpression(path.value.slice(1));
  if (!cut) return undefined;
  const [own, call] = cut;
  return {
    type: "RegularExpression",
    ...(own === ANY ? {} : { service: own }),
    ...(call === ANY ? {} : { method: call }),
  };
}

/** The slash between service and method is the only one outside brackets. */
function splitExpression(text: string): [string, string] | undefined {
  const places: number[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "\\") i++;
    else if (c === "[") depth++;
    else if (c === "]") depth--;
    else if (c === "/" && depth === 0) places.push(i);
  }
  const [at, ...more] = places;
  return at === undefined || more.length > 0 ? undefined : [text.slice(0, at), text.slice(at + 1)];
}

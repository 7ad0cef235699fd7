// Random designs of exports, with what rules say lately: the port, host and scheme that were called, parts of paths, prefixes of redirects, times and tries.
// The rule: from a stream of its own, so that a seed means the design that it meant before; seldom, for what a product cannot say takes its rule out.
import type { MeshDocument, ObjectOf, RouteMatch, RouteRule } from "@/lib/mesh";
import type { Random } from "./random";

const SHARE = 0.15;

export function withMore({ objects }: MeshDocument, random: Random): MeshDocument {
  return {
    objects: objects.map((each) =>
      each.kind === "Route" && each.spec.target.kind === "Service" ? routeWith(each, random) : each,
    ),
  };
}

function routeWith(route: ObjectOf<"Route">, random: Random): ObjectOf<"Route"> {
  const { name } = route.spec.target;
  const rules = route.spec.rules.map((rule): RouteRule => {
    const matches = rule.matches.map((match) => ({ ...match, ...calledAs(name, random) }));
    if (rule.action.type === "redirect" && random.chance(0.5)) {
      const { path: _, ...redirect } = rule.action;
      return { ...rule, matches, action: { ...redirect, prefixRewrite: random.pick(["/moved", "/"]) } };
    }
    return rule.action.type === "forward" ? { ...rule, matches, ...sentAs(rule, random) } : { ...rule, matches };
  });
  return { ...route, spec: { ...route.spec, rules } };
}

function calledAs(name: string, random: Random): Pick<RouteMatch, "port" | "scheme" | "authority"> {
  const authority = random.pick([
    { type: "exact", value: name },
    { type: "prefix", value: `${name}.` },
    { type: "suffix", value: ":8080" },
    { type: "regex", value: "[a-z-]+" },
  ] as const);
  return {
    ...(random.chance(SHARE) ? { port: 8080 } : {}),
    ...(random.chance(SHARE / 3) ? { scheme: random.pick(["http", "https"] as const) } : {}),
    ...(random.chance(SHARE / 3) ? { authority } : {}),
  };
}

function sentAs({ rewrite }: RouteRule, random: Random): Pick<RouteRule, "rewrite" | "idleTimeoutMs" | "retries"> {
  const pathRegex = random.pick([
    { match: "^/v2/", substitution: "/v3/" },
    { match: "/([a-z]+)$", substitution: "/\\1/all" },
  ]);
  const retries = random.pick<NonNullable<RouteRule["retries"]>>([
    { attempts: 2, on: ["5xx"], backoff: { baseMs: 100, maxMs: 1000 } },
    { attempts: 3, ignorePreviousHosts: false },
    { attempts: 3, on: ["503"], remoteLocalities: true },
  ]);
  return {
    ...(rewrite?.path === undefined && random.chance(SHARE) ? { rewrite: { ...rewrite, pathRegex } } : {}),
    ...(random.chance(SHARE) ? { idleTimeoutMs: 20_000 } : {}),
    ...(random.chance(SHARE) ? { retries } : {}),
  };
}

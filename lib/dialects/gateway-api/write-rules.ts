// The rules of an HTTPRoute from matches that are in order: those that share action and path stand in one rule.
// The rule: a prefix that is replaced has a rule of its own, as the published schema asks.
import { isSameJson, type Route, type RouteRule } from "@/lib/mesh";
import { backendRefs, filtersOf, type NewPath, type RuleContext, timesOf } from "./export-rule";
import type { ApiMatch } from "./lower";
import type { Entry } from "./order";
import { ROOT } from "./state";

/** What is written for each rule; `index` is the rule's place in the design. */
export type Written = { index: number; matches: number; rule: Record<string, unknown> };

const MAX_MATCHES = 64;

export function writeRules(route: Route, entries: readonly Entry[], of: (index: number) => RuleContext): Written[] {
  return route.spec.rules.flatMap((rule, index): Written[] => {
    const own = entries.filter((each) => each.rule === index);
    if (own.length === 0) return [];
    const context = of(index);
    return partsOf(context, route, rule, own).map((group, i) => {
      const path = group[0]?.path;
      const filters = filtersOf(context, rule, path);
      const backends = backendRefs(context, rule);
      const name = i === 0 ? sectionName(rule.name) : undefined;
      const written = {
        ...(name === undefined ? {} : { name }),
        matches: group.map(({ entry }) => matchOf(entry.match)),
        ...(filters.length > 0 ? { filters } : {}),
        ...(backends.length > 0 ? { backendRefs: backends } : {}),
        ...(rule.action.type === "forward" ? timesOf(context, rule) : {}),
      };
      return { index, matches: group.length, rule: written };
    });
  });
}

export type Part = { entry: Entry; path: NewPath | undefined };

/** The matches of a rule with what its rewrite makes of them, in groups that can share a rule. */
export function partsOf(context: RuleContext, route: Route, rule: RouteRule, own: readonly Entry[]): Part[][] {
  return inParts(own.map((entry) => ({ entry, path: newPath(context, route, rule, entry) })));
}

/** Matches share a rule while their paths change in the same way; a prefix that is replaced has a rule of its own. */
function inParts(all: readonly Part[]): Part[][] {
  const parts: Part[][] = [];
  for (const each of all) {
    const part = parts.at(-1);
    const isAlike = each.path?.type !== "ReplacePrefixMatch" && isSameJson(part?.[0]?.path, each.path);
    if (part && isAlike && part.length < MAX_MATCHES) part.push(each);
    else parts.push([each]);
  }
  return parts;
}

/** A name that a rule may have; others are for people only and stay out. */
const sectionName = (name: string | undefined) =>
  name !== undefined &&
  name.length <= 253 &&
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)
    ? name
    : undefined;

/** One match as HTTPRoute has it. */
export function matchOf({ path, method, headers, query }: ApiMatch): Record<string, unknown> {
  const TYPES = { exact: "Exact", prefix: "PathPrefix", regex: "RegularExpression", absent: "Absent" } as const;
  const values = (list: ApiMatch["headers"]) =>
    list.map(({ name, type, value }) => ({ type: TYPES[type], name, value }));
  return {
    path: { type: TYPES[path.type], value: path.value },
    ...(method === undefined ? {} : { method }),
    ...(headers.length > 0 ? { headers: values(headers) } : {}),
    ...(query.length > 0 ? { queryParams: values(query) } : {}),
  };
}

function newPathOf({ action, rewrite }: RouteRule): string | undefined {
  if (action.type === "redirect") return action.prefixRewrite;
  return action.type === "forward" ? rewrite?.path : undefined;
}

/** What the rewrite of the rule makes of the calls of this match. `base` is the match that the design rewrites. */
function newPath(
  context: RuleContext,
  route: Route,
  rule: RouteRule,
  { match, base, written }: Entry,
): NewPath | undefined {
  const to = newPathOf(rule);
  if (to === undefined) return undefined;
  if (base.path.type !== "prefix" || written === "regex") return { type: "ReplaceFullPath", value: to };
  const bare = to.replace(/\/+$/, "") || ROOT;
  if (written === "prefix" && !to.endsWith("/")) {
    const reason = `a prefix as text is replaced by ${to} with what follows it directly; by segments a / stands between`;
    context.judge({ verdict: "approximate", reason, changesMeaning: true });
  }
  const rest =
    base.path.value === ROOT
      ? match.path.value === ROOT
        ? ""
        : match.path.value
      : match.path.value.slice(base.path.value.length);
  const joined = rest === "" ? bare : `${bare === ROOT ? "" : bare}${rest}`;
  if (match.path.type === "exact") return { type: "ReplaceFullPath", value: joined };
  if (match.path.type === "prefix") return { type: "ReplacePrefixMatch", value: joined };
  const name = route.metadata.name;
  context.judge({
    verdict: "lost",
    reason: `the rewrite of an expression in ${name} cannot be said`,
    changesMeaning: true,
  });
  return undefined;
}

// The rules of the routes of one parent -> one ordered list, and the Route that holds it.
// The rule: a rule whose matches stand apart in the order becomes several rules; what was kept of it goes with each.
import { isSameJson, type ObjectKey, objectKey, type Ref, type RouteRule, refKey, type SpecOf } from "@/lib/mesh";
import { ruleText } from "@/lib/mesh/diff/words";
import type { ImportContext } from "../shared/context";
import type { Kept } from "../shared/fields";
import { compareRanks } from "./precedence";
import type { Parent, RankedMatch, RouteSource, RuleSource } from "./state";

export type Merge = {
  target: Ref;
  namespace: string;
  key: ObjectKey;
  sources: readonly RouteSource[];
  hosts: string[] | undefined;
  parents: readonly Parent[];
  /** How many Routes came of a source so far: the first has its name. */
  counts: Map<RouteSource, number>;
};

export function putRoute(context: ImportContext, merge: Merge): void {
  const { sources, counts, namespace, key, hosts, target } = merge;
  const [first] = sources;
  if (!first) return;
  const { rules, kept } = orderedRules(context, sources);
  for (const source of sources) {
    if (source !== first) mergedInto(context, source, first);
  }
  if (rules.length === 0) {
    context.warn(first.resource, ["spec", "rules"], "has no rule that can be taken over", "Add the route by hand.", {
      verdict: "lost",
      changesMeaning: true,
    });
    return;
  }
  const existing = context
    .all("Route")
    .find((route) => refKey(route.spec.target, route) === key && sameHosts(route.spec.hosts, hosts));
  const rival = existing && context.objects.get(objectKey(existing))?.metadata.origin;
  if (rival && rival.dialect !== "gateway-api") {
    const message = `is for ${target.name} as ${rival.kind} ${rival.name} of the same set is; the rules here take its place`;
    const judgement = { verdict: "lost", changesMeaning: true } as const;
    context.warn(
      first.resource,
      ["spec", "parentRefs"],
      message,
      "Keep one of the two: products differ in which they follow.",
      judgement,
    );
  }
  const count = counts.get(first) ?? 0;
  counts.set(first, count + 1);
  const name =
    count === 0 ? first.resource.name : `${first.resource.name}-${target.name}${count === 1 ? "" : `-${count}`}`;
  const own: SpecOf<"Route"> = { target, ...(hosts ? { hosts } : {}), rules };
  const spec = existing && existing.metadata.namespace !== namespace ? { ...own, target: existing.spec.target } : own;
  const sink = { kept: [...(count === 0 ? outerKept(first, merge.parents) : []), ...kept], problems: [] };
  const resource = { ...first.resource, namespace };
  const object = context.put("Route", existing?.metadata.name ?? name, spec, { resource, sink }, existing);
  for (const source of sources) {
    source.result.objects.push(object);
    if (source.result.sentences.length === 0) {
      source.result.sentences.push(...rules.map((rule) => `${ruleText(rule, target.name)}.`));
    }
  }
}

function mergedInto(context: ImportContext, source: RouteSource, first: RouteSource): void {
  const message = `has the same parent and hosts as ${first.resource.kind} ${first.resource.name}: their rules stand in one Route here, in the order in which the product tries them`;
  context.warn(source.resource, ["spec", "parentRefs"], message, "An export writes one route.", { verdict: "moved" });
}

const sameHosts = (a: string[] | undefined, b: string[] | undefined) =>
  JSON.stringify([...(a ?? [])].sort()) === JSON.stringify([...(b ?? [])].sort());

type Candidate = { source: RouteSource; rule: RuleSource; ranked: RankedMatch };

function orderedRules(context: ImportContext, sources: readonly RouteSource[]): { rules: RouteRule[]; kept: Kept[] } {
  const candidates = sources.flatMap((source) =>
    source.rules.flatMap((rule) => rule.matches.map((ranked): Candidate => ({ source, rule, ranked }))),
  );
  // stable: what is equally specific stays in the order of age, name and list
  candidates.sort((a, b) => compareRanks(a.ranked.rank, b.ranked.rank));
  warnOfExpressions(context, candidates);
  const rules: RouteRule[] = [];
  const kept: Kept[] = [];
  const names = new Set<string>();
  let last: RuleSource | undefined;
  for (const { rule, ranked } of candidates) {
    const current = rules.at(-1);
    if (rule === last && current) {
      current.matches.push(ranked.match);
      continue;
    }
    last = rule;
    for (const each of rule.kept) kept.push({ path: ["spec", "rules", rules.length, ...each.path], value: each.value });
    const { name, ...rest } = rule.rule;
    // a name is for one rule of a route
    const isNew = name !== undefined && !names.has(name);
    if (isNew) names.add(name);
    rules.push({ ...(isNew ? { name } : {}), ...rest, matches: [ranked.match] });
  }
  // the only match of everything is the same as none
  return { rules: rules.map((rule) => (isSameJson(rule.matches, [{}]) ? { ...rule, matches: [] } : rule)), kept };
}

/** Where the standard leaves the order to the implementation, the answer is the implementation's. */
function warnOfExpressions(context: ImportContext, candidates: readonly Candidate[]): void {
  const told = new Set<RuleSource>();
  for (const { source, rule, ranked } of candidates) {
    const isWritten = ranked.match.path?.type === "regex" && ranked.rank[0] === 2 && source.kind === "HTTPRoute";
    if (!isWritten || told.has(rule)) continue;
    if (candidates.every((each) => each.rule === rule || each.ranked.match.path?.type === "exact")) continue;
    told.add(rule);
    const message =
      "has a path by regular expression beside prefixes: which is tried first is left to the implementation; here it stands before them";
    context.warn(
      source.resource,
      ["spec", "rules", rule.index, "matches"],
      message,
      "Use Exact and PathPrefix, if the order matters.",
    );
  }
}

/** Kept of the resource outside its rules, with what a parent says beyond the target. */
function outerKept(source: RouteSource, parents: readonly Parent[]): Kept[] {
  const [parent] = parents;
  const section =
    parent?.sectionName === undefined
      ? []
      : [{ path: ["spec", "parentRefs", 0, "sectionName"], value: parent.sectionName }];
  const port =
    parent?.port === undefined || parents.length > 1
      ? []
      : [{ path: ["spec", "parentRefs", 0, "port"], value: parent.port }];
  return [...source.kept, ...section, ...port];
}

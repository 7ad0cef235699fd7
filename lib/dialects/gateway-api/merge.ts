// The rules of the routes of one parent -> one ordered list, and the Route that holds it.
// The rule: a rule whose matches stand apart in the order becomes several rules; what was kept of it goes with each.
import {
  API_VERSION,
  isSameJson,
  keyOf,
  type ObjectKey,
  objectKey,
  pathText,
  type Ref,
  type Route,
  type RouteRule,
  refKey,
  type SpecOf,
} from "@/lib/mesh";
import { ruleText } from "@/lib/mesh/diff/words";
import type { ImportContext } from "../shared/context";
import type { Kept } from "../shared/fields";
import { keepBeside } from "../shared/verbatim";
import { type ConsumerGroup, consumerPart, joined, keptOfConsumer, type Part, splitExisting } from "./consumers";
import { compareRanks } from "./precedence";
import type { Parent, RankedMatch, RouteSource, RuleSource } from "./state";

export type Merge = {
  target: Ref;
  namespace: string;
  key: ObjectKey;
  /** Those for every caller. */
  sources: readonly RouteSource[];
  /** Those for the callers of one namespace, which have nothing else then. */
  consumers?: readonly ConsumerGroup[];
  /** The rule of a service without routes, for the callers that no consumer route is for. */
  implied?: RouteRule;
  hosts: string[] | undefined;
  parents: readonly Parent[];
  /** How many Routes came of a source so far: the first has its name. */
  counts: Map<RouteSource, number>;
};

export function putRoute(context: ImportContext, merge: Merge): void {
  const { sources, consumers = [], counts, namespace, key, hosts, target } = merge;
  const first = sources[0] ?? consumers[0]?.sources[0];
  if (!first) return;
  for (const own of [sources, ...consumers.map((each) => each.sources)]) {
    for (const source of own.slice(1)) mergedInto(context, source, own[0] ?? first);
  }
  const existing = context
    .all("Route")
    .find((route) => refKey(route.spec.target, route) === key && sameHosts(route.spec.hosts, hosts));
  const { rules, kept, ownRules } = partsOf(context, merge, existing);
  if (rules.length === 0) {
    for (const source of sources) leaveOutEmpty(context, source);
    return;
  }
  const rival = existing && context.objects.get(objectKey(existing))?.metadata.origin;
  if (rival && rival.dialect !== "gateway-api" && sources.length > 0) {
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
  const own: SpecOf<"Route"> = { target, ...(hosts ? { hosts } : {}), rules };
  const spec = existing && existing.metadata.namespace !== namespace ? { ...own, target: existing.spec.target } : own;
  const object =
    sources.length > 0
      ? putOwn(context, merge, { first, count, spec, existing, kept })
      : putForConsumers(context, merge, { first, spec, existing, kept });
  for (const [source, rules] of ownRules) {
    source.result.objects.push(object);
    if (source.result.sentences.length === 0) {
      source.result.sentences.push(...rules.map((rule) => `${ruleText(rule, target.name)}.`));
    }
  }
}

type Putting = { first: RouteSource; spec: SpecOf<"Route">; existing: Route | undefined; kept: readonly Kept[] };

function putOwn(
  context: ImportContext,
  { target, namespace, parents }: Merge,
  { first, count, spec, existing, kept }: Putting & { count: number },
): ObjectKey {
  const { name: own } = first.resource;
  const name = count === 0 ? own : `${own}-${target.name}${count === 1 ? "" : `-${count}`}`;
  const sink = { kept: [...(count === 0 ? outerKept(first, parents) : []), ...kept], problems: [] };
  const resource = { ...first.resource, namespace };
  return context.put("Route", existing?.metadata.name ?? name, spec, { resource, sink }, existing);
}

/** The Route is the service's, and nothing of the service's own says how it is called. */
function putForConsumers(
  context: ImportContext,
  { namespace }: Merge,
  { first, spec, existing, kept }: Putting,
): ObjectKey {
  if (existing) return context.put("Route", existing.metadata.name, spec, undefined, withKeptOf(existing, kept));
  const { labels: _labels, annotations: _annotations, ...resource } = first.resource;
  const base = `${resource.name}-for-${resource.namespace}`;
  const isTaken = (name: string) => context.get(keyOf("Route", namespace, name)) !== undefined;
  let name = base;
  for (let i = 2; isTaken(name); i++) name = `${base}-${i}`;
  const fresh = { apiVersion: API_VERSION, kind: "Route", metadata: { name, namespace }, spec } satisfies Route;
  return context.put("Route", name, spec, { resource, sink: { kept: [...kept], problems: [] } }, fresh);
}

function leaveOutEmpty(context: ImportContext, source: RouteSource): void {
  const kept = keepBeside(context, source)
    ? "it is kept word for word, without effect here"
    : "it is too large to be kept";
  const message = `has no rule that can be taken over: ${kept}`;
  context.warn(source.resource, ["spec", "rules"], message, "Add the route by hand.", {
    verdict: "lost",
    changesMeaning: true,
  });
}

const withKeptOf = (route: Route, kept: readonly Kept[]): Route => {
  const { origin } = route.metadata;
  if (!origin) return route;
  const all = kept.map(({ path, value }) => ({ path: pathText(path), value: value as never }));
  return { ...route, metadata: { ...route.metadata, origin: { ...origin, kept: all } } };
};

type Parts = Part & { ownRules: Map<RouteSource, readonly RouteRule[]> };

/** Rules for the callers of a namespace before those for everybody; what the import says nothing of stays as it is. */
function partsOf(
  context: ImportContext,
  { sources, consumers = [], implied, namespace }: Merge,
  existing: Route | undefined,
): Parts {
  const said = new Set(consumers.map((each) => each.namespace));
  const old = existing && splitExisting(existing, said);
  const isOfThisSet = existing !== undefined && context.objects.has(objectKey(existing));
  const groups = consumers.flatMap(({ namespace: consumer, sources: own, parents }) => {
    const [first] = own;
    const ordered = orderedRules(context, own);
    if (!first || ordered.rules.length === 0) {
      for (const source of own) leaveOutEmpty(context, source);
      return [];
    }
    const { rules, kept } = consumerPart(ordered, consumer, namespace);
    const part = { rules, kept: [...kept, ...keptOfConsumer(consumer, first, outerKept(first, parents))] };
    return [{ sources: own, part }];
  });
  const own: Part =
    sources.length > 0
      ? orderedRules(context, sources)
      : (old?.others ?? { rules: implied && groups.length > 0 ? [implied] : [], kept: [] });
  const stays = old && !isOfThisSet ? [old.consumers] : [];
  const all = joined([...stays, ...groups.map(({ part }) => part), own]);
  const ownRules = new Map<RouteSource, readonly RouteRule[]>();
  for (const source of sources) ownRules.set(source, own.rules);
  for (const group of groups) for (const source of group.sources) ownRules.set(source, group.part.rules);
  return { ...all, ownRules };
}

function mergedInto(context: ImportContext, source: RouteSource, first: RouteSource): void {
  const message = `has the same parent and hosts as ${first.resource.kind} ${first.resource.name}: their rules stand in one Route here, in the order in which the product tries them`;
  context.warn(source.resource, ["spec", "parentRefs"], message, "An export writes one route.", { verdict: "moved" });
}

const sameHosts = (a: string[] | undefined, b: string[] | undefined) =>
  JSON.stringify([...(a ?? [])].sort()) === JSON.stringify([...(b ?? [])].sort());

type Candidate = { source: RouteSource; rule: RuleSource; ranked: RankedMatch };

function orderedRules(context: ImportContext, sources: readonly RouteSource[]): Part {
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

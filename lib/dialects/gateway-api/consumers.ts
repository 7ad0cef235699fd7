// Consumer routes: routes of another namespace than their service's are for the callers of that namespace, and take the place of the
// service's own routes for them (GEP-1426, "Multiple routes for a Service").
// The rule: in the model they are rules with a caller, before the rules for everybody; what none of them takes gets 404, as there.

import { z } from "zod";
import { type Origin, parsePath, pathText, type Ref, type Route, type RouteRule } from "@/lib/mesh";
import type { Kept } from "../shared/fields";
import { CONSUMERS } from "../shared/whole";
import type { Parent, RouteSource } from "./state";

/** The routes of one namespace for a service of another one. */
export type ConsumerGroup = { namespace: string; sources: readonly RouteSource[]; parents: readonly Parent[] };

/** Rules of a Route, with what was kept of them by their place in the list. */
export type Part = { rules: RouteRule[]; kept: Kept[] };

/** What came of a consumer route beside its rules, as it is kept below `consumers` in the origin of the service's Route. */
const texts = z.record(z.string(), z.string());
const keptConsumer = z.object({
  kind: z.string(),
  name: z.string(),
  labels: texts.optional(),
  annotations: texts.optional(),
  kept: z.array(z.object({ path: z.string(), value: z.json() })).optional(),
});
export type KeptConsumer = z.infer<typeof keptConsumer>;
export type KeptField = NonNullable<Origin["kept"]>[number];

export const isKeptConsumer = ({ path }: KeptField): boolean => parsePath(path)[0] === CONSUMERS;

/** What is kept of a consumer route for a product that takes these fields, and writes these annotations itself. */
export function plainConsumer(
  field: KeptField,
  takes: (path: string) => boolean,
  writes: (annotation: string) => boolean,
): KeptField {
  const read = keptConsumer.safeParse(field.value);
  if (!read.success) return field;
  const { annotations, kept, ...rest } = read.data;
  const own = Object.entries(annotations ?? {}).filter(([name]) => !writes(name));
  const value = {
    ...rest,
    ...(own.length > 0 ? { annotations: Object.fromEntries(own) } : {}),
    ...(kept ? { kept: kept.filter(({ path }) => takes(path)) } : {}),
  };
  return { path: field.path, value: value as KeptField["value"] };
}

/** The rules of a group for its callers alone, and the answer to what none of them takes. */
export function consumerPart({ rules, kept }: Part, namespace: string, home: string): Part {
  const caller = { namespace };
  const own = rules.map((rule): RouteRule => {
    const matches = rule.matches.length > 0 ? rule.matches : [{}];
    return { ...moved(rule, namespace, home), matches: matches.map((match) => ({ ...match, caller })) };
  });
  const isWhole = rules.some(({ matches }) => matches.length === 0);
  const rest: RouteRule[] = isWhole ? [] : [{ matches: [{ caller }], action: { type: "respond", status: 404 } }];
  return { rules: [...own, ...rest], kept };
}

/** A rule as it is written in another namespace. */
function moved(rule: RouteRule, from: string, to: string): RouteRule {
  const at = <T extends { service: { namespace?: string | undefined; name: string } }>(each: T): T => {
    const { namespace = from, name } = each.service;
    return { ...each, service: namespace === to ? { name } : { namespace, name } };
  };
  const { action, mirrors } = rule;
  return {
    ...rule,
    ...(action.type === "forward" ? { action: { ...action, destinations: action.destinations.map(at) } } : {}),
    ...(mirrors ? { mirrors: mirrors.map(at) } : {}),
  };
}

export function joined(parts: readonly Part[]): Part {
  const rules: RouteRule[] = [];
  const kept: Kept[] = [];
  const names = new Set<string>();
  for (const part of parts) {
    kept.push(...part.kept.map(({ path, value }) => ({ path: shifted(path, rules.length), value })));
    for (const { name, ...rule } of part.rules) {
      // a name is for one rule of a route
      const isNew = name !== undefined && !names.has(name);
      if (isNew) names.add(name);
      rules.push({ ...(isNew ? { name } : {}), ...rule });
    }
  }
  return { rules, kept };
}

function shifted(path: Kept["path"], by: number): Kept["path"] {
  const [spec, list, at, ...rest] = path;
  return (list === "rules" || list === "http") && typeof at === "number" ? [spec ?? "", list, at + by, ...rest] : path;
}

/** Of a Route that is there already: its rules for the consumers that the import says nothing of, and its rules for everybody. */
export function splitExisting(route: Route, said: ReadonlySet<string>): { consumers: Part; others: Part } {
  const consumers: Part = { rules: [], kept: [] };
  const others: Part = { rules: [], kept: [] };
  const kept = (route.metadata.origin?.kept ?? []).map(({ path, value }) => ({ path: parsePath(path), value }));
  for (const [i, rule] of route.spec.rules.entries()) {
    const namespace = consumerOf(rule);
    const part = namespace === undefined ? others : consumers;
    if (namespace !== undefined && said.has(namespace)) continue;
    for (const { path, value } of kept.filter(({ path }) => isOfRule(path, i))) {
      part.kept.push({ path: shifted(path, part.rules.length - i), value });
    }
    part.rules.push(rule);
  }
  for (const each of kept) {
    const [first, namespace] = each.path;
    if (first === CONSUMERS) {
      if (!said.has(String(namespace))) consumers.kept.push(each);
    } else if (!isOfRules(each.path)) others.kept.push(each);
  }
  return { consumers, others };
}

/** Within a rule; a whole rule that was left out stands beside them. */
export const isOfRules = ([, list, at, ...rest]: Kept["path"]) =>
  (list === "rules" || list === "http") && typeof at === "number" && rest.length > 0;
const isOfRule = (path: Kept["path"], rule: number) => isOfRules(path) && path[2] === rule;

/** The namespace whose callers alone the rule is for, whatever their labels. */
function consumerOf({ matches }: RouteRule): string | undefined {
  const [first] = matches;
  const namespace = first?.caller?.namespace;
  const isOne = matches.every(({ caller }) => caller?.namespace === namespace && caller?.labels === undefined);
  return isOne ? namespace : undefined;
}

/** Kept of a consumer route: its name, and what of it has no place in a rule. */
export function keptOfConsumer(namespace: string, { resource, kind }: RouteSource, kept: readonly Kept[]): Kept[] {
  const rest = kept.map((each) => ({ path: pathText(each.path), value: each.value }));
  const value = { kind, name: resource.name, ...labelsOf(resource), ...(rest.length > 0 ? { kept: rest } : {}) };
  return [{ path: [CONSUMERS, namespace], value }];
}

export const labelsOf = ({ labels, annotations }: Pick<KeptConsumer, "labels" | "annotations">) => ({
  ...(labels ? { labels } : {}),
  ...(annotations ? { annotations } : {}),
});

/** Without any route of its own a service takes every call of the other callers. */
export function impliedRule(service: Ref, rest: Partial<RouteRule> = {}): RouteRule {
  const { kind: _kind, ...ref } = service;
  return { matches: [], action: { type: "forward", destinations: [{ service: ref, weight: 1 }] }, ...rest };
}

export function keptConsumerOf({ metadata }: Route, consumer: string): KeptConsumer | undefined {
  const path = pathText([CONSUMERS, consumer]);
  const found = metadata.origin?.kept?.find((each) => each.path === path);
  const read = keptConsumer.safeParse(found?.value);
  return read.success ? read.data : undefined;
}

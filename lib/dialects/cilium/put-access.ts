// ingress and ingressDeny -> AuthorizationPolicies and MutualTls of whole services, or of a namespace.
// The rule: a pod that a policy selects takes what its rules let in and nothing else; denials go before.
import { type AuthorizationPolicy, type AuthorizationRule, keyOf, type PolicyTarget, type Service } from "@/lib/mesh";
import { putMutualTls } from "../linkerd/mutual-tls";
import type { Resource } from "../shared/context";
import { type Callers, callersOf, isNobody, sourcesOf, type World } from "./callers";
import { NAMESPACE, selected, textOf } from "./labels";
import { operationsOf } from "./operations";
import type { Rest } from "./rest";
import { CLUSTER_NAMESPACE, type PolicyPart, type Rule, WRITTEN } from "./state";

/** Where the policy is written, and for what. */
export type Target = { namespace: string; spec: PolicyTarget; service?: Service; isOneOfMany?: boolean };

/** Those of a rule. */
const MAX_OPERATIONS = 64;

/** Who is let in by name, to be drawn. */
export type Granted = { part: PolicyPart; callers: Callers; service: Service };

export function putAccess(world: World, parts: readonly PolicyPart[], restOf: (part: PolicyPart) => Rest): Granted[] {
  const granted: Granted[] = [];
  const targets = new Map(parts.map((part) => [part, targetsOf(world, part, restOf(part))]));
  const closers = parts.filter(({ closes }) => closes.ingress).flatMap((part) => targets.get(part) ?? []);
  const closed = (target: Target) => closers.some((each) => covers(each, target));
  const guarded = new Map<string, { target: Target; part: PolicyPart; isOpen: boolean }>();
  for (const part of parts) {
    for (const target of targets.get(part) ?? []) {
      const grants = putPart(world, part, target, restOf(part), closed(target));
      const { service } = target;
      if (service) granted.push(...grants.callers.map((callers) => ({ part, callers, service })));
      const isOpen = grants.rules.some(({ from, to }) => !from && !to);
      if (!part.closes.ingress) continue;
      const key = JSON.stringify([target.namespace, target.spec]);
      guarded.set(key, { target, part, isOpen: isOpen || (guarded.get(key)?.isOpen ?? false) });
    }
  }
  for (const { target, part, isOpen } of guarded.values()) {
    const { resource, result } = part;
    const where = { resource: placed(resource, target.namespace), result };
    const mode = isOpen ? "permissive" : "strict";
    putMutualTls(world.context, where, target.spec, mode, target.spec.service ?? target.spec.namespace ?? "default");
  }
  return granted;
}

const covers = (wide: Target, narrow: Target) => {
  if (wide.spec.service !== undefined) return wide.service === narrow.service;
  return wide.spec.namespace === undefined || wide.spec.namespace === narrow.namespace;
};

/** The policy's own labels and annotations stay with the policy. */
export function placed(
  { labels: _labels, annotations: _annotations, ...resource }: Resource,
  namespace: string,
): Resource {
  return { ...resource, namespace };
}

const acts = ({ section }: Rule) => section.startsWith("ingress");

function targetsOf({ context, pods }: World, part: PolicyPart, rest: Rest): Target[] {
  const { resource, selector, rules } = part;
  const own = rules.filter(acts);
  if (own.length === 0) return [];
  const [only, ...more] = selector;
  const isEverything = selector.length === 0;
  const namespaces = only?.key === NAMESPACE && only.operator === "In" && more.length === 0 ? only.values : undefined;
  // ports are those of a service
  const isPlain = own.every(({ ports }) => ports === undefined);
  if ((isEverything || namespaces) && isPlain) {
    if (isEverything) context.assumeNamespace(CLUSTER_NAMESPACE);
    for (const each of namespaces ?? []) context.assumeNamespace(each);
    return namespaces
      ? namespaces.map((namespace) => ({ namespace, spec: { namespace } }))
      : [{ namespace: CLUSTER_NAMESPACE, spec: {} }];
  }
  const found = selected(pods, selector);
  if (found.services.length === 0 || found.workloads.length > 0) {
    rest.whole(found.services.length > 0);
    const some = found.workloads.map(({ metadata }) => metadata.name).join(", ");
    const why =
      found.workloads.length > 0
        ? `is for ${some} and not for all of the service, which has no place`
        : `no service of the design has pods ${textOf(selector)}`;
    const message = `${why}: it is kept word for word, without effect here on those`;
    const fix = "Go on to apply it, or write what it means as an AuthorizationPolicy.";
    context.warn(resource, [...part.path, "endpointSelector"], message, fix, { verdict: "lost", changesMeaning: true });
  }
  return found.services.map((service) => ({
    namespace: service.metadata.namespace,
    spec: { service: service.metadata.name },
    service,
    isOneOfMany: found.services.length > 1,
  }));
}

function putPart(world: World, part: PolicyPart, target: Target, rest: Rest, isClosed: boolean): Built {
  const allowed = part.rules.filter(({ section }) => section === "ingress");
  const denied = part.rules.filter(({ section }) => section === "ingressDeny");
  const grants = built(world, part, target, rest, allowed);
  if (isClosed) {
    const isNeeded = part.closes.ingress || grants.rules.length > 0;
    if (isNeeded) put(world, part, target, { name: part.name, action: "allow", ...grants });
    tellGrants(world, part, grants);
  } else if (grants.rules.length > 0) {
    for (const rule of allowed) rest.rule(rule, "it closes nothing, and nothing else closes these pods", !rule.ports);
  }
  const denials = built(world, part, target, rest, denied);
  // one that only denies has the name of the policy
  const isOnly = !part.closes.ingress && allowed.length === 0;
  const name = isOnly ? part.name : `${part.name}-deny`;
  if (denials.rules.length > 0) put(world, part, target, { name, action: "deny", ...denials });
  return grants;
}

type Built = { rules: AuthorizationRule[]; written: Record<string, string>; wider: string[]; callers: Callers[] };

function built(world: World, part: PolicyPart, target: Target, rest: Rest, rules: readonly Rule[]): Built {
  const made: Built = { rules: [], written: {}, wider: [], callers: [] };
  for (const rule of rules) {
    if (rule.odd !== undefined) {
      rest.rule(rule, rule.odd);
      continue;
    }
    // a rule that names neither callers nor ports is there to close, and lets nobody in
    if (rule.peers === undefined && rule.ports === undefined) {
      if (rule.hasIcmp) rest.rule(rule, "meshes carry TCP", true);
      continue;
    }
    const callers = callersOf(world, rule.peers);
    const said = operationsOf(rule.ports, target.service);
    rest.peers(rule, callers.unsaid);
    rest.ports(rule, said.unsaid);
    if (rule.hasIcmp && rule.ports === undefined) rest.rule(rule, "meshes carry TCP", true);
    if (isNobody(callers) || said.to?.length === 0 || (rule.hasIcmp && rule.ports === undefined)) continue;
    const from = sourcesOf(callers, target.namespace);
    const parts = said.to
      ? Array.from({ length: Math.ceil(said.to.length / MAX_OPERATIONS) }, (_, i) =>
          said.to?.slice(i * MAX_OPERATIONS, (i + 1) * MAX_OPERATIONS),
        )
      : [undefined];
    for (const to of parts) made.rules.push({ ...from, ...(to ? { to } : {}) });
    made.callers.push(callers);
    made.wider.push(...said.wider);
    Object.assign(made.written, said.written);
    if (rule.authentication === "required") authenticated(part, made.rules.length - 1);
  }
  return made;
}

/** Said again on the way back, where the rule still is. */
function authenticated(part: PolicyPart, index: number): void {
  const path = ["spec", "ingress", index, "authentication"];
  if (!part.kept.some((each) => each.path.join() === path.join()))
    part.kept.push({ path, value: { mode: "required" } });
}

type Policy = { name: string; action: "allow" | "deny"; rules: AuthorizationRule[]; written: Record<string, string> };

function put({ context }: World, part: PolicyPart, target: Target, { name, action, rules, written }: Policy): void {
  const { resource, result, kept } = part;
  // several services of one policy have a policy each
  const own = target.isOneOfMany ? `${name}-${target.spec.service ?? target.namespace}`.slice(0, 253) : name;
  const existing = context.find("AuthorizationPolicy", keyOf("AuthorizationPolicy", target.namespace, own));
  const spec: AuthorizationPolicy["spec"] = { target: target.spec, action, rules };
  const said = Object.keys(written).length > 0 ? [{ path: WRITTEN.split("."), value: written }] : [];
  const sink = { kept: action === "allow" ? [...kept, ...said] : [], problems: [] };
  const place = { ...resource, namespace: target.namespace };
  result.objects.push(context.put("AuthorizationPolicy", own, spec, { resource: place, sink }, existing));
  const whom = target.spec.service ?? (target.spec.namespace ? `namespace ${target.spec.namespace}` : "every service");
  const count = `${rules.length} ${rules.length === 1 ? "rule" : "rules"}`;
  const words =
    action === "deny" ? `denies by ${count}` : rules.length === 0 ? "lets nobody in" : `lets in by ${count}`;
  result.sentences.push(`${whom} ${words}.`);
}

function tellGrants({ context }: World, { resource, path }: PolicyPart, { wider, callers }: Built): void {
  const sharing = [...new Set(callers.flatMap((each) => each.sharing))];
  if (sharing.length > 0) {
    const message = `callers are known by their service account here, which ${sharing.join(", ")} shares with who is let in: let in as well`;
    context.warn(resource, path, message, "Give each service an account of its own.", { changesMeaning: true });
  }
  const [first] = wider;
  if (first !== undefined) {
    const message = `Cilium compares a path together with its query: ${first} refuses /x?a=1 there, and takes it here`;
    context.warn(resource, path, message, "Write (\\?.*)? behind the path if that is meant.", { changesMeaning: true });
  }
  if (callers.some(({ places }) => places.length > 0)) {
    const message = "callers by label are their services here, which are known by their service account";
    context.warn(resource, path, message, "Check that the labels mean these services.");
  }
}

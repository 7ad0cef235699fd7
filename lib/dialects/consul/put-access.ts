// Intentions -> AuthorizationPolicies, mutual TLS's exceptions, and the lines of calls that are granted.
// The rule: of all intentions Consul asks the most exact one alone, the model asks all; what is written here never lets in whom Consul refuses.
import type { AuthorizationOperation, AuthorizationRule, ObjectKey, Ref, Service } from "@/lib/mesh";
import { keyOf, objectKey } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { drawLine } from "../shared/draw-line";
import { type Said, said } from "./decide";
import { ANY } from "./documents";
import type { World } from "./put-routes";
import type { Intentions, Source } from "./state";

type Mode = "allow" | "deny";
/** What holds for one source at one service, and who said it. */
type Effective = { source: Source; by: Intentions };
const NOTHING: Said = { allow: [], deny: [] };

export function putAccess(world: World): void {
  const { state, places } = world;
  if (state.intentions.length === 0) return;
  const wild = state.intentions.filter(({ destination }) => destination === ANY);
  const mode = settleDefault(world, wild);
  const own = new Map<ObjectKey, { service: Service; name: string; by: Intentions[] }>();
  for (const intentions of state.intentions) {
    if (intentions.destination === ANY) continue;
    const service = places.service(intentions.destination, intentions.resource, ["spec", "destination"]);
    if (!service) {
      putEgress(world, intentions);
      continue;
    }
    const key = objectKey(service);
    const there = own.get(key) ?? { service, name: intentions.destination, by: [] };
    own.set(key, { ...there, by: [...there.by, intentions] });
  }
  const hasCallers = wild.some(({ sources }) => sources.some(({ name }) => name !== ANY));
  // a caller that may call everything is written at each service, for others say otherwise
  if (hasCallers) {
    for (const name of places.names()) {
      const service = places.service(name, (state.intentions[0] as Intentions).resource, []);
      if (service && !own.has(objectKey(service))) own.set(objectKey(service), { service, name, by: [] });
    }
  }
  for (const { service, name, by } of own.values()) putService(world, service, name, { by, wild, mode });
}

function settleDefault({ context, state }: World, wild: readonly Intentions[]): Mode {
  const found = wild.flatMap((by) => by.sources.flatMap((source) => (source.name === ANY ? [{ source, by }] : [])))[0];
  const mode: Mode = found?.source.decision === "allow" ? "allow" : "deny";
  const mesh = context.all("Mesh")[0];
  const part = found?.by ?? wild[0];
  if (mesh && mesh.spec.defaults.authorization !== mode) {
    const defaults = { ...mesh.spec.defaults, authorization: mode };
    const key = context.put("Mesh", mesh.metadata.name, { ...mesh.spec, defaults }, undefined, mesh);
    part?.result.objects.push(key);
    const teller = part ?? state.intentions[0];
    if (teller && context.index.all("Service").length > 0) {
      const message = `the mesh's default becomes ${mode} (from ${mesh.spec.defaults.authorization}), also for what this design had before`;
      context.warn(teller.resource, ["spec"], message, "Add policies for the calls that it had.", {
        changesMeaning: true,
      });
    }
  }
  found?.by.result.sentences.push(`what no intention speaks of is ${mode === "allow" ? "let in" : "refused"}.`);
  return mode;
}

type Given = { by: readonly Intentions[]; wild: readonly Intentions[]; mode: Mode };

/** The most exact intention for each source: both named, the destination named, the source named. */
function effective({ by, wild }: Given): { named: Map<string, Effective>; rest: Effective | undefined } {
  const all = (list: readonly Intentions[]) =>
    list.flatMap((one) => one.sources.map((source): Effective => ({ source, by: one })));
  const named = new Map<string, Effective>();
  for (const each of all(by))
    if (each.source.name !== ANY && !named.has(each.source.name)) named.set(each.source.name, each);
  const any = all(by).find(({ source }) => source.name === ANY);
  if (any) return { named, rest: any };
  for (const each of all(wild))
    if (each.source.name !== ANY && !named.has(each.source.name)) named.set(each.source.name, each);
  return { named, rest: all(wild).find(({ source }) => source.name === ANY) };
}

function putService(world: World, service: Service, name: string, given: Given): void {
  const { context, state, places } = world;
  const isHttp = state.protocolOf(name) !== "tcp";
  const { namespace } = service.metadata;
  const { named, rest } = effective(given);
  const judged = (each: Effective | undefined): Said =>
    each ? said(each.source.decision, { isHttp, mode: given.mode, needsToken: each.by.needsToken }) : NOTHING;
  const open = given.mode === "allow" ? { allow: [{}], deny: [] } : NOTHING;
  const others = rest ? judged(rest) : open;
  const part = given.by[0] ?? [...named.values()][0]?.by ?? given.wild[0];
  if (!part) return;
  const allow: AuthorizationRule[] = [];
  const deny: AuthorizationRule[] = [];
  let narrows = false;
  const known: Ref[] = [];
  for (const [caller, each] of named) {
    const path = ["spec", "sources", each.source.index, "name"];
    const ref = places.ref(caller, each.by.resource, path, namespace);
    if (!ref) continue;
    known.push(ref);
    const from = [{ services: [ref] }];
    const own = judged(each);
    if (own.isNarrower) tellNarrower(context, each, path);
    if (own.allow.length > 0) allow.push(ruleOf(from, own.allow));
    const isRefused = own.allow.length === 0;
    if (isRefused && others.allow.length > 0) deny.push({ from });
    else if (own.deny.length > 0 && !isRefused) deny.push(ruleOf(from, own.deny));
    // the rest's denials, and what it allows beyond, are not this caller's
    narrows ||=
      !isRefused && (others.deny.length > 0 || (others.allow.length > 0 && !isAny(own.allow)) || own.deny.length > 0);
  }
  if (rest && others.isNarrower) tellNarrower(context, rest, ["spec", "sources", rest.source.index]);
  if (others.allow.length > 0 || others.deny.length > 0) {
    const from = narrows ? everybodyBut(context, known, service) : undefined;
    const isWritten = others.allow.length > 0 && (from === undefined || from.length > 0);
    const sources = from && [{ services: from }];
    const isDefault = rest === undefined && allow.length === 0 && sources === undefined;
    if (isWritten && !isDefault) allow.push(ruleOf(sources, others.allow));
    if (others.deny.length > 0 && isWritten) deny.push(ruleOf(sources, others.deny));
    if (narrows) {
      const message = `lets others in than those it names: here these are the ${from?.length ?? 0} services and gateways of today`;
      context.warn(part.resource, ["spec", "sources"], message, "Add services that come later to the policy.");
    }
  }
  write(world, part, service, { allow, deny, isClosed: given.mode === "allow" && others.allow.length === 0 });
  for (const each of allow) for (const ref of each.from?.[0]?.services ?? []) draw(world, part, ref, service);
}

const isAny = (operations: readonly AuthorizationOperation[]) =>
  operations.some((each) => Object.keys(each).length === 0);

function ruleOf(from: AuthorizationRule["from"], operations: readonly AuthorizationOperation[]): AuthorizationRule {
  return { ...(from ? { from } : {}), ...(isAny(operations) ? {} : { to: [...operations] }) };
}

function everybodyBut(context: ImportContext, known: readonly Ref[], service: Service): Ref[] {
  const { namespace } = service.metadata;
  const all = [...context.all("Service"), ...context.all("Gateway")].map(
    ({ kind, metadata }): Ref => ({
      kind,
      ...(metadata.namespace === namespace ? {} : { namespace: metadata.namespace }),
      name: metadata.name,
    }),
  );
  const isKnown = (ref: Ref) =>
    known.some((each) => each.kind === ref.kind && each.name === ref.name && each.namespace === ref.namespace);
  return all.filter((ref) => !isKnown(ref)).slice(0, 256);
}

function tellNarrower(context: ImportContext, { by, source }: Effective, path: (string | number)[]): void {
  const message = `${source.name} is refused some calls that Consul lets in: denials win here, whatever stands before them`;
  context.warn(by.resource, path, message, "Put denials first, and let allowances not overlap them.", {
    changesMeaning: true,
  });
}

type Lists = { allow: AuthorizationRule[]; deny: AuthorizationRule[]; isClosed: boolean };

function write({ context }: World, part: Intentions, service: Service, lists: Lists): void {
  const { name, namespace } = service.metadata;
  const resource = { ...part.resource, namespace };
  for (const action of ["allow", "deny"] as const) {
    const rules = lists[action];
    if (rules.length === 0 && !(action === "allow" && lists.isClosed)) continue;
    const policy = `${name}${action === "deny" ? "-deny" : ""}`.slice(0, 253);
    const existing = context.find("AuthorizationPolicy", keyOf("AuthorizationPolicy", namespace, policy));
    const spec = { target: { service: name }, action, rules };
    const key = context.put("AuthorizationPolicy", policy, spec, { resource }, existing);
    part.result.objects.push(key);
    part.result.sentences.push(`${action} on ${name}: ${rules.length === 1 ? "one rule" : `${rules.length} rules`}.`);
  }
  if (lists.allow.length + lists.deny.length === 0) part.result.sentences.push(`nobody is let in to ${name} by name.`);
}

function draw({ context }: World, part: Intentions, ref: Ref, service: Service): void {
  const from = { kind: ref.kind, namespace: ref.namespace ?? service.metadata.namespace, name: ref.name };
  part.result.objects.push(...drawLine(context, part.resource, from, { kind: "Service", ...service.metadata }));
}

/** Who may call a service outside the mesh. */
function putEgress({ context, places }: World, part: Intentions): void {
  const external = places.external(part.destination);
  if (!external) return;
  const { namespace, name } = external.metadata;
  const isOpen = part.sources.some((each) => each.name === ANY && each.decision === "allow");
  const from = part.sources.flatMap(({ name: caller, decision, index }) => {
    if (caller === ANY || decision !== "allow") return [];
    return places.ref(caller, part.resource, ["spec", "sources", index], namespace) ?? [];
  });
  if (part.sources.some(({ decision }) => Array.isArray(decision))) {
    const message = "asks what is called, which a way out here does not: these calls are refused";
    context.warn(part.resource, ["spec", "sources"], message, "Open the way by hand.", {
      verdict: "lost",
      changesMeaning: true,
    });
  }
  const callers = isOpen ? everybody(context, namespace) : from;
  if (callers.length === 0) return;
  const spec = { from: callers, to: { kind: "ExternalService" as const, name } };
  const existing = context.find("Egress", keyOf("Egress", namespace, name));
  part.result.objects.push(context.put("Egress", name, spec, { resource: { ...part.resource, namespace } }, existing));
  for (const ref of callers) {
    const caller = { kind: ref.kind, namespace: ref.namespace ?? namespace, name: ref.name };
    part.result.objects.push(...drawLine(context, part.resource, caller, { kind: "ExternalService", namespace, name }));
  }
}

const everybody = (context: ImportContext, namespace: string): Ref[] =>
  context.all("Service").map(({ metadata }) => ({
    kind: "Service",
    ...(metadata.namespace === namespace ? {} : { namespace: metadata.namespace }),
    name: metadata.name,
  }));

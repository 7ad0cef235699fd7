// egress -> drawn dependencies, external services and who may call them; egressDeny -> denials at who is called.
// The rule: in a design a service calls what is drawn and nothing else, as a pod does whose egress a policy of Cilium holds.
import { keyOf, objectKey, type Service } from "@/lib/mesh";
import { drawLine, linesBetween, type Place } from "../shared/draw-line";
import { holdersOf, placeOf, type World } from "./callers";
import { NAMESPACE, type Pod, type Selector, selected, selects, within } from "./labels";
import { operationsOf, portsOf } from "./operations";
import { type Granted, placed } from "./put-access";
import { grantExternal } from "./put-external";
import type { Rest } from "./rest";
import type { Peer, PolicyPart, PortEntry, Rule } from "./state";

type Call = { part: PolicyPart; rest: Rest; from: readonly Place[] };

export function putCalls(
  world: World,
  parts: readonly PolicyPart[],
  restOf: (part: PolicyPart) => Rest,
  granted: readonly Granted[],
): void {
  const held = new Map<string, Rule[]>();
  for (const part of parts) {
    const rules = part.rules.filter(({ section }) => section.startsWith("egress"));
    if (rules.length === 0) continue;
    const found = selected(world.pods, part.selector);
    const from = [...found.services, ...found.workloads].map(placeOf);
    if (from.length === 0) restOf(part).whole();
    for (const each of part.closes.egress ? from : [])
      held.set(keyText(each), [...(held.get(keyText(each)) ?? []), ...rules]);
    for (const rule of rules) putRule(world, { part, rest: restOf(part), from }, rule);
  }
  for (const { part, callers, service } of granted) {
    const places = [...callers.places, ...holdersOf(world, callers.principals)];
    for (const from of places) {
      const rules = held.get(keyText(from));
      // of a caller that is held, what it may call is drawn already, with its ports
      const isDrawn = linesBetween(world.context, keyText(from), objectKey(service)).length > 0;
      if (rules && (isDrawn || !rules.some((rule) => reaches(world, rule, service)))) continue;
      for (const key of drawLine(world.context, placed(part.resource, from.namespace), from, placeOf(service))) {
        withoutOrigin(world, key);
        part.result.objects.push(key);
      }
    }
  }
}

const keyText = ({ kind, namespace, name }: Place) => keyOf(kind, namespace, name);

/** A line that follows from what the callee lets in is an assumption: nothing was said of the caller. */
function withoutOrigin({ context }: World, key: string): void {
  const object = context.get(key);
  if (object?.kind !== "Dependency") return;
  const { origin: _origin, ...metadata } = object.metadata;
  context.objects.set(key, { ...object, metadata });
}

/** Whether a rule of the caller lets it call the service, in whatever words. */
function reaches({ pods }: World, { section, peers }: Rule, service: Service): boolean {
  if (section !== "egress") return false;
  const own = pods.byService.get(service) ?? [];
  return (peers ?? [EVERYBODY]).some((peer) => {
    if (peer.is === "entity") return peer.name === "all" || peer.name === "cluster";
    if (peer.is === "service")
      return peer.name === service.metadata.name && peer.namespace === service.metadata.namespace;
    return peer.is === "endpoints" && own.some((pod: Pod) => selects(peer.selector, pod.labels));
  });
}
const EVERYBODY: Peer = { is: "entity", field: "toEntities", raw: "all", path: [], name: "all" };

const DNS_PORT = "53";
const isDns = ({ ports, dns }: PortEntry) =>
  (ports.length > 0 && ports.every(({ port }) => port === DNS_PORT)) || dns !== undefined;

function putRule(world: World, call: Call, rule: Rule): void {
  const { rest } = call;
  if (rule.odd !== undefined) rest.rule(rule, rule.odd);
  else if (rule.section === "egressDeny") deny(world, call, rule);
  else if (rule.ports && rule.ports.length > 0 && rule.ports.every(isDns)) {
    const some = rule.ports.some(({ dns = ["*"] }) => !dns.includes("*"));
    if (some) rest.rule(rule, "which names may be asked for is not decided here", true);
  } else if (rule.peers === undefined) {
    if (rule.ports) rest.rule(rule, "what may be called is drawn one by one here");
    else rest.rule(rule, rule.hasIcmp ? "meshes carry TCP" : "nothing is called that is not drawn here", true);
  } else allow(world, call, rule, rule.peers);
}

function allow(world: World, call: Call, rule: Rule, peers: readonly Peer[]): void {
  const { rest } = call;
  const odd = (rule.ports ?? []).flatMap((entry) => {
    const why =
      entry.odd ?? (entry.http && entry.http.length > 0 ? "conditions on requests are the callee's here" : undefined);
    return why === undefined ? [] : [{ entry, why, isQuiet: false }];
  });
  rest.ports(rule, odd);
  const ports = rule.ports?.filter((entry) => !odd.some((each) => each.entry === entry));
  if (ports?.length === 0) return;
  const unsaid = peers.flatMap((peer) => {
    const why = callPeer(world, call, peer, ports);
    return why === undefined ? [] : [{ peer, why }];
  });
  rest.peers(rule, unsaid);
}

/** Why it has no words. */
function callPeer(world: World, call: Call, peer: Peer, ports: readonly PortEntry[] | undefined): string | undefined {
  const { from, part } = call;
  switch (peer.is) {
    case "odd":
      return peer.why;
    case "entity":
      if (peer.name === "none") return undefined;
      return peer.name === "all" || peer.name === "cluster"
        ? "what may be called is drawn one by one here"
        : `${peer.name} is no service and no name`;
    case "name":
      grantExternal(world.context, part, from, peer, ports);
      return undefined;
    case "service": {
      const service = world.context.find("Service", keyOf("Service", peer.namespace, peer.name));
      if (!service) return `service ${peer.namespace}/${peer.name} is not in the design`;
      draw(world, call, service, ports);
      return undefined;
    }
    case "endpoints": {
      if (isWholesale(peer.selector)) return "what may be called is drawn one by one here";
      const found = selected(world.pods, peer.selector);
      if (found.workloads.length > 0) return "it means only some pods of a service";
      if (found.services.length === 0) return "no service of the design has these pods";
      for (const service of found.services) draw(world, call, service, ports);
      return undefined;
    }
  }
}

const isWholesale = (selector: Selector) =>
  selector.every(({ key }) => key === NAMESPACE || key.includes(".namespace."));

function draw(
  { context }: World,
  { part, from }: Call,
  service: Service,
  entries: readonly PortEntry[] | undefined,
): void {
  const all = service.spec.ports.map(({ port }) => port);
  const found = (entries ?? []).map((entry) => portsOf(entry, service));
  const isEvery = !entries || found.includes(undefined);
  const named = new Set(found.flatMap((each) => (Array.isArray(each) ? each : [])));
  const ports = isEvery || all.every((each) => named.has(each)) ? [undefined] : [...named];
  for (const caller of from) {
    for (const port of ports) {
      part.result.objects.push(
        ...drawLine(context, placed(part.resource, caller.namespace), caller, placeOf(service), port),
      );
    }
  }
}

/** A call that its caller may not make is one that its callee does not take. */
function deny(world: World, call: Call, rule: Rule): void {
  const { context } = world;
  const { part, rest, from } = call;
  if (rule.peers === undefined) {
    if (rule.ports) rest.rule(rule, "what may be called is drawn one by one here", true);
    return;
  }
  for (const peer of rule.peers) {
    if (peer.is === "entity" && peer.name.startsWith("world")) {
      rest.peers(rule, []);
      rest.rule(rule, "nothing outside is called until an Egress grants it", true);
      continue;
    }
    const callee =
      peer.is === "endpoints"
        ? selected(world.pods, peer.selector)
        : peer.is === "service"
          ? selected(world.pods, within(peer.namespace, []))
          : undefined;
    const services = callee?.services.filter((each) => peer.is !== "service" || each.metadata.name === peer.name) ?? [];
    if (services.length === 0 || (peer.is === "endpoints" && (callee?.workloads.length ?? 0) > 0)) {
      rest.peers(rule, [{ peer, why: peer.is === "odd" ? peer.why : "it means no service of the design as a whole" }]);
    }
    for (const service of services) {
      const said = operationsOf(rule.ports, service);
      if (said.to?.length === 0) continue;
      const name = `${part.name}-deny-${service.metadata.name}`.slice(0, 253);
      const { namespace } = service.metadata;
      const refs = from.map(({ kind, namespace: own, name: caller }) => ({
        kind,
        ...(own === namespace ? {} : { namespace: own }),
        name: caller,
      }));
      const existing = context.find("AuthorizationPolicy", keyOf("AuthorizationPolicy", namespace, name));
      const before = existing && context.objects.has(objectKey(existing)) ? existing.spec.rules : [];
      const rules = [...before, { from: [{ services: refs }], ...(said.to ? { to: said.to } : {}) }];
      const spec = { target: { service: service.metadata.name }, action: "deny" as const, rules };
      const resource = placed(part.resource, namespace);
      part.result.objects.push(context.put("AuthorizationPolicy", name, spec, { resource }, existing));
    }
  }
}

// TCPRoute -> rules of the TcpRoute of its service.
// The rule: one that cannot be said whole is kept whole; a route of another namespace than its service's is for the callers of that namespace.
import {
  type Destination,
  isSameJson,
  keyOf,
  type ObjectKey,
  objectKey,
  type Service,
  serviceRefKey,
  type TcpMatch,
  type TcpRule,
  tcpTargetKey,
} from "@/lib/mesh";
import { tcpRuleText } from "@/lib/mesh/diff/words";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { Fields, type Sink } from "../shared/fields";
import { importKept } from "../shared/kept-kinds";
import { byAge } from "./attach";
import { destinationOf } from "./backends";
import { parentOf } from "./route";
import type { GatewayState, TcpSource } from "./state";

const FIX = "Keep the product for what it does, or write a TcpRoute by hand.";

export function importTcpRoute(state: GatewayState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const left: Sink = { kept: [], problems: sink.problems };
    const reading = new Reading(context, resource);
    const source = reading.source(new Fields(spec.everything(), spec.path, left));
    const [other] = left.kept;
    const why = reading.why ?? (other && `${other.path.slice(1).join(".")} is not in the model`);
    if (why !== undefined) {
      const kept = { kind: resource.kind, why: `routes connections, and ${why}`, verdict: "lost" as const };
      return importKept({ ...kept, changesMeaning: true }, FIX)(context, resource);
    }
    const result = understood(resource);
    state.tcp.push({ resource, result, ...source });
    return result;
  };
}

class Reading {
  /** What keeps it from being taken over. */
  why: string | undefined;

  constructor(
    private readonly context: ImportContext,
    private readonly resource: Resource,
  ) {}

  source(spec: Fields): Pick<TcpSource, "parents" | "rule" | "hostnames"> {
    const { context, resource } = this;
    const isTls = resource.kind === "TLSRoute";
    const hostnames = isTls ? (spec.texts("hostnames") ?? ["*"]) : undefined;
    const parents = spec
      .list("parentRefs")
      .flatMap((fields, index) => parentOf(context, resource, fields, index) ?? []);
    if (parents.length === 0) this.refuse("has no parent that the model knows");
    for (const { kind, namespace, name, port, sectionName } of parents) {
      if (kind === "Gateway")
        this.expectListener(keyOf("Gateway", namespace, name), { name, port, sectionName, isTls });
      else if (isTls) this.refuse("what apps say within their connections is not seen by sidecars");
      else if (sectionName !== undefined) this.refuse("sections of a service are not in the model");
      else this.expectTcp(keyOf("Service", namespace, name), name, port);
    }
    const rules = spec.list("rules").map((fields) => this.rule(fields));
    if (rules.length !== 1) this.refuse("it has not one rule");
    spec.keepRest();
    return { parents, rule: rules[0] ?? { destinations: [] }, ...(hostnames ? { hostnames } : {}) };
  }

  private expectListener(
    key: ObjectKey,
    of: { name: string; port: number | undefined; sectionName: string | undefined; isTls: boolean },
  ): void {
    const listeners = this.context.find("Gateway", key)?.spec.listeners;
    const what = of.isTls ? "passes TLS on" : "takes TCP";
    // sections may have other names in the design; who may attach is looked at when all is read
    const isThere = listeners?.some(
      ({ protocol, port }) => protocol === (of.isTls ? "tls" : "tcp") && (of.port ?? port) === port,
    );
    if (!isThere) this.refuse(`gateway ${of.name} has no listener in the design that ${what}`);
  }

  private refuse(why: string): void {
    this.why ??= why;
  }

  private expectTcp(key: ObjectKey, name: string, port: number | undefined): void {
    const ports = this.context.find("Service", key)?.spec.ports ?? [];
    const isTcp = ports.some((each) => each.protocol === "tcp" && (port === undefined || each.port === port));
    if (!isTcp) this.refuse(`service ${name} has no TCP port${port === undefined ? "" : ` ${port}`} in the design`);
  }

  private rule(fields: Fields): TcpSource["rule"] {
    const name = fields.text("name");
    const destinations = fields.list("backendRefs").flatMap((each) => this.destination(each) ?? []);
    fields.keepRest();
    if (destinations.every(({ weight }) => weight === 0)) this.refuse("nothing gets its connections");
    return { ...(name === undefined ? {} : { name }), destinations };
  }

  private destination(fields: Fields): Destination | undefined {
    const { context, resource } = this;
    const group = fields.text("group") ?? "";
    const kind = fields.text("kind") ?? "Service";
    const name = fields.text("name");
    const namespace = fields.text("namespace") ?? resource.namespace;
    const port = fields.number("port");
    const weight = fields.number("weight") ?? 1;
    fields.keepRest();
    if (name === undefined) {
      fields.problem("name", "is missing", "Name the service.");
      return undefined;
    }
    const isService = kind === "Service" && (group === "" || group === "core");
    if (!isService || !isKnown(context, namespace, name)) {
      this.refuse(`its backend ${kind} ${name} is no service of the design`);
      return undefined;
    }
    const place = destinationOf(context, resource, fields, { namespace, name, port });
    this.expectTcp(serviceRefKey(place.service, { metadata: { namespace: resource.namespace } }), name, port);
    return { ...place, weight };
  }
}

/** As a service, or as the version of one. */
function isKnown(context: ImportContext, namespace: string, name: string): boolean {
  if (context.find("Service", keyOf("Service", namespace, name))) return true;
  return context.all("Subset").some(({ metadata: { origin } }) => {
    return origin?.kind === "Service" && origin.name === name && origin.namespace === namespace;
  });
}

/** One TcpRoute for each service, when all routes are known. */
export function attachTcpRoutes(context: ImportContext, state: GatewayState): void {
  const byService = new Map<ObjectKey, TcpSource[]>();
  for (const source of [...state.tcp].sort(byAge)) {
    const services = source.parents.filter(({ kind }) => kind === "Service");
    for (const key of new Set(services.map(({ namespace, name }) => keyOf("Service", namespace, name))))
      byService.set(key, [...(byService.get(key) ?? []), source]);
  }
  for (const [key, sources] of byService) {
    const service = context.find("Service", key);
    if (service) putTcpRoute(context, service, sources);
  }
}

type Placed = { source: TcpSource; rule: TcpRule; rank: number };

function putTcpRoute(context: ImportContext, service: Service, sources: readonly TcpSource[]): void {
  const placed = sources.map((source) => placedIn(context, service, source)).sort((a, b) => b.rank - a.rank);
  const [first] = placed;
  if (!first) return;
  const { name, namespace } = service.metadata;
  const key = objectKey(service);
  const existing = context.all("TcpRoute").find((route) => tcpTargetKey(route) === key);
  const home = existing?.metadata.namespace ?? namespace;
  const own = placed.find(({ source }) => source.resource.namespace === namespace)?.source.resource;
  const resource = { ...(own ?? first.source.resource), namespace };
  const rules = placed.map(({ rule, source }) => ({
    ...rule,
    destinations: rule.destinations.map((each) => seenFrom(home, source.resource.namespace, each)),
  }));
  const spec = { service: home === namespace ? { name } : { namespace, name }, rules };
  const made = context.put("TcpRoute", existing?.metadata.name ?? resource.name, spec, { resource }, existing);
  for (const { source, rule } of placed) {
    source.result.objects.push(made);
    source.result.sentences.push(`${tcpRuleText(rule, name)}.`);
  }
}

/** A reference of an object of namespace `was`, as one of `home` writes it. */
function seenFrom(home: string, was: string, destination: Destination): Destination {
  const namespace = destination.service.namespace ?? was;
  const { name } = destination.service;
  return { ...destination, service: namespace === home ? { name } : { namespace, name } };
}

/** Those for some callers first, then those for one port: what is said more closely is not hidden by what is said of all. */
function placedIn(context: ImportContext, service: Service, source: TcpSource): Placed {
  const { resource, parents, rule } = source;
  const { name, namespace } = service.metadata;
  const own = parents.filter((each) => each.kind === "Service" && each.name === name && each.namespace === namespace);
  const carried = service.spec.ports.filter(({ protocol }) => protocol === "tcp").map(({ port }) => port);
  const isOpen = own.some(({ port }) => port === undefined);
  const asked = isOpen ? carried : carried.filter((port) => own.some((each) => each.port === port));
  if (isOpen && carried.length < service.spec.ports.length) {
    const message = `is for all ports of ${name} there; here it is for its TCP ports ${carried.join(", ")}`;
    const fix = "Name the port in parentRefs.";
    context.warn(resource, ["spec", "parentRefs"], message, fix, { changesMeaning: true });
  }
  const isForSome = resource.namespace !== namespace;
  if (isForSome) context.assumeNamespace(resource.namespace);
  const caller: TcpMatch = isForSome ? { caller: { namespace: resource.namespace } } : {};
  const isEvery = isSameJson(asked, carried);
  const matches = isEvery ? (isForSome ? [caller] : []) : asked.map((port) => ({ port, ...caller }));
  return { source, rule: { ...rule, matches }, rank: (isForSome ? 2 : 0) + (isOpen ? 0 : 1) };
}

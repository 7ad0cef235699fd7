// All routes of a text -> one Route per service, and one per gateway and set of hosts, in the order in which they are tried.
// The rule: Gateway API goes by how specific a match is, over all routes of a parent; the model by the order of its list.
import {
  type Gateway,
  isConnectionListener,
  isHttpsListener,
  keyOf,
  type Listener,
  type ObjectKey,
  type Ref,
  type RouteRule,
  type Service,
} from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import { intersectHosts } from "../shared/hostnames";
import { keepBeside } from "../shared/verbatim";
import { impliedRule } from "./consumers";
import { putRoute } from "./merge";
import { withoutRedirects } from "./redirects";
import type { GatewayState, ListenerInfo, Parent, RouteSource } from "./state";

type Attached = { source: RouteSource; parent: Parent };

export type RouteReader = {
  /** What the product does with calls of a service without routes, beyond sending them on. */
  implied?(service: Service): Partial<RouteRule>;
  /** Why the product has no routes for the callers of their own namespace alone; absent: it has. */
  noConsumers?: string;
};

export function attachRoutes(context: ImportContext, state: GatewayState, reader: RouteReader = {}): void {
  const services = new Map<ObjectKey, Attached[]>();
  const gateways = new Map<ObjectKey, Attached[]>();
  for (const source of [...state.routes].sort(byAge)) {
    if (source.parents.length === 0) leaveOut(context, source, undefined, "it has no parent that the model knows");
    for (const parent of source.parents) {
      const key = keyOf(parent.kind, parent.namespace, parent.name);
      const map = parent.kind === "Service" ? services : gateways;
      map.set(key, [...(map.get(key) ?? []), { source, parent }]);
    }
  }
  const counts = new Map<RouteSource, number>();
  for (const [key, attached] of services) attachToService(context, key, attached, { ...reader, counts });
  for (const [key, attached] of gateways) attachToGateway(context, state, key, attached, counts);
}

type Aged = Pick<Resource, "namespace" | "name" | "createdAt">;

/** The older route wins, then the one whose namespace and name come first. */
export function byAge(a: { resource: Aged }, b: { resource: Aged }): number {
  const [first, second] = [a.resource, b.resource];
  const age = compare(first.createdAt ?? "", second.createdAt ?? "");
  return age || compare(`${first.namespace}/${first.name}`, `${second.namespace}/${second.name}`);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function leaveOut(context: ImportContext, source: RouteSource, parent: Parent | undefined, why: string): void {
  const isKept = keepBeside(context, source);
  const path = parent ? ["spec", "parentRefs", parent.index] : ["spec", "parentRefs"];
  const kept = isKept ? "it is kept word for word, without effect here" : "it is too large to be kept";
  const fix = "Attach it differently, or write its rules by hand.";
  context.warn(source.resource, path, `is left out: ${why}; ${kept}`, fix, { verdict: "lost", changesMeaning: true });
}

type ForService = RouteReader & { counts: Map<RouteSource, number> };

/** Routes are merged with those of their own namespace only: the service's own for everybody, the others for their callers. */
function attachToService(
  context: ImportContext,
  key: ObjectKey,
  all: readonly Attached[],
  { counts, implied, noConsumers }: ForService,
): void {
  const attached = noConsumers === undefined ? all : all.filter((each) => isOfService(context, each, noConsumers));
  const first = attached[0];
  if (!first) return;
  const { parent, source } = first;
  const service = context.serviceNamed(
    source.resource,
    parent.namespace,
    parent.name,
    ["spec", "parentRefs", parent.index, "name"],
    parent.port,
  );
  const homes = [...new Set(attached.map((each) => each.source.resource.namespace))].sort();
  const groups = homes.map((namespace) => {
    const own = ofOneKind(
      context,
      attached.filter((each) => each.source.resource.namespace === namespace),
    );
    const sources = ofOnePort(context, service, own);
    return { namespace, sources, parents: parentsOf(own, sources) };
  });
  const consumers = groups.filter((each) => each.namespace !== parent.namespace && each.sources.length > 0);
  const producer = groups.find((each) => each.namespace === parent.namespace);
  for (const { namespace } of consumers) context.assumeNamespace(namespace);
  const ref: Ref = { kind: "Service", name: service.metadata.name };
  putRoute(context, {
    target: ref,
    namespace: service.metadata.namespace,
    key,
    sources: producer?.sources ?? [],
    consumers,
    implied: impliedRule(ref, implied?.(service)),
    counts,
    hosts: undefined,
    parents: producer?.parents ?? [],
  });
}

function isOfService(context: ImportContext, { source, parent }: Attached, why: string): boolean {
  const isOwn = source.resource.namespace === parent.namespace;
  if (!isOwn) leaveOut(context, source, parent, why);
  return isOwn;
}

function ofOneKind(context: ImportContext, attached: readonly Attached[]): Attached[] {
  const hasGrpc = attached.some(({ source }) => source.kind === "GRPCRoute");
  return attached.filter(({ source, parent }) => {
    const isHidden = hasGrpc && source.kind !== "GRPCRoute";
    if (isHidden) leaveOut(context, source, parent, "a GRPCRoute of the same service hides it");
    return !isHidden;
  });
}

const parentsOf = (attached: readonly Attached[], sources: readonly RouteSource[]) =>
  attached.filter(({ source }) => source === sources[0]).map(({ parent }) => parent);

/** The model's routes are for every port of a service: routes of other ports cannot stand beside. */
function ofOnePort(context: ImportContext, service: Service, attached: readonly Attached[]): RouteSource[] {
  const all = service.spec.ports.map(({ port }) => port);
  const portsOf = (source: RouteSource) => {
    const own = attached.filter((each) => each.source === source).map(({ parent }) => parent.port);
    return own.includes(undefined) ? all : all.filter((port) => own.includes(port));
  };
  const sources = [...new Set(attached.map(({ source }) => source))];
  const [first] = sources;
  if (!first) return [];
  const wanted = portsOf(first).join();
  return sources.filter((source) => {
    const own = portsOf(source);
    const parent = attached.find((each) => each.source === source)?.parent;
    if (own.join() !== wanted) {
      leaveOut(context, source, parent, `it is for other ports of ${service.metadata.name} than the route before it`);
      return false;
    }
    if (own.length < all.length) {
      const message = `is for port ${own.join(", ") || parent?.port} of ${service.metadata.name} only; here it is for ports ${all.join(", ")}`;
      context.warn(source.resource, ["spec", "parentRefs"], message, "Give each port a service of its own.", {
        changesMeaning: true,
      });
    }
    return true;
  });
}

function attachToGateway(
  context: ImportContext,
  state: GatewayState,
  key: ObjectKey,
  attached: readonly Attached[],
  counts: Map<RouteSource, number>,
): void {
  const gateway = context.get(key);
  if (gateway?.kind !== "Gateway") {
    for (const { source, parent } of attached) {
      leaveOut(context, source, parent, `gateway ${parent.namespace}/${parent.name} is not in the design`);
    }
    return;
  }
  const listeners = state.listeners.get(key) ?? gateway.spec.listeners.map(openListener);
  const all = attached.flatMap((each) => servedBy(context, each, listeners));
  const served = withoutRedirects(context, key, gateway, listeners, all);
  const main = new Map<string, number>();
  for (const { host, listener } of served) {
    const other = main.get(host);
    if (other === undefined || isBefore(listeners, listener, other)) main.set(host, listener);
  }
  const byHost = new Map<string, RouteSource[]>();
  for (const { host, listener, source } of served) {
    if (main.get(host) !== listener) continue;
    const sources = byHost.get(host) ?? [];
    if (!sources.includes(source)) byHost.set(host, [...sources, source]);
  }
  for (const { source, parent } of served) {
    if ([...byHost.values()].some((sources) => sources.includes(source))) continue;
    leaveOut(context, source, parent, "another listener of the gateway serves its hosts, and the model has one");
    byHost.set("", [...(byHost.get("") ?? []), source]);
  }
  byHost.delete("");
  putGroups(context, key, gateway, { byHost, attached, listeners, counts });
}

/** Of several listeners for a host the model has one: the encrypted one first. */
function isBefore(listeners: readonly ListenerInfo[], a: number, b: number): boolean {
  const [first, second] = [listeners[a]?.isTls ?? false, listeners[b]?.isTls ?? false];
  return first === second ? a < b : first;
}

type Served = Attached & { host: string; listener: number };

function servedBy(context: ImportContext, { source, parent }: Attached, listeners: readonly ListenerInfo[]): Served[] {
  const own = listeners.flatMap((each, i) =>
    !isConnectionListener(each) &&
    (parent.sectionName === undefined || parent.sectionName === each.name) &&
    (parent.port === undefined || parent.port === each.port)
      ? [{ each, i }]
      : [],
  );
  const open = own.filter(({ each }) => each.allows(source.resource.namespace));
  const served = open.flatMap(({ each, i }) =>
    intersectHosts(source.hostnames ?? ["*"], each.hosts).map((host) => ({ source, parent, host, listener: i })),
  );
  if (served.length === 0) {
    const why =
      own.length === 0
        ? "the gateway has no such listener"
        : open.length === 0
          ? `its listeners do not allow routes of ${source.resource.namespace}`
          : "none of its hosts is one of the listeners'";
    leaveOut(context, source, parent, `it is not attached in the product either: ${why}`);
  }
  return served;
}

/** Of a gateway that is in the design already. */
export const openListener = (listener: Listener): ListenerInfo => ({
  ...listener,
  isTls: isHttpsListener(listener),
  allows: () => true,
});

type Groups = {
  byHost: Map<string, RouteSource[]>;
  attached: readonly Attached[];
  listeners: readonly ListenerInfo[];
  counts: Map<RouteSource, number>;
};

/** Hosts that the same routes serve share a Route. */
function putGroups(
  context: ImportContext,
  key: ObjectKey,
  gateway: Gateway,
  { byHost, attached, listeners, counts }: Groups,
): void {
  const groups: { sources: RouteSource[]; hosts: string[] }[] = [];
  for (const [host, sources] of byHost) {
    const group = groups.find(
      (each) => each.sources.length === sources.length && each.sources.every((one, i) => one === sources[i]),
    );
    if (group) group.hosts.push(host);
    else groups.push({ sources, hosts: [host] });
  }
  const all = new Set(listeners.flatMap(({ hosts }) => hosts));
  for (const { sources, hosts } of groups) {
    const [first] = sources;
    if (!first) continue;
    const { name, namespace } = gateway.metadata;
    const isEverything = groups.length === 1 && hosts.length === all.size && hosts.every((host) => all.has(host));
    const home = first.resource.namespace;
    const target: Ref = { kind: "Gateway", ...(namespace === home ? {} : { namespace }), name };
    const parents = attached.filter((each) => each.source === first).map(({ parent }) => parent);
    putRoute(context, {
      target,
      namespace: home,
      key,
      sources,
      counts,
      hosts: isEverything ? undefined : hosts,
      parents,
    });
  }
}

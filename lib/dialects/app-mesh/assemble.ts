// Virtual services, nodes and routers -> Services, Workloads, Subsets, Routes and Dependencies.
// The rule: a virtual node is a version of the service whose provider leads to it; what its listeners limit is told, for the side changes.
import { type Destination, keyOf, type RouteRule, valueAt } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { slug } from "../shared/names";
import { putDependency } from "./dependency";
import { putGateway } from "./gateway";
import { putLimits } from "./limits";
import { readRule } from "./rules";
import type { AppMeshState, Part, Place } from "./state";
import { isTcpRoute, putTcpRoute } from "./tcp";
import { listenersOf, numberAt, records, textAt } from "./values";

export function assemble(context: ImportContext, state: AppMeshState): void {
  const names = serviceNames(state);
  const places = nodePlaces(context, state, names);
  for (const part of [...state.services, ...state.nodes, ...state.gateways])
    context.assumeNamespace(part.resource.namespace);
  putServices(context, state, names, places);
  for (const node of state.nodes) putNode(context, node, places, names);
  for (const service of state.services) putRoutes(context, state, service, names, places);
  for (const gateway of state.gateways) putGateway(context, state, gateway, names);
}

/** The first label of a virtual service's name, or all of it where two would share that. */
function serviceNames(state: AppMeshState): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { raw } of state.services) {
    const short = slug(raw.split(".")[0] ?? raw);
    const name = taken.has(short) ? slug(raw) : short;
    taken.add(name);
    names.set(raw, name);
  }
  return names;
}

const routerOf = (service: Part) => textAt(service.spec, ["provider", "virtualRouter", "virtualRouterName"]);

/** In the order in which they are tried: low priority first, then by name. */
function routesOf(state: AppMeshState, router: string | undefined): Part[] {
  const priority = (part: Part) => numberAt(part.spec, ["priority"]) ?? Number.MAX_SAFE_INTEGER;
  return state.routes
    .filter((each) => each.resource.parent === router)
    .sort((a, b) => priority(a) - priority(b) || (a.raw < b.raw ? -1 : 1));
}

function nodePlaces(context: ImportContext, state: AppMeshState, names: Map<string, string>): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const service of state.services) {
    const name = names.get(service.raw) ?? slug(service.raw);
    const direct = textAt(service.spec, ["provider", "virtualNode", "virtualNodeName"]);
    const routed = routesOf(state, routerOf(service)).flatMap(({ spec }) =>
      ["httpRoute", "http2Route", "grpcRoute", "tcpRoute"].flatMap((type) =>
        records(valueAt(spec, [type, "action", "weightedTargets"])).flatMap(
          (each) => textAt(each, ["virtualNode"]) ?? [],
        ),
      ),
    );
    for (const node of new Set([...(direct === undefined ? [] : [direct]), ...routed])) {
      const own = slug(node);
      const version = own.startsWith(`${name}-`) ? own.slice(name.length + 1) : own === name ? "v1" : own;
      if (!places.has(node)) places.set(node, { service: name, version, isOne: direct !== undefined });
      else if (places.get(node)?.service !== name) {
        const message = `virtual node ${node} is behind several services; it is taken as a workload of ${places.get(node)?.service}`;
        context.warn(service.resource, ["spec", "provider"], message, "Give each service nodes of its own.", {
          changesMeaning: true,
        });
      }
    }
  }
  // a node that only calls others is a service that nobody calls yet
  for (const node of state.nodes) {
    if (!places.has(node.raw) && listenersOf(node.spec).length > 0) {
      places.set(node.raw, { service: slug(node.raw), version: "v1", isOne: true });
    }
  }
  return places;
}

function putServices(
  context: ImportContext,
  state: AppMeshState,
  names: Map<string, string>,
  places: Map<string, Place>,
): void {
  const wanted = new Map<string, Part>();
  for (const part of state.services) wanted.set(names.get(part.raw) ?? slug(part.raw), part);
  for (const part of state.nodes) {
    const place = places.get(part.raw);
    if (place && !wanted.has(place.service)) wanted.set(place.service, part);
  }
  for (const [name, part] of wanted) {
    const listeners = state.nodes
      .filter(({ raw }) => places.get(raw)?.service === name)
      .flatMap(({ spec }) => listenersOf(spec));
    const ports = [...new Map(listeners.map((each) => [each.port, each])).values()];
    if (ports.length === 0) {
      const message = "has no virtual node with a listener and is left out";
      context.warn(part.resource, ["spec", "provider"], message, "Read its nodes and routes together with it.", {
        verdict: "lost",
      });
      continue;
    }
    const existing = context.get(keyOf("Service", part.resource.namespace, name));
    const current = existing?.kind === "Service" ? existing : undefined;
    const spec = {
      ...current?.spec,
      ports: ports.map(({ port, protocol }, i) => ({
        name: i === 0 ? protocol : `${protocol}-${port}`,
        port,
        protocol,
      })),
    };
    part.result.objects.push(context.put("Service", name, spec, { resource: part.resource }, current));
    part.result.sentences.push(
      `service ${name} on ${ports.map(({ port, protocol }) => `port ${port} (${protocol})`).join(", ")}.`,
    );
  }
}

function putNode(context: ImportContext, node: Part, places: Map<string, Place>, names: Map<string, string>): void {
  const { resource, spec, result } = node;
  const place = places.get(node.raw);
  if (!place || !context.get(keyOf("Service", resource.namespace, place.service))) {
    const message = "is left out: it has no listener, and a workload belongs to a service here";
    context.warn(resource, ["spec", "listeners"], message, "Give it a service in the design.", { verdict: "lost" });
    return;
  }
  const name = slug(node.raw);
  const existing = context.get(keyOf("Workload", resource.namespace, name));
  const current = existing?.kind === "Workload" ? existing : undefined;
  const workload = { ...current?.spec, service: place.service, version: place.version };
  result.objects.push(context.put("Workload", name, workload, { resource }, current));
  result.sentences.push(`workload of ${place.service}, version ${place.version}.`);
  if (!place.isOne) putSubset(context, node, place);
  putLimits(context, node, place);
  for (const backend of records(valueAt(spec, ["backends"]))) {
    const called = names.get(textAt(backend, ["virtualService", "virtualServiceName"]) ?? "");
    if (called === undefined || called === place.service) continue;
    putDependency(context, node, { kind: "Service", name: place.service }, called);
  }
}

function putSubset(context: ImportContext, { resource, result }: Part, { service, version }: Place): void {
  const name = `${service}-${version}`.slice(0, 253);
  const existing = context
    .all("Subset")
    .find((each) => each.spec.service.name === service && each.spec.name === version);
  const spec = { service: { name: service }, name: version, labels: { version } };
  result.objects.push(context.put("Subset", name, spec, { resource }, existing));
}

function putRoutes(
  context: ImportContext,
  state: AppMeshState,
  service: Part,
  names: Map<string, string>,
  places: Map<string, Place>,
): void {
  const name = names.get(service.raw) ?? "";
  const rules: RouteRule[] = [];
  const placeOf = (node: string): Omit<Destination, "weight"> | undefined => {
    const place = places.get(node);
    return place && { service: { name: place.service }, ...(place.isOne ? {} : { subset: place.version }) };
  };
  const routes = routesOf(state, routerOf(service));
  putTcpRoute(context, service, name, routes.filter(isTcpRoute), (node) => {
    const named = placeOf(node);
    const part = state.nodes.find(({ raw }) => raw === node);
    return named && part && { named, listeners: listenersOf(part.spec) };
  });
  for (const route of routes.filter((each) => !isTcpRoute(each))) {
    const read = readRule(route.spec, placeOf);
    if ("reason" in read) {
      const message = `is left out: ${read.reason}; calls it would take go on to the routes after it`;
      context.warn(route.resource, ["spec"], message, "Add a rule by hand if it matters.", {
        verdict: "lost",
        changesMeaning: true,
      });
      continue;
    }
    route.result.sentences.push(`rule ${rules.length + 1} of ${name}.`);
    rules.push({ name: route.raw.slice(0, 256), ...read.rule });
  }
  if (rules.length === 0 || !context.get(keyOf("Service", service.resource.namespace, name))) return;
  const existing = context
    .all("Route")
    .find((each) => each.spec.target.kind === "Service" && each.spec.target.name === name);
  const spec = { target: { kind: "Service" as const, name }, rules };
  service.result.objects.push(context.put("Route", name, spec, { resource: service.resource }, existing));
}

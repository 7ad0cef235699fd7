// The virtual host of one port of a service, as its callers see it.
// The rule: a route that is written for a service is complete: what none of its rules takes is answered 404, as in Istio.
import {
  type ObjectKey,
  objectKey,
  type Route,
  routeEndsOf,
  type Service,
  serviceRefKey,
  type Workload,
} from "@/lib/mesh";
import { clusterName, resolveDestinations, resolveMirrors } from "./destinations";
import type { JsonObject } from "./envoy-json";
import { hashKeysFor } from "./hash-keys";
import type { CompileContext } from "./parts";
import { compileRule, defaultRoute, isFor } from "./route-rule";
import { shared } from "./shared";

export type HostInput = {
  service: Service;
  port: number;
  /** Its namespace may leave the service's out, and rules may be for some callers only. */
  caller: Workload;
  /** Host without a port means this one. */
  isDefaultPort: boolean;
  drawn: ReadonlySet<ObjectKey>;
};

/**
 * The same for all callers of a namespace, unless a route leads to other services: then it matters what the caller has drawn; or
 * asks who calls: then its labels do.
 */
export function serviceHost(context: CompileContext, input: HostInput): JsonObject {
  const key = objectKey(input.service);
  const routes = context.facts.routesOf.get(key) ?? [];
  if (routes.some((route) => leadsElsewhere(route, key) || asksForCallers(route))) return hostOf(context, input);
  const isNear = input.caller.metadata.namespace === input.service.metadata.namespace;
  const name = `host ${key} ${input.port} ${isNear} ${input.isDefaultPort} ${input.drawn.has(key)}`;
  return shared(context, name, [input.service], (of) => hostOf(of, input));
}

function leadsElsewhere(route: Route, service: ObjectKey): boolean {
  return routeEndsOf(route).some((end) => serviceRefKey(end.service, route) !== service);
}

function asksForCallers({ spec }: Route): boolean {
  return spec.rules.some(({ matches }) => matches.some(({ caller }) => caller !== undefined));
}

function hostOf(context: CompileContext, input: HostInput): JsonObject {
  const { service, port } = input;
  const { namespace, name } = service.metadata;
  return {
    name: `${name}.${namespace}:${port}`,
    domains: domainsOf(input),
    include_request_attempt_count: true,
    routes: routesTo(context, input),
  };
}

/** `s`, `s.n`, `s.n.svc.cluster.local`. */
export function namesOf(service: Service, caller: Workload): string[] {
  const { namespace, name } = service.metadata;
  const names = [`${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
  return namespace === caller.metadata.namespace ? [name, ...names] : names;
}

/** Each of its names with its port and, for the default port, without. */
function domainsOf({ service, port, caller, isDefaultPort }: HostInput): string[] {
  return namesOf(service, caller).flatMap((host) => (isDefaultPort ? [host, `${host}:${port}`] : [`${host}:${port}`]));
}

function routesTo(context: CompileContext, input: HostInput): JsonObject[] {
  const { service, port, drawn, caller } = input;
  const key = objectKey(service);
  const routes = context.facts.routesOf.get(key) ?? [];
  warnOfSeveral(context, routes);
  if (routes.length === 0) {
    const cluster = clusterName(service, port, undefined);
    context.targets.set(cluster, { service: key, port, subset: undefined });
    return [defaultRoute(`${service.metadata.name}/default`, cluster, hashKeysFor(context.facts, [cluster]))];
  }
  return routes.flatMap((route) => compileRules(context, route, port, drawn, caller));
}

export function compileRules(
  { facts, input, problems, targets }: CompileContext,
  route: Route,
  calledPort: number | null,
  drawn: ReadonlySet<ObjectKey>,
  caller: Workload | null,
): JsonObject[] {
  return route.spec.rules.flatMap((rule, index) => {
    const { action } = rule;
    // A rule for others is not there; nor is what it needs.
    if (rule.matches.length > 0 && !rule.matches.some((match) => isFor(match, caller, calledPort))) return [];
    if (action.type !== "forward")
      return compileRule({ route, rule, index, caller, calledPort, clusters: [], mirrors: [], hashKeys: [], problems });
    const place = { facts, route, ruleIndex: index, calledPort, drawn, problems, targets };
    const clusters = resolveDestinations({ ...place, destinations: action.destinations, rollout: input.rollout });
    if (clusters.length === 0) return [];
    const mirrors = resolveMirrors(place, rule.mirrors ?? []);
    const names = clusters.map(({ cluster }) => cluster);
    return compileRule({
      ...{ route, rule, index, caller, calledPort, clusters, mirrors, problems },
      hashKeys: hashKeysFor(facts, names),
    });
  });
}

function warnOfSeveral({ problems }: CompileContext, routes: readonly Route[]): void {
  for (const route of routes.slice(1)) {
    const before = routes[0]?.metadata.name;
    problems.warn(
      route,
      "spec.target",
      `Route "${before}" is for the same target: its rules are tried first, in the order of the names`,
      "Put the rules into one route, in the order you mean.",
    );
  }
}

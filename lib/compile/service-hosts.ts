// The virtual host of one port of a service, as its callers see it.
// The rule: a route that is written for a service is complete: what none of its rules takes is answered 404, as in Istio.
import { type ObjectKey, objectKey, type Route, type Service } from "@/lib/mesh";
import { clusterName, resolveDestinations } from "./destinations";
import type { JsonObject } from "./envoy-json";
import type { CompileContext } from "./parts";
import { compileRule, defaultRoute } from "./route-rule";

export type HostInput = {
  service: Service;
  port: number;
  /** The caller's namespace may leave the service's out. */
  callerNamespace: string;
  /** Host without a port means this one. */
  isDefaultPort: boolean;
  drawn: ReadonlySet<ObjectKey>;
};

export function serviceHost(context: CompileContext, input: HostInput): JsonObject {
  const { service, port } = input;
  const { namespace, name } = service.metadata;
  return {
    name: `${name}.${namespace}:${port}`,
    domains: domainsOf(input),
    include_request_attempt_count: true,
    routes: routesTo(context, input),
  };
}

/** `s`, `s.n`, `s.n.svc.cluster.local`, each with its port and, for the default port, without. */
function domainsOf({ service, port, callerNamespace, isDefaultPort }: HostInput): string[] {
  const { namespace, name } = service.metadata;
  const names = [`${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
  if (namespace === callerNamespace) names.unshift(name);
  return names.flatMap((host) => (isDefaultPort ? [host, `${host}:${port}`] : [`${host}:${port}`]));
}

function routesTo(context: CompileContext, input: HostInput): JsonObject[] {
  const { service, port, drawn } = input;
  const key = objectKey(service);
  const routes = context.facts.routesOf.get(key) ?? [];
  warnOfSeveral(context, routes);
  if (routes.length === 0) {
    const cluster = clusterName(service, port, undefined);
    context.targets.set(cluster, { service: key, port, subset: undefined });
    return [defaultRoute(`${service.metadata.name}/default`, cluster)];
  }
  return routes.flatMap((route) => compileRules(context, route, port, drawn));
}

export function compileRules(
  { facts, input, problems, targets }: CompileContext,
  route: Route,
  calledPort: number | null,
  drawn: ReadonlySet<ObjectKey>,
): JsonObject[] {
  return route.spec.rules.flatMap((rule, index) => {
    const { action } = rule;
    if (action.type !== "forward") return compileRule({ route, rule, index, clusters: [], problems });
    const clusters = resolveDestinations({
      facts,
      route,
      ruleIndex: index,
      destinations: action.destinations,
      rollout: input.rollout,
      calledPort,
      drawn,
      problems,
      targets,
    });
    return clusters.length === 0 ? [] : compileRule({ route, rule, index, clusters, problems });
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

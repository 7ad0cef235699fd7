// From what a proxy decided with back to what was drawn or written: routes, policies and mTLS to objects and places in them.
// The rule: names and metadata that the compiler wrote lead back; what nothing was written for leads to the drawn dependency.
import type { RoutePlan, VirtualHostPlan } from "@meshwright/proxy/plan";
import { targetOfClusterName } from "@/lib/compile/destinations";
import { factsOf, serviceOfRef } from "@/lib/compile/facts";
import { protectionOf } from "@/lib/compile/modes";
import { type Dependency, type ObjectKey, objectKey, refKey } from "@/lib/mesh";
import type { PlannedProxy, Scene } from "./scene";

type Planned = Extract<PlannedProxy, { ok: true }>;
/** An origin before its line was looked up. */
export type Origin = { object: ObjectKey; path: string; name?: string };

/** Where the route of an outbound or gateway listener comes from. */
export function originOfRoute(scene: Scene, proxy: Planned, host: VirtualHostPlan, route: RoutePlan): Origin | null {
  const { route: key, rule, gateway, listener } = route.metadata;
  if (key !== undefined && rule !== undefined) return ruleOrigin(scene, host, route, key, Number(rule));
  if (gateway !== undefined) return listenerOrigin(scene, gateway, listener);
  const callee = calleeOf(proxy, route);
  return callee ? grantOf(scene, proxy, callee) : null;
}

function ruleOrigin(scene: Scene, host: VirtualHostPlan, route: RoutePlan, key: ObjectKey, rule: number): Origin {
  const first = host.routes.findIndex(
    ({ metadata }) => metadata["route"] === key && metadata["rule"] === route.metadata["rule"],
  );
  const name = (scene.index.find("Route", key) ?? scene.index.find("TcpRoute", key))?.spec.rules[rule]?.name;
  const matches = scene.index.find("Route", key)?.spec.rules[rule]?.matches.length ?? 0;
  const match = Number(route.metadata["match"] ?? host.routes.indexOf(route) - first);
  const path = matches > 1 ? `spec.rules[${rule}].matches[${match}]` : `spec.rules[${rule}]`;
  return { object: key, path, ...(name === undefined ? {} : { name }) };
}

/** What a listener says about every request, without a route. */
function listenerOrigin({ index }: Scene, gateway: ObjectKey, listener: string | undefined): Origin {
  const place = index.find("Gateway", gateway)?.spec.listeners.findIndex(({ name }) => name === listener) ?? -1;
  return { object: gateway, path: place < 0 ? "spec" : `spec.listeners[${place}].httpsRedirect` };
}

/** The service or external service behind a default route. */
function calleeOf({ plan }: Planned, { action }: RoutePlan): ObjectKey | null {
  const cluster = action.kind === "forward" ? action.clusters[0] : undefined;
  return cluster ? serviceOfCluster(plan.clusters.get(cluster.name)?.metadata ?? {}, cluster.name) : null;
}

export function serviceOfCluster(metadata: Readonly<Record<string, string>>, name: string): ObjectKey | null {
  if (metadata["kind"] === "external") return `ExternalService/${metadata["namespace"]}/${metadata["service"]}`;
  return targetOfClusterName(name)?.service ?? null;
}

/** The dependency that opens the way from this proxy to `callee`; for external services the egress beside it is the one that grants. */
function grantOf(scene: Scene, proxy: Planned, callee: ObjectKey): Origin | null {
  const egress = scene.index.egressesTo(callee)[0];
  if (egress) return { object: objectKey(egress), path: "spec" };
  const drawn = dependencyBetween(scene, proxy.owner, callee);
  return drawn && { object: objectKey(drawn), path: "spec" };
}

/** The first drawn dependency from a service (or one of its workloads, or a gateway) to a service or external service. */
export function dependencyBetween(scene: Scene, caller: ObjectKey, callee: ObjectKey): Dependency | null {
  const { index } = scene;
  const callers = [caller, ...index.workloadsOf(caller).map(objectKey)];
  const facts = factsOf(scene.slice(caller).document);
  for (const key of callers) {
    for (const dependency of index.dependenciesFrom(key)) {
      const { to } = dependency.spec;
      const target = to.kind === "ExternalService" ? refKey(to, dependency) : serviceOfRef(facts, to, dependency);
      if (target === callee) return dependency;
    }
  }
  return null;
}

/** `AuthorizationPolicy/ns/name#2` or `Dependency/ns/name`, as the compiler names RBAC policies. */
export function originOfPolicy(name: string): Origin {
  const [object = name, rule] = name.split("#");
  return { object, path: rule === undefined ? "spec" : `spec.rules[${rule}]` };
}

/** `RequestAuthentication/ns/name#1`, as the compiler names providers. */
export function originOfToken(provider: string): Origin {
  const [object = provider, rule] = provider.split("#");
  return { object, path: rule === undefined ? "spec" : `spec.jwtRules[${rule}]` };
}

/** What decides whether calls to this service are in mutual TLS. */
export function originOfMtls(scene: Scene, service: ObjectKey, port: number | undefined): Origin | null {
  const facts = factsOf(scene.slice(service).document);
  const object = facts.services.get(service);
  const from = object && protectionOf(facts, object, port).tlsFrom;
  return from ? { object: objectKey(from.object), path: from.path } : null;
}

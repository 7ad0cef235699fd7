// Resources -> ProxyPlan, or every reason why not. The proxy applies the plan; the simulator asks it questions.
// One rule: a plan exists only when every resource is supported, valid and consistent with the others.

import type { DescMessage, Message } from "@bufbuild/protobuf";
import { findConstraintViolations } from "../contract/constraints";
import { findUnsupported } from "../contract/find-unsupported";
import type { Cluster, ClusterLoadAssignment, Listener, Node, RouteConfiguration, Secret } from "../contract/messages";
import { RESOURCE_SCHEMAS, type ResourceKind, type ResourceMessages } from "../contract/resource-types";
import type { Violation } from "../contract/violations";
import { clusterPlan, edsNameOf, endpointPlans } from "./clusters";
import { filterNames } from "./http-filters";
import { type ListenerSurroundings, listenerPlan } from "./listeners";
import { routeConfigPlan } from "./routes";
import { Scope } from "./scope";
import { type SecretCollector, secretSource } from "./tls";
import type {
  ClusterPlan,
  ListenerPlan,
  NodePlan,
  OverloadPlan,
  ProxyPlan,
  RouteConfigPlan,
  RoutePlan,
  SocketAddress,
} from "./types";
import { localityWord, stringsOf } from "./values";

export interface PlanResources {
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly routes: ReadonlyMap<string, RouteConfiguration>;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly endpoints: ReadonlyMap<string, ClusterLoadAssignment>;
  /** Secrets of a static file, or other messages to be checked; SDS secrets need not be here. */
  readonly secrets?: ReadonlyMap<string, Secret>;
}

export interface PlanOptions {
  readonly node?: Node;
  readonly admin?: SocketAddress | null;
  /** cluster_manager.local_cluster_name */
  readonly localCluster?: string;
  /** overload_manager */
  readonly overload?: OverloadPlan | null;
  /** Static file: path of a resource in it. Without it problems carry the resource instead. */
  readonly pathOf?: (kind: ResourceKind, name: string) => string;
  /** Static routes must name clusters that exist (Envoy validate_clusters); RDS routes need not. */
  readonly isStatic?: boolean;
  /** Beside ADS: no secret is static. */
  readonly areSecretsDiscovered?: boolean;
  /** Secrets that do not come from the file: the proxy's own identity. */
  readonly externalSecrets?: readonly string[];
}

export type PlanResult =
  | { readonly ok: true; readonly plan: ProxyPlan }
  | { readonly ok: false; readonly violations: readonly Violation[] };

export function plan(resources: PlanResources, options: PlanOptions = {}): PlanResult {
  const found: Violation[] = [];
  const scopeOf = (kind: ResourceKind, name: string): Scope =>
    options.pathOf ? new Scope(options.pathOf(kind, name), found) : new Scope("", found, { kind, name });
  checkAll(resources, scopeOf);
  try {
    return planChecked(resources, options, scopeOf, found);
  } catch (error) {
    if (found.length > 0) {
      return { ok: false, violations: withoutDoubles(found) }; // bytes inside an Any that cannot be decoded
    }
    throw error;
  }
}

function planChecked(resources: PlanResources, options: PlanOptions, scopeOf: ScopeOf, found: Violation[]): PlanResult {
  const secrets: SecretCollector = {
    names: new Set(),
    sources: new Map(),
    areDiscovered: options.areSecretsDiscovered === true,
  };
  for (const [name, secret] of resources.secrets ?? []) {
    const source = secretSource(secret, scopeOf("secret", name));
    if (source) {
      secrets.sources.set(name, source);
    }
  }
  const clusterNames = options.isStatic ? new Set(resources.clusters.keys()) : null;
  const clusters = clusterPlans(resources, scopeOf, secrets);
  const routeConfigs = new Map<string, RouteConfigPlan>();
  for (const [name, config] of resources.routes) {
    routeConfigs.set(name, routeConfigPlan(config, scopeOf("route", name), null));
  }
  const listeners = listenerPlans(resources, scopeOf, { secrets, clusterNames, routeConfigs });
  if (options.isStatic) {
    checkOverrides(listeners, routeConfigs, scopeOf);
    checkStaticSecrets(secrets, options.externalSecrets ?? [], found);
  }
  if (found.length > 0) {
    return { ok: false, violations: withoutDoubles(found) };
  }
  return {
    ok: true,
    plan: {
      node: nodePlan(options.node),
      locality: options.node?.locality ? localityWord(options.node.locality) : null,
      localCluster: options.localCluster ?? "",
      overload: options.overload ?? null,
      admin: options.admin ?? null,
      listeners,
      routeConfigs,
      clusters,
      secretNames: [...secrets.names].sort(),
      secretSources: secrets.sources,
    },
  };
}

type ScopeOf = (kind: ResourceKind, name: string) => Scope;

/** Results by message: a resource that did not change is not walked again. Only for paths that begin at the resource. */
const checked = new WeakMap<Message, readonly Violation[]>();

/** Unsupported fields and broken constraints of one resource by itself. */
export function checkResource<K extends ResourceKind>(
  kind: K,
  message: ResourceMessages[K],
  path = "",
): readonly Violation[] {
  const known = path === "" ? checked.get(message) : undefined;
  if (known) {
    return known;
  }
  const schema: DescMessage = RESOURCE_SCHEMAS[kind];
  const violations = [...findUnsupported(schema, message, path), ...findConstraintViolations(schema, message, path)];
  if (path === "") {
    checked.set(message, violations);
  }
  return violations;
}

function checkAll(resources: PlanResources, scopeOf: ScopeOf): void {
  const check = <K extends ResourceKind>(
    kind: K,
    messages: ReadonlyMap<string, ResourceMessages[K]> | undefined,
  ): void => {
    for (const [name, message] of messages ?? []) {
      const scope = scopeOf(kind, name);
      scope.add(checkResource(kind, message, scope.path));
    }
  };
  check("secret", resources.secrets);
  check("cluster", resources.clusters);
  check("endpoint", resources.endpoints);
  check("route", resources.routes);
  check("listener", resources.listeners);
}

function clusterPlans(resources: PlanResources, scopeOf: ScopeOf, secrets: SecretCollector): Map<string, ClusterPlan> {
  const plans = new Map<string, ClusterPlan>();
  for (const [name, cluster] of resources.clusters) {
    const edsName = edsNameOf(cluster);
    const assignment = edsName === null ? undefined : resources.endpoints.get(edsName);
    plans.set(name, clusterPlan(cluster, assignment, scopeOf("cluster", name), secrets));
  }
  for (const [name, assignment] of resources.endpoints) {
    endpointPlans(assignment, scopeOf("endpoint", name), "eds");
  }
  return plans;
}

function listenerPlans(
  resources: PlanResources,
  scopeOf: ScopeOf,
  shared: {
    secrets: SecretCollector;
    clusterNames: ReadonlySet<string> | null;
    routeConfigs: Map<string, RouteConfigPlan>;
  },
): ListenerPlan[] {
  const around: ListenerSurroundings = {
    ...shared,
    addInlineRoutes: (name, config, scope) =>
      shared.routeConfigs.set(name, routeConfigPlan(config, scope, shared.clusterNames)),
    routesByRds: () => {}, // a route config that has not arrived answers 404 until it does
  };
  const plans = Array.from(resources.listeners, ([name, listener]) =>
    listenerPlan(listener, scopeOf("listener", name), around),
  );
  const ports = new Map<string, string>();
  for (const { name, address } of plans) {
    const key = `${address.address}:${address.port}`;
    if (address.port !== 0 && ports.has(key)) {
      scopeOf("listener", name)
        .field("address")
        .fail(`${key} is the address of listener ${JSON.stringify(ports.get(key))} already; use another port`);
    }
    ports.set(key, name);
  }
  return plans;
}

/** An override that names no filter would be without effect: say so. */
function checkOverrides(
  listeners: readonly ListenerPlan[],
  routeConfigs: ReadonlyMap<string, RouteConfigPlan>,
  scopeOf: ScopeOf,
): void {
  const namesOf = new Map<string, Set<string>>();
  for (const { network } of listeners.flatMap(({ filterChains }) => filterChains)) {
    if (network.kind === "http") {
      const names = namesOf.get(network.routeConfig) ?? new Set();
      for (const each of filterNames(network.filters)) names.add(each);
      namesOf.set(network.routeConfig, names);
    }
  }
  for (const [name, config] of routeConfigs) {
    const known = namesOf.get(name);
    const used = new Set(config.virtualHosts.flatMap(({ routes }) => routes.flatMap(overriddenNames)));
    for (const key of known ? used : []) {
      if (!known?.has(key)) {
        scopeOf("route", name)
          .item("typed_per_filter_config", key)
          .fail("names no filter of the listeners that use these routes; correct the name");
      }
    }
  }
}

function overriddenNames({ rbacOverrides, filters, action }: RoutePlan): string[] {
  const choices = action.kind === "forward" ? action.clusters.map((choice) => choice.filters) : [];
  const others = [filters, ...choices].flatMap((each) => [
    ...(each?.faults.keys() ?? []),
    ...(each?.limits.keys() ?? []),
    ...(each?.rateLimits.keys() ?? []),
    ...(each?.jwt.keys() ?? []),
  ]);
  return [...(rbacOverrides?.keys() ?? []), ...others];
}

function checkStaticSecrets(
  { names, sources }: SecretCollector,
  external: readonly string[],
  found: Violation[],
): void {
  for (const name of names) {
    if (!sources.has(name) && !external.includes(name)) {
      found.push({
        path: "static_resources.secrets",
        message: `there is no secret ${JSON.stringify(name)}, which a TLS context names; add it (SDS needs dynamic_resources.ads_config)`,
      });
    }
  }
}

function withoutDoubles(found: readonly Violation[]): Violation[] {
  const seen = new Set<string>();
  return found.filter(({ path, message, resource }) => {
    const key = `${resource?.kind ?? ""} ${resource?.name ?? ""} ${path} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

function nodePlan(node: Node | undefined): NodePlan {
  const metadata = stringsOf(node?.metadata);
  return {
    id: node?.id ?? "",
    cluster: node?.cluster ?? "",
    workload: metadata["WORKLOAD"] ?? "unknown",
    namespace: metadata["NAMESPACE"] ?? "unknown",
    service: metadata["SERVICE"] ?? (node?.cluster || "unknown"),
    version: metadata["VERSION"] ?? "unknown",
    serviceAccount: metadata["SERVICE_ACCOUNT"] ?? "unknown",
    zone: node?.locality?.zone ?? "",
    metadata,
  };
}

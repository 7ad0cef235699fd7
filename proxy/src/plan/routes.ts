// Envoy RouteConfiguration -> RouteConfigPlan: lookup tables of domains, compiled matches, all levels merged.
// One rule: the hot path asks the tables in Envoy's order and applies what it finds, nothing is inherited at run time.

import type { Route, RouteConfiguration, VirtualHost } from "../contract/messages";
import { type HeaderLevel, headerLevel } from "./header-ops";
import { type FilterLevel, filterLevel, mergeFilterLevels, routeFiltersOf } from "./http-filters";
import { rateLimitRules } from "./ratelimit";
import { mirrorPlans, routeAction } from "./route-action";
import { routeMatch } from "./route-match";
import type { Scope } from "./scope";
import { routeTracingPlan } from "./tracing";
import type { MirrorPlan, RateLimitRule, RouteConfigPlan, RoutePlan, VirtualHostPlan } from "./types";
import { meshwrightMetadata } from "./values";

/** @param clusterNames the clusters a route may name; null: not checked (RDS, as in Envoy) */
export function routeConfigPlan(
  config: RouteConfiguration,
  scope: Scope,
  clusterNames: ReadonlySet<string> | null,
): RouteConfigPlan {
  const checked = (config.validateClusters ?? clusterNames !== null) ? clusterNames : null;
  const level = headerLevel(config, scope);
  const overrides = filterLevel(config.typedPerFilterConfig, scope);
  const mirrors = mirrorPlans(config, scope, { clusterNames: checked });
  const virtualHosts = config.virtualHosts.map((host, index) =>
    virtualHostPlan(host, scope.item("virtual_hosts", index), {
      config,
      level,
      overrides,
      clusterNames: checked,
      mirrors,
    }),
  );
  return {
    ...domainTables(virtualHosts, scope),
    name: config.name,
    virtualHosts,
    ignorePortInHostMatching: config.ignorePortInHostMatching,
  };
}

interface Outer {
  readonly config: RouteConfiguration;
  readonly level: HeaderLevel;
  readonly overrides: FilterLevel;
  readonly clusterNames: ReadonlySet<string> | null;
  /** Of the levels around, the most specific that names any. */
  readonly mirrors: readonly MirrorPlan[];
}

interface Host extends Outer {
  readonly rateLimits: readonly RateLimitRule[];
}

function virtualHostPlan(host: VirtualHost, scope: Scope, outer: Outer): VirtualHostPlan {
  const level = headerLevel(host, scope);
  const overrides = mergeFilterLevels(outer.overrides, filterLevel(host.typedPerFilterConfig, scope));
  const rateLimits = rateLimitRules(host.rateLimits, scope);
  const mirrors = host.requestMirrorPolicies.length > 0 ? mirrorPlans(host, scope, outer) : outer.mirrors;
  const around: Host = { ...outer, overrides, rateLimits, mirrors };
  return {
    name: host.name,
    domains: host.domains,
    routes: host.routes.map((route, index) =>
      routePlan(route, host, scope.item("routes", index), around, [level, outer.level]),
    ),
    includeRequestAttemptCount: host.includeRequestAttemptCount,
    includeAttemptCountInResponse: host.includeAttemptCountInResponse,
  };
}

function routePlan(
  route: Route,
  host: VirtualHost,
  scope: Scope,
  outer: Host,
  levels: readonly HeaderLevel[],
): RoutePlan {
  const match = routeMatch(route.match, scope.field("match"));
  const overrides = mergeFilterLevels(outer.overrides, filterLevel(route.typedPerFilterConfig, scope));
  return {
    name: route.name,
    virtualHost: host.name,
    match,
    action: routeAction(route, scope, {
      path: match.path,
      levels: [headerLevel(route, scope), ...levels],
      filters: overrides,
      mostSpecificWins: outer.config.mostSpecificHeaderMutationsWins,
      inheritedRetry: host.retryPolicy,
      inheritedMirrors: outer.mirrors,
      replayLimitBytes: replayLimit(route.perRequestBufferLimitBytes ?? host.perRequestBufferLimitBytes),
      hostRateLimits: outer.rateLimits,
      clusterNames: outer.clusterNames,
      maxBodyBytes: outer.config.maxDirectResponseBodySizeBytes ?? 4096,
    }),
    metadata: meshwrightMetadata(route.metadata),
    rbacOverrides: overrides.rbac.size > 0 ? overrides.rbac : null,
    filters: routeFiltersOf(overrides),
    tracing: routeTracingPlan(route.tracing, scope.field("tracing")),
  };
}

/** Envoy's default limit of a connection, which the smaller of the two is held to. */
const MAX_REPLAY_BYTES = 1024 * 1024;

const replayLimit = (bytes: number | undefined): number | null =>
  bytes === undefined ? null : Math.min(bytes, MAX_REPLAY_BYTES);

type DomainTables = Pick<RouteConfigPlan, "exactDomains" | "suffixDomains" | "prefixDomains" | "defaultHost">;

function domainTables(hosts: readonly VirtualHostPlan[], scope: Scope): DomainTables {
  const exactDomains = new Map<string, VirtualHostPlan>();
  const suffixes = new Map<string, VirtualHostPlan>();
  const prefixes = new Map<string, VirtualHostPlan>();
  let defaultHost: VirtualHostPlan | null = null;
  hosts.forEach((host, hostIndex) => {
    host.domains.forEach((written, index) => {
      const domain = written.toLowerCase();
      const at = scope.item("virtual_hosts", hostIndex).item("domains", index);
      if (domain === "*") {
        if (defaultHost) {
          at.fail('only one virtual host may have the domain "*"');
        }
        defaultHost = host;
        return;
      }
      const [table, key] = domain.startsWith("*")
        ? ([suffixes, domain.slice(1)] as const)
        : domain.endsWith("*")
          ? ([prefixes, domain.slice(0, -1)] as const)
          : ([exactDomains, domain] as const);
      if (table.has(key)) {
        at.fail(
          `${JSON.stringify(written)} is a domain of the virtual host ${JSON.stringify(table.get(key)?.name)} already; a domain may stand once`,
        );
      }
      table.set(key, host);
    });
  });
  return { exactDomains, suffixDomains: byLength(suffixes), prefixDomains: byLength(prefixes), defaultHost };
}

function byLength(table: ReadonlyMap<string, VirtualHostPlan>): RouteConfigPlan["suffixDomains"] {
  const lengths = [...new Set([...table.keys()].map(({ length }) => length))].sort((left, right) => right - left);
  return lengths.map((length) => ({ length, hosts: new Map([...table].filter(([key]) => key.length === length)) }));
}

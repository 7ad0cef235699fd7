// Envoy RouteConfiguration -> RouteConfigPlan: lookup tables of domains, compiled matches, all levels merged.
// One rule: the hot path asks the tables in Envoy's order and applies what it finds, nothing is inherited at run time.

import type { Route, RouteConfiguration, RouteMatch, VirtualHost } from "../contract/messages";
import { type HeaderLevel, headerLevel } from "./header-ops";
import { type FilterLevel, filterLevel, mergeFilterLevels, routeFiltersOf } from "./http-filters";
import { compileRegex, headerMatcher, queryMatcher } from "./matchers";
import { routeAction } from "./route-action";
import type { Scope } from "./scope";
import type { PathMatcher, RouteConfigPlan, RouteMatchPlan, RoutePlan, VirtualHostPlan } from "./types";
import { meshwrightMetadata, share } from "./values";

/** @param clusterNames the clusters a route may name; null: not checked (RDS, as in Envoy) */
export function routeConfigPlan(
  config: RouteConfiguration,
  scope: Scope,
  clusterNames: ReadonlySet<string> | null,
): RouteConfigPlan {
  const checked = (config.validateClusters ?? clusterNames !== null) ? clusterNames : null;
  const level = headerLevel(config, scope);
  const overrides = filterLevel(config.typedPerFilterConfig, scope);
  const virtualHosts = config.virtualHosts.map((host, index) =>
    virtualHostPlan(host, scope.item("virtual_hosts", index), { config, level, overrides, clusterNames: checked }),
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
}

function virtualHostPlan(host: VirtualHost, scope: Scope, outer: Outer): VirtualHostPlan {
  const level = headerLevel(host, scope);
  const overrides = mergeFilterLevels(outer.overrides, filterLevel(host.typedPerFilterConfig, scope));
  return {
    name: host.name,
    domains: host.domains,
    routes: host.routes.map((route, index) =>
      routePlan(route, host, scope.item("routes", index), { ...outer, overrides }, [level, outer.level]),
    ),
    includeRequestAttemptCount: host.includeRequestAttemptCount,
    includeAttemptCountInResponse: host.includeAttemptCountInResponse,
  };
}

function routePlan(
  route: Route,
  host: VirtualHost,
  scope: Scope,
  outer: Outer,
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
      clusterNames: outer.clusterNames,
      maxBodyBytes: outer.config.maxDirectResponseBodySizeBytes ?? 4096,
    }),
    metadata: meshwrightMetadata(route.metadata),
    rbacOverrides: overrides.rbac.size > 0 ? overrides.rbac : null,
    filters: routeFiltersOf(overrides),
  };
}

function routeMatch(match: RouteMatch | undefined, scope: Scope): RouteMatchPlan {
  const fraction = match?.runtimeFraction?.defaultValue;
  return {
    path: pathMatcher(match, scope),
    isGrpc: match?.grpc !== undefined,
    headers: match?.headers.map((one, index) => headerMatcher(one, scope.item("headers", index))) ?? [],
    query: match?.queryParameters.map((one, index) => queryMatcher(one, scope.item("query_parameters", index))) ?? [],
    fraction: fraction ? share(fraction) : null,
  };
}

function pathMatcher(match: RouteMatch | undefined, scope: Scope): PathMatcher {
  const specifier = match?.pathSpecifier;
  const caseSensitive = match?.caseSensitive ?? true;
  const fold = caseSensitive ? (text: string) => text : (text: string) => text.toLowerCase();
  switch (specifier?.case) {
    case "path": {
      const wanted = fold(specifier.value);
      return { kind: "exact", value: specifier.value, caseSensitive, matches: (path) => fold(path) === wanted };
    }
    case "prefix": {
      const wanted = fold(specifier.value);
      return {
        kind: "prefix",
        value: specifier.value,
        caseSensitive,
        matches: (path) => path !== "" && fold(path).startsWith(wanted),
      };
    }
    case "pathSeparatedPrefix": {
      const wanted = fold(specifier.value);
      return {
        kind: "path-separated-prefix",
        value: specifier.value,
        caseSensitive,
        matches: (path) =>
          fold(path).startsWith(wanted) && (path.length === wanted.length || path[wanted.length] === "/"),
      };
    }
    case "safeRegex": {
      const regex = compileRegex(specifier.value, scope.field("safe_regex"));
      return {
        kind: "regex",
        value: specifier.value.regex,
        caseSensitive: true,
        matches: (path) => regex?.testExact(path) ?? false,
      };
    }
    case "connectMatcher":
      return { kind: "connect", value: "", caseSensitive: true, matches: (path) => path === "" };
    default:
      return { kind: "prefix", value: "", caseSensitive, matches: () => false }; // refused by the constraints
  }
}

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

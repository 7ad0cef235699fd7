// Virtual host and route of a request, as Envoy 1.40 finds them (common/router/config_impl.cc).
// One rule: the first route in order that matches wins; nothing here allocates per request beyond the decision.

import type {
  HttpRequestView,
  QueryMatcher,
  RouteConfigPlan,
  RouteMatchPlan,
  RoutePlan,
  VirtualHostPlan,
  WeightedName,
} from "../plan/types";
import { isGrpcRequest } from "./grpc";

export interface RouteDecision {
  readonly virtualHost: VirtualHostPlan | null;
  readonly route: RoutePlan | null;
}

/** Exact name, then longest suffix wildcard, then longest prefix wildcard, then "*". Null: no virtual host (404). */
export function matchVirtualHost(config: RouteConfigPlan, authority: string): VirtualHostPlan | null {
  if (config.virtualHosts.length === 0 || authority === "") {
    return config.defaultHost;
  }
  const host = (config.ignorePortInHostMatching ? withoutPort(authority) : authority).toLowerCase();
  const exact = config.exactDomains.get(host);
  if (exact) {
    return exact;
  }
  for (const group of config.suffixDomains) {
    // The star stands for at least one character.
    const found = host.length > group.length ? group.hosts.get(host.slice(host.length - group.length)) : undefined;
    if (found) {
      return found;
    }
  }
  for (const group of config.prefixDomains) {
    const found = host.length > group.length ? group.hosts.get(host.slice(0, group.length)) : undefined;
    if (found) {
      return found;
    }
  }
  return config.defaultHost;
}

/** First route that matches, or null (404). `random` is the request's random integer. */
export function matchRoute(host: VirtualHostPlan, request: HttpRequestView, random: number): RoutePlan | null {
  const path = pathWithoutQuery(request.path);
  for (const route of host.routes) {
    if (route.match.path.matches(path) && matchesRest(route.match, request, random)) {
      return route;
    }
  }
  return null;
}

/** For a filter's own rules, which know no shares. */
export function matchesRule(match: RouteMatchPlan, request: HttpRequestView): boolean {
  return match.path.matches(pathWithoutQuery(request.path)) && matchesRest(match, request, 0);
}

/** Both steps at once. */
export function routeRequest(config: RouteConfigPlan, request: HttpRequestView, random: number): RouteDecision {
  const virtualHost = matchVirtualHost(config, request.authority);
  return { virtualHost, route: virtualHost && matchRoute(virtualHost, request, random) };
}

/** The cluster of a forwarding route or of a TCP proxy: `random` modulo the total weight, walked in order. */
export function pickCluster<Choice extends WeightedName>(
  { clusters, totalWeight }: { readonly clusters: readonly Choice[]; readonly totalWeight: number },
  random: number,
): Choice {
  const [first] = clusters;
  if (!first) {
    throw new Error("A forwarding route has no cluster: build routes with plan(), which refuses this.");
  }
  if (clusters.length === 1) {
    return first;
  }
  let rest = random % totalWeight;
  for (const choice of clusters) {
    if (rest < choice.weight) {
      return choice;
    }
    rest -= choice.weight;
  }
  return first;
}

function matchesRest(match: RouteMatchPlan, request: HttpRequestView, random: number): boolean {
  const { fraction, headers, query, isGrpc } = match;
  if (isGrpc && !isGrpcRequest(request)) {
    return false;
  }
  if (fraction && random % fraction.denominator >= fraction.numerator) {
    return false;
  }
  for (const matcher of headers) {
    if (!matcher.matches(request)) {
      return false;
    }
  }
  return query.length === 0 || matchesQuery(query, request.path);
}

export function matchesQuery(query: readonly QueryMatcher[], path: string): boolean {
  const values = queryParameters(path);
  return query.every((matcher) => matcher.matches(values.get(matcher.name)));
}

/** First value of each parameter, not percent-decoded (Envoy's parseQueryString). */
export function queryParameters(path: string): Map<string, string> {
  const values = new Map<string, string>();
  const start = path.indexOf("?");
  if (start < 0) {
    return values;
  }
  const hash = path.indexOf("#", start);
  for (const pair of path.slice(start + 1, hash < 0 ? undefined : hash).split("&")) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (!values.has(name)) {
      values.set(name, equals < 0 ? "" : pair.slice(equals + 1));
    }
  }
  return values;
}

/** Path up to the first "?" or "#". */
export function pathWithoutQuery(path: string): string {
  const query = path.indexOf("?");
  const end = query < 0 ? path : path.slice(0, query);
  const hash = end.indexOf("#");
  return hash < 0 ? end : end.slice(0, hash);
}

function withoutPort(authority: string): string {
  const colon = authority.lastIndexOf(":");
  const isPort = colon > 0 && colon > authority.lastIndexOf("]") && /^\d+$/.test(authority.slice(colon + 1));
  return isPort ? authority.slice(0, colon) : authority;
}

// What a route does: forward, redirect or answer itself. One rule: a forwarding route always has at least one cluster
// choice with complete header operations, so that the data path has one case.

import {
  RouteAction_ClusterNotFoundResponseCode as NotFoundCode,
  type RetryPolicy,
  type Route,
  type RouteAction,
  type RouteAction_RequestMirrorPolicy,
} from "../contract/messages";
import { dataBytes } from "./data-source";
import { hashPolicies } from "./hash-policy";
import { type HeaderLevel, headerLevel, mergeLevels } from "./header-ops";
import { type FilterLevel, filterLevel, mergeFilterLevels, routeFiltersOf } from "./http-filters";
import { internalRedirects } from "./internal-redirects";
import { rateLimitRules, routeRateLimits } from "./ratelimit";
import { retryPolicy } from "./retry-policy";
import { type PathRewrite, prefixRewrite, queryStart, redirectAction, regexRewrite } from "./rewrites";
import type { Scope } from "./scope";
import { subsetMatch } from "./subsets";
import type {
  ClusterChoice,
  DirectResponseAction,
  ForwardAction,
  GrpcDeadlinePlan,
  HostRewrite,
  MirrorPlan,
  PathMatcher,
  RateLimitRule,
  RoutePlan,
} from "./types";
import { upgradesOf } from "./upgrades";
import { share, timeout } from "./values";

/** Envoy default. */
const ROUTE_TIMEOUT_MS = 15_000;

export interface RouteSurroundings {
  readonly path: PathMatcher;
  /** Most specific first. */
  readonly levels: readonly HeaderLevel[];
  readonly mostSpecificWins: boolean;
  /** What the route and the levels around it say otherwise about filters. */
  readonly filters: FilterLevel;
  readonly inheritedRetry: RetryPolicy | undefined;
  readonly inheritedMirrors: readonly MirrorPlan[];
  readonly replayLimitBytes: number | null;
  readonly hostRateLimits: readonly RateLimitRule[];
  readonly clusterNames: ReadonlySet<string> | null;
  readonly maxBodyBytes: number;
}

export function routeAction(route: Route, scope: Scope, around: RouteSurroundings): RoutePlan["action"] {
  const { responseHeaders } = mergeLevels(around.levels, around.mostSpecificWins);
  switch (route.action.case) {
    case "route":
      return forwardAction(route.action.value, scope.field("route"), around);
    case "redirect":
      return { ...redirectAction(route.action.value, around.path, scope.field("redirect")), responseHeaders };
    case "directResponse": {
      const at = scope.field("direct_response");
      const { status, body } = route.action.value;
      return {
        kind: "direct-response",
        status,
        body: body ? responseBody(body, at.field("body"), around) : null,
        responseHeaders,
      };
    }
    default:
      return { kind: "direct-response", status: 500, body: null, responseHeaders }; // refused by the constraints
  }
}

function responseBody(
  source: Parameters<typeof dataBytes>[0],
  scope: Scope,
  { maxBodyBytes }: RouteSurroundings,
): DirectResponseAction["body"] {
  const bytes = dataBytes(source, scope);
  if (bytes && bytes.length > maxBodyBytes) {
    scope.fail(
      `is ${bytes.length} bytes, more than the ${maxBodyBytes} allowed; raise max_direct_response_body_size_bytes`,
    );
  }
  return bytes;
}

function forwardAction(action: RouteAction, scope: Scope, around: RouteSurroundings): ForwardAction {
  const clusters = clusterChoices(action, scope, around);
  const retry = action.retryPolicy
    ? retryPolicy(action.retryPolicy, scope.field("retry_policy"))
    : around.inheritedRetry
      ? retryPolicy(around.inheritedRetry, scope.field("retry_policy"))
      : null;
  return {
    kind: "forward",
    clusters,
    totalWeight: clusters.reduce((sum, { weight }) => sum + weight, 0),
    readsCluster: clusters.some(({ header }) => header !== null),
    rewritePath: pathRewrite(action, scope, around.path),
    rewriteHost: hostRewrite(action, scope),
    appendXForwardedHost: action.appendXForwardedHost,
    // Observed on Envoy 1.40: with a max_stream_duration, even an empty one, the route's timeout does not count.
    timeoutMs: action.maxStreamDuration ? null : timeout(action.timeout, ROUTE_TIMEOUT_MS),
    idleTimeoutMs: timeout(action.idleTimeout, null),
    hasIdleTimeout: action.idleTimeout !== undefined,
    maxStreamDurationMs: timeout(action.maxStreamDuration?.maxStreamDuration, null),
    hasMaxStreamDuration: action.maxStreamDuration?.maxStreamDuration !== undefined,
    deadline: grpcDeadline(action),
    retry,
    internalRedirects: internalRedirects(action.internalRedirectPolicy, scope.field("internal_redirect_policy")),
    replayLimitBytes: around.replayLimitBytes,
    mirrors: mirrorsOf(action, scope, around),
    hashPolicies: hashPolicies(action.hashPolicy, scope),
    rateLimits: routeRateLimits(
      rateLimitRules(action.rateLimits, scope),
      around.hostRateLimits,
      action.includeVhRateLimits ?? false,
    ),
    terminatesConnect: terminatesConnect(action, scope),
    upgrades: action.upgradeConfigs.length > 0 ? upgradesOf(action.upgradeConfigs, scope) : null,
    clusterNotFoundStatus: action.clusterNotFoundResponseCode === NotFoundCode.NOT_FOUND ? 404 : 503,
  };
}

function terminatesConnect(action: RouteAction, scope: Scope): boolean {
  let isTerminated = false;
  action.upgradeConfigs.forEach(({ upgradeType, enabled, connectConfig }, index) => {
    const at = scope.item("upgrade_configs", index).field("connect_config");
    const isConnect = upgradeType.toLowerCase() === "connect" && enabled !== false;
    if (isConnect && !connectConfig) at.fail("must be set: CONNECT is ended here, never passed on");
    if (!isConnect && connectConfig) at.fail("is for upgrade_type CONNECT only; remove it");
    if (isConnect) isTerminated = true;
  });
  return isTerminated;
}

function grpcDeadline(action: RouteAction): GrpcDeadlinePlan | null {
  const duration = action.maxStreamDuration;
  if (duration) {
    const { grpcTimeoutHeaderMax: max, grpcTimeoutHeaderOffset: offset } = duration;
    if (!max) return null;
    return { kind: "lifetime", maxMs: timeout(max, null), offsetMs: timeout(offset, null) ?? 0 };
  }
  if (!action.maxGrpcTimeout) return null;
  const offsetMs = timeout(action.grpcTimeoutOffset, null) ?? 0;
  return { kind: "response", maxMs: timeout(action.maxGrpcTimeout, null), offsetMs };
}

function pathRewrite(action: RouteAction, scope: Scope, match: PathMatcher): PathRewrite | null {
  if (action.regexRewrite) {
    if (action.prefixRewrite !== "") {
      scope.field("regex_rewrite").fail("cannot be set together with prefix_rewrite; keep one of them");
    }
    return regexRewrite(action.regexRewrite, scope.field("regex_rewrite"));
  }
  return action.prefixRewrite === "" ? null : prefixRewrite(match, action.prefixRewrite);
}

function hostRewrite({ hostRewriteSpecifier: specifier }: RouteAction, scope: Scope): HostRewrite | null {
  switch (specifier.case) {
    case "hostRewriteLiteral":
      return specifier.value === "" ? null : { kind: "literal", value: specifier.value };
    case "autoHostRewrite":
      return specifier.value ? { kind: "auto" } : null;
    case "hostRewriteHeader":
      return specifier.value === "" ? null : { kind: "header", name: specifier.value.toLowerCase() };
    case "hostRewritePathRegex": {
      const rewrite = regexRewrite(specifier.value, scope.field("host_rewrite_path_regex"));
      return rewrite ? { kind: "path", hostOf: (path) => rewrite(path.slice(0, queryStart(path))) } : null;
    }
    default:
      return null;
  }
}

/** The most specific level that names any. */
function mirrorsOf(action: RouteAction, scope: Scope, around: RouteSurroundings): readonly MirrorPlan[] {
  return action.requestMirrorPolicies.length > 0 ? mirrorPlans(action, scope, around) : around.inheritedMirrors;
}

export function mirrorPlans(
  { requestMirrorPolicies }: { readonly requestMirrorPolicies: readonly RouteAction_RequestMirrorPolicy[] },
  scope: Scope,
  around: Pick<RouteSurroundings, "clusterNames">,
): MirrorPlan[] {
  return requestMirrorPolicies.map((one, index) =>
    mirrorPlan(one, scope.item("request_mirror_policies", index), around),
  );
}

function mirrorPlan(
  policy: RouteAction_RequestMirrorPolicy,
  scope: Scope,
  around: Pick<RouteSurroundings, "clusterNames">,
): MirrorPlan {
  const { cluster, clusterHeader, runtimeFraction, disableShadowHostSuffixAppend } = policy;
  return {
    cluster,
    header: clusterHeaderOf(cluster, clusterHeader, scope.field("cluster"), around),
    share: runtimeFraction ? share(runtimeFraction.defaultValue) : null,
    hasHostSuffix: !disableShadowHostSuffixAppend,
  };
}

/** One of both says which cluster it is: its name, which is checked, or a header, which is given. */
function clusterHeaderOf(
  name: string,
  header: string,
  at: Scope,
  around: Pick<RouteSurroundings, "clusterNames">,
): string | null {
  if (header === "") {
    if (name === "") at.fail("must not be empty, unless cluster_header says which");
    else checkCluster(name, at, around);
    return null;
  }
  if (name !== "") at.fail("cannot be set together with cluster_header; keep one of them");
  return header.toLowerCase();
}

function checkCluster(name: string, at: Scope, { clusterNames }: Pick<RouteSurroundings, "clusterNames">): void {
  if (clusterNames && !clusterNames.has(name)) {
    at.fail(`there is no cluster ${JSON.stringify(name)}; add it to the clusters or correct the name`);
  }
}

function clusterChoices(action: RouteAction, scope: Scope, around: RouteSurroundings): ClusterChoice[] {
  const specifier = action.clusterSpecifier;
  if (specifier.case === "cluster" || specifier.case === "clusterHeader") {
    const isNamed = specifier.case === "cluster";
    if (isNamed) checkCluster(specifier.value, scope.field("cluster"), around);
    const said = { name: isNamed ? specifier.value : "", header: isNamed ? null : specifier.value.toLowerCase() };
    const headers = mergeLevels(around.levels, around.mostSpecificWins);
    const subset = subsetMatch(action.metadataMatch);
    return [{ ...said, weight: 1, ...headers, filters: routeFiltersOf(around.filters), subset }];
  }
  if (specifier.case !== "weightedClusters") {
    return []; // refused by the constraints and the support table
  }
  const at = scope.field("weighted_clusters");
  const choices = specifier.value.clusters.map((cluster, index): ClusterChoice => {
    const one = at.item("clusters", index);
    const levels = [headerLevel(cluster, one), ...around.levels];
    const own = mergeFilterLevels(around.filters, filterLevel(cluster.typedPerFilterConfig, one));
    return {
      name: cluster.name,
      header: clusterHeaderOf(cluster.name, cluster.clusterHeader, one.field("name"), around),
      weight: cluster.weight ?? 0,
      ...mergeLevels(levels, around.mostSpecificWins),
      filters: routeFiltersOf(own),
      subset: subsetMatch(action.metadataMatch, cluster.metadataMatch),
    };
  });
  checkWeights(choices, specifier.value.totalWeight, at);
  return choices;
}

function checkWeights(choices: readonly ClusterChoice[], wanted: number | undefined, scope: Scope): void {
  const sum = choices.reduce((total, { weight }) => total + weight, 0);
  if (sum === 0 || sum > 0xffffffff) {
    scope.field("clusters").fail(`the weights add up to ${sum}; give them a sum from 1 to 4294967295`);
  } else if (wanted !== undefined && wanted !== sum) {
    scope.field("total_weight").fail(`is ${wanted} but the weights add up to ${sum}; remove total_weight`);
  }
}

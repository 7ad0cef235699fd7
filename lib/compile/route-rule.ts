// One rule of a route -> Envoy routes: action, split, timeout, retries, rewrite, header changes.
// The rule: times and retries that the design leaves open are written out here, so that no proxy's own default decides.

import {
  type HashKey,
  type InternalRedirects,
  isMeantCaller,
  type MeshObject,
  type PathMatch,
  type Retries,
  type RouteMatch,
  type RouteRule,
  type Workload,
} from "@/lib/mesh";
import { any, compact, duration, type JsonObject, meshwrightMetadata } from "./envoy-json";
import { hashPolicies } from "./hashing";
import { headerOperations } from "./header-operations";
import { filtersOf } from "./http-filters";
import type { Problems } from "./problems";
import { compileMatch, segmentPrefix } from "./route-match";

/** A destination that was resolved: the cluster it stands for, its share, and Envoy's fields of what it does to headers. */
export type WeightedCluster = { cluster: string; weight: number; headers?: JsonObject };

/** Where copies go, and of how many of the requests. */
export type MirrorCluster = { cluster: string; percent: number };

export type RuleInput = {
  route: MeshObject;
  rule: RouteRule;
  index: number;
  /** Whose sidecar this is; null at a gateway. */
  caller: Workload | null;
  /** The port of the service that was called; null at a gateway. */
  calledPort: number | null;
  /** Empty for redirects and direct responses. */
  clusters: readonly WeightedCluster[];
  mirrors: readonly MirrorCluster[];
  /** What the hosts of its clusters are chosen by a hash of; empty: by none. */
  hashKeys: readonly HashKey[];
  problems: Problems;
};

/** Istio's default, made of conditions under which the callee has not begun to work on the request. */
const DEFAULT_RETRY_ON = ["connect-failure", "refused-stream", "reset-before-request", "unavailable", "cancelled"];
const DEFAULT_RETRY_ATTEMPTS = 2;
/** Envoy default. */
const DEFAULT_REDIRECT_CODES = [302];
/** Istio default: tries to pick an endpoint that has not been tried yet. */
const HOST_SELECTION_ATTEMPTS = 5;

export function compileRule(input: RuleInput): JsonObject[] {
  const { rule, index, route, caller, calledPort } = input;
  const matches: readonly (RouteMatch | null)[] = rule.matches.length > 0 ? rule.matches : [null];
  const name = `${route.metadata.name}/${rule.name ?? index}`;
  const place = { route: objectKeyOf(route), rule: String(index) };
  const isForSome = matches.some((match) => match?.caller !== undefined || match?.port !== undefined);
  return matches.flatMap((match, m) => {
    if (match && !isFor(match, caller, calledPort)) return [];
    return [
      {
        name,
        match: match ? compileMatch(match) : { prefix: "/" },
        ...actionOf(input, match?.path),
        ...headerOperations(input, rule.headers, `spec.rules[${index}]`),
        ...filtersOf(rule),
        // where matches are left out, their order no longer says which one it is
        metadata: meshwrightMetadata({ ...place, match: isForSome ? String(m) : undefined }),
      },
    ];
  });
}

/** Who calls is known when its configuration is made, and so is the port: a match for others is left out of it. */
export function isFor(
  { port, caller: meant }: RouteMatch,
  caller: Workload | null,
  calledPort: number | null,
): boolean {
  if (port !== undefined && port !== calledPort) return false;
  return meant === undefined || (caller !== null && isMeantCaller(meant, caller));
}

/** The route of a dependency that nothing else was said about. */
export function defaultRoute(name: string, cluster: string, hashKeys: readonly HashKey[] = []): JsonObject {
  return {
    name,
    match: { prefix: "/" },
    route: {
      cluster,
      timeout: "0s",
      retry_policy: retryPolicy(undefined, hashKeys.length > 0) ?? {},
      ...hashPolicies(hashKeys),
    },
  };
}

function objectKeyOf(object: MeshObject): string {
  return `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

function actionOf(input: RuleInput, path: PathMatch | undefined): JsonObject {
  const { action } = input.rule;
  switch (action.type) {
    case "forward":
      return { route: forward(input, path) };
    case "redirect":
      refuseTwoPaths(input);
      return {
        redirect: compact({
          scheme_redirect: action.scheme,
          host_redirect: action.host,
          port_redirect: action.port,
          ...(action.path === undefined ? rewritePath(action.prefixRewrite, path) : { path_redirect: action.path }),
          response_code: REDIRECT_CODES[action.code ?? 301],
        }),
      };
    case "respond":
      return {
        direct_response: compact({
          status: action.status,
          body: action.body === undefined ? undefined : { inline_string: action.body },
        }),
      };
  }
}

/** Envoy has room for one of them. */
function refuseTwoPaths({ route, rule: { action }, index, problems }: RuleInput): void {
  if (action.type !== "redirect" || action.path === undefined || action.prefixRewrite === undefined) return;
  const message = "is not for a redirect that has a path as well";
  problems.refuse(route, `spec.rules[${index}].action.prefixRewrite`, message, "Keep one of the two.");
}

const REDIRECT_CODES = {
  301: "MOVED_PERMANENTLY",
  302: "FOUND",
  303: "SEE_OTHER",
  307: "TEMPORARY_REDIRECT",
  308: "PERMANENT_REDIRECT",
} as const;

function forward({ rule, clusters, mirrors, hashKeys }: RuleInput, path: PathMatch | undefined): JsonObject {
  return compact({
    ...destinationOf(clusters),
    timeout: rule.timeoutMs === undefined ? "0s" : duration(rule.timeoutMs),
    idle_timeout: rule.idleTimeoutMs === undefined ? undefined : duration(rule.idleTimeoutMs),
    retry_policy: retryPolicy(rule.retries, hashKeys.length > 0),
    internal_redirect_policy: rule.internalRedirects && internalRedirects(rule.internalRedirects),
    ...hashPolicies(hashKeys),
    ...rewritePath(rule.rewrite?.path, path),
    ...rewriteParts(rule.rewrite?.pathRegex),
    host_rewrite_literal: rule.rewrite?.host,
    request_mirror_policies: mirrors.length > 0 ? mirrors.map(mirrorPolicy) : undefined,
  });
}

/**
 * The copy has the Host of the request, as Istio sends it, so that its target serves it. In millionths: a smaller denominator would
 * draw from the digits that also choose among weighted destinations, and copy the requests of one of them only.
 */
function mirrorPolicy({ cluster, percent }: MirrorCluster): JsonObject {
  const part = { numerator: Math.round(percent * 10_000), denominator: "MILLION" };
  return compact({
    cluster,
    runtime_fraction: percent === 100 ? undefined : { default_value: part },
    disable_shadow_host_suffix_append: true,
  });
}

export function destinationOf(clusters: readonly WeightedCluster[]): JsonObject {
  const [first] = clusters;
  // beside the rule's in one list, headers of an only destination would come after them
  if (first && clusters.length === 1 && !first.headers) return { cluster: first.cluster };
  const weighted = clusters.map(({ cluster, weight, headers }) => ({ name: cluster, weight, ...headers }));
  return { weighted_clusters: { clusters: weighted } };
}

const PREVIOUS_HOSTS: JsonObject = {
  name: "envoy.retry_host_predicates.previous_hosts",
  typed_config: any("extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
};

/** Localities are priorities; istiod writes the same frequency for retryRemoteLocalities. */
const OTHER_PRIORITIES: JsonObject = {
  name: "envoy.retry_priorities.previous_priorities",
  typed_config: any("extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", {
    update_frequency: 2,
  }),
};

/** `isHashed`: another host would not have what the key was sent to its own for, so a retry goes there again, as in Istio. */
function retryPolicy(retries: Retries | undefined, isHashed: boolean): JsonObject | undefined {
  if (retries?.attempts === 0) return undefined;
  const on = retries?.on && retries.on.length > 0 ? retries.on : DEFAULT_RETRY_ON;
  const codes = on.filter((condition) => /^\d+$/.test(condition)).map(Number);
  const conditions = on.filter((condition) => !/^\d+$/.test(condition));
  if (codes.length > 0 && !conditions.includes("retriable-status-codes")) conditions.push("retriable-status-codes");
  const looksElsewhere = retries?.ignorePreviousHosts ?? !isHashed;
  return compact({
    retry_on: conditions.join(","),
    num_retries: retries?.attempts ?? DEFAULT_RETRY_ATTEMPTS,
    per_try_timeout: retries?.perTryTimeoutMs === undefined ? undefined : duration(retries.perTryTimeoutMs),
    retriable_status_codes: codes.length > 0 ? codes : undefined,
    retry_back_off: backOff(retries?.backoff),
    retry_host_predicate: looksElsewhere ? [PREVIOUS_HOSTS] : undefined,
    retry_priority: retries?.remoteLocalities ? OTHER_PRIORITIES : undefined,
    host_selection_retry_max_attempts: looksElsewhere ? HOST_SELECTION_ATTEMPTS : undefined,
  });
}

const SAFE_CROSS_SCHEME: JsonObject = {
  name: "envoy.internal_redirect_predicates.safe_cross_scheme",
  typed_config: any("extensions.internal_redirect.safe_cross_scheme.v3.SafeCrossSchemeConfig"),
};

/** By the names of routes, which all matches of a rule share. */
const PREVIOUS_ROUTES: JsonObject = {
  name: "envoy.internal_redirect_predicates.previous_routes",
  typed_config: any("extensions.internal_redirect.previous_routes.v3.PreviousRoutesConfig"),
};

function internalRedirects({ max, codes, crossScheme, oncePerRule, copyHeaders }: InternalRedirects): JsonObject {
  const predicates = [
    ...(crossScheme === "safe" ? [SAFE_CROSS_SCHEME] : []),
    ...(oncePerRule ? [PREVIOUS_ROUTES] : []),
  ];
  return compact({
    max_internal_redirects: max,
    redirect_response_codes: codes ?? DEFAULT_REDIRECT_CODES,
    predicates: predicates.length > 0 ? predicates : undefined,
    allow_cross_scheme_redirect: crossScheme === undefined ? undefined : true,
    response_headers_to_copy: copyHeaders,
  });
}

function backOff(said: Retries["backoff"]): JsonObject | undefined {
  if (!said) return undefined;
  const { baseMs, maxMs } = said;
  return compact({
    base_interval: duration(baseMs),
    max_interval: maxMs === undefined ? undefined : duration(maxMs),
  });
}

const rewriteParts = (parts: NonNullable<RouteRule["rewrite"]>["pathRegex"]): JsonObject =>
  parts ? rewriteByRegex(parts.match, parts.substitution) : {};

/** Replaces what was matched: the prefix, or the whole path of an exact or regex match. */
function rewritePath(to: string | undefined, path: PathMatch | undefined): JsonObject {
  if (to === undefined) return {};
  switch (path?.type) {
    case "regex":
      return rewriteByRegex(`^(?:${path.value})$`, to.replaceAll("\\", "\\\\"));
    case "pathPrefix": {
      const prefix = segmentPrefix(path.value);
      if (prefix === "/") return { prefix_rewrite: to.endsWith("/") ? to : `${to}/` };
      // Envoy puts what follows the prefix right behind the new one, so "/" would give "//rest".
      if (segmentPrefix(to) === "/") return rewriteByRegex(`^${letterCase(path)}${quote(prefix)}/*`, "/");
      return { prefix_rewrite: segmentPrefix(to) };
    }
    case "exact":
    case "prefix":
      return { prefix_rewrite: to };
    default:
      return { prefix_rewrite: to.endsWith("/") ? to : `${to}/` };
  }
}

const letterCase = (path: PathMatch) => (path.ignoreCase ? "(?i)" : "");
const quote = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

function rewriteByRegex(regex: string, substitution: string): JsonObject {
  return { regex_rewrite: { pattern: { regex }, substitution } };
}

// The runtime plan of routes: which route matches, and what it does.
// Rule: patterns are compiled and levels of configuration merged before; a matcher is a closure with a text for people.

import type { RouteFilters } from "./filter-types";
import type { RouteMatchPlan } from "./match-types";
import type { RouteRateLimits } from "./ratelimit-types";
import type { HeaderMatcher, HeaderOp, RbacFilterPlan, Share } from "./rule-types";
import type { SubsetMatch, SubsetMetadata } from "./subset-types";
import type { RouteTracingPlan } from "./tracing-types";
import type { HttpRequestView } from "./views";

export interface RouteConfigPlan {
  readonly name: string;
  readonly ignorePortInHostMatching: boolean;
  readonly virtualHosts: readonly VirtualHostPlan[];
  /** Lookup tables of Envoy's order: exact, longest suffix wildcard (*.x), longest prefix wildcard (x.*), "*". */
  readonly exactDomains: ReadonlyMap<string, VirtualHostPlan>;
  /** Keys without the star, grouped by length, longest first. */
  readonly suffixDomains: readonly { readonly length: number; readonly hosts: ReadonlyMap<string, VirtualHostPlan> }[];
  readonly prefixDomains: readonly { readonly length: number; readonly hosts: ReadonlyMap<string, VirtualHostPlan> }[];
  readonly defaultHost: VirtualHostPlan | null;
}

export interface VirtualHostPlan {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly RoutePlan[];
  /** Adds x-envoy-attempt-count to requests to the upstream. */
  readonly includeRequestAttemptCount: boolean;
  /** Adds x-envoy-attempt-count to responses. */
  readonly includeAttemptCountInResponse: boolean;
}

export interface RoutePlan {
  /** Route.name, or "" as in Envoy. */
  readonly name: string;
  readonly virtualHost: string;
  readonly match: RouteMatchPlan;
  readonly action: ForwardAction | RedirectAction | DirectResponseAction;
  /** filter_metadata["meshwright"], string values only. */
  readonly metadata: Readonly<Record<string, string>>;
  /** By filter name; `rules: null` inside switches the filter off for this route. */
  readonly rbacOverrides: ReadonlyMap<string, RbacFilterPlan> | null;
  /** What it says otherwise about the other filters; a forwarding route's cluster choices have the last word. */
  readonly filters: RouteFilters | null;
  /** null: as its connection manager says. */
  readonly tracing: RouteTracingPlan | null;
}

export type HostRewrite =
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "auto" }
  /** The value of a request header, lower-case name; without it the host stays. */
  | { readonly kind: "header"; readonly name: string }
  /** Made of the path, without its query; "": the host stays. */
  | { readonly kind: "path"; readonly hostOf: (path: string) => string };

export interface ForwardAction {
  readonly kind: "forward";
  /** At least one; weights of a single cluster are 1 of 1. */
  readonly clusters: readonly ClusterChoice[];
  readonly totalWeight: number;
  /** Some choice has a header. */
  readonly readsCluster: boolean;
  /** :path of the request with query -> :path to the upstream. null: unchanged. */
  readonly rewritePath: ((path: string) => string) | null;
  /** New Host; auto = the endpoint's hostname. x-envoy-original-host is added as in Envoy. */
  readonly rewriteHost: HostRewrite | null;
  readonly appendXForwardedHost: boolean;
  /** Whole request after it was received, 15 s by default; null: off, as it is where max_stream_duration is set at all. */
  readonly timeoutMs: number | null;
  /** Replaces the stream idle timeout of the connection manager when `hasIdleTimeout`. */
  readonly idleTimeoutMs: number | null;
  readonly hasIdleTimeout: boolean;
  /** Replaces the connection manager's when `hasMaxStreamDuration`. */
  readonly maxStreamDurationMs: number | null;
  readonly hasMaxStreamDuration: boolean;
  /** What the caller's grpc-timeout means; null: nothing. */
  readonly deadline: GrpcDeadlinePlan | null;
  readonly retry: RetryPolicyPlan | null;
  /** What is followed here instead of by the caller; null: nothing. */
  readonly internalRedirects: InternalRedirectPlan | null;
  /** How much of a body is kept so that it can be sent again; null: what the proxy keeps by itself, 64 KiB. */
  readonly replayLimitBytes: number | null;
  /** Copies that go elsewhere as well. */
  readonly mirrors: readonly MirrorPlan[];
  /** The key of a request where its cluster hashes; null: it has none. */
  readonly hashPolicies: readonly HashPolicyPlan[] | null;
  /** By what global rate limits count its requests; null: by nothing. */
  readonly rateLimits: RouteRateLimits | null;
  /** CONNECT ends here: its bytes go to the cluster as TCP. */
  readonly terminatesConnect: boolean;
  /** What the route says otherwise than the listener; null: nothing. */
  readonly upgrades: Upgrades | null;
  /** Status when the cluster is unknown: 503 (default) or 404. */
  readonly clusterNotFoundStatus: 503 | 404;
}

export interface GrpcDeadlinePlan {
  /** lifetime: max_stream_duration.grpc_timeout_header_max. response: max_grpc_timeout, in place of the route's timeout. */
  readonly kind: "lifetime" | "response";
  /** null: as long as the caller says. */
  readonly maxMs: number | null;
  readonly offsetMs: number;
}

/** By type of upgrade in lower case ("websocket"). */
export type Upgrades = ReadonlyMap<string, boolean>;

export interface ClusterChoice {
  /** "" where a header says it. */
  readonly name: string;
  /** The first value of this header names the cluster, as the request comes to its route; null: `name` does. */
  readonly header: string | null;
  readonly weight: number;
  /** Complete lists, in the order of application (all levels merged). */
  readonly requestHeaders: readonly HeaderOp[];
  readonly responseHeaders: readonly HeaderOp[];
  /** Complete, as the header operations are. */
  readonly filters: RouteFilters | null;
  /** Of which hosts of the cluster, where it has subsets; null: it does not say. */
  readonly subset: SubsetMatch | null;
}

/** One part of a request's key. */
export type HashPolicyPlan = {
  /** With a key until here, what follows is not asked. */
  readonly isTerminal: boolean;
} & (
  | { readonly kind: "header"; readonly name: string; readonly rewrite: ((value: string) => string) | null }
  | {
      readonly kind: "cookie";
      readonly name: string;
      /** null: the answer brings none to a caller without it; 0: until the browser is closed. */
      readonly ttlSeconds: number | null;
      readonly path: string;
      /** Attributes as they stand in Set-Cookie. */
      readonly more: readonly string[];
    }
  | { readonly kind: "source-ip" }
  | { readonly kind: "query-parameter"; readonly name: string }
);

/** Whose answers nobody reads. */
export interface MirrorPlan {
  /** "" where a header says it. */
  readonly cluster: string;
  /** As of a choice, but read as the request goes on. */
  readonly header: string | null;
  /** null: every request. */
  readonly share: Share | null;
  /** Its Host ends in "-shadow". */
  readonly hasHostSuffix: boolean;
}

/** Redirects of upstreams that the proxy follows itself. */
export interface InternalRedirectPlan {
  /** Of one request, from its first route on. */
  readonly maxRedirects: number;
  readonly codes: readonly number[];
  /** Each has to accept the route of the target. */
  readonly predicates: readonly RedirectPredicatePlan[];
  /** Between http and https. */
  readonly allowsCrossScheme: boolean;
  /** Lower-case names: what the upstream says of them, the next request says. */
  readonly headersToCopy: readonly string[];
}

export type RedirectPredicatePlan =
  | { readonly kind: "previous-routes" | "safe-cross-scheme" }
  | { readonly kind: "allow-listed-routes"; readonly names: ReadonlySet<string> };

export interface RedirectAction {
  readonly kind: "redirect";
  readonly status: 301 | 302 | 303 | 307 | 308;
  /** Value of Location for the request. */
  readonly location: (request: HttpRequestView) => string;
  readonly responseHeaders: readonly HeaderOp[];
}

export interface DirectResponseAction {
  readonly kind: "direct-response";
  readonly status: number;
  /** null: no body. */
  readonly body: Uint8Array | null;
  readonly responseHeaders: readonly HeaderOp[];
}

export interface RetryPolicyPlan {
  readonly on: RetryConditions;
  readonly attempts: number;
  readonly perTryTimeoutMs: number | null;
  /** Longest silence of a try's upstream, from the end of the request on; it goes on while the response comes. */
  readonly perTryIdleTimeoutMs: number | null;
  /** When an upstream says itself how long to wait; null: it is not asked. */
  readonly toldBackOff: ToldBackOffPlan | null;
  readonly baseIntervalMs: number;
  readonly maxIntervalMs: number;
  /** Another attempt has a say in who gets it: one of the three that follow. */
  readonly choosesHosts: boolean;
  /** retry_host_predicate previous_hosts: pick again up to hostSelectionMaxAttempts times. */
  readonly avoidPreviousHosts: boolean;
  /** Hosts that get no other attempt, by what they say under "envoy.lb". */
  readonly omittedHosts: readonly ((metadata: SubsetMetadata) => boolean)[];
  /** retry_priority previous_priorities: attempts between two looks at what was tried; null: levels are not left out. */
  readonly priorityFrequency: number | null;
  readonly hostSelectionMaxAttempts: number;
  /** When not empty, only requests that match one of these are retried. */
  readonly retriableRequestHeaders: readonly HeaderMatcher[];
}

export interface ToldBackOffPlan {
  /** Lower-case names, in the order in which they are asked. */
  readonly headers: readonly { readonly name: string; readonly format: "seconds" | "unix-timestamp" }[];
  /** Longer ones are passed over. */
  readonly maxIntervalMs: number;
}

export interface RetryConditions {
  readonly serverError: boolean; // 5xx: 5xx, reset, connect failure, timeout
  readonly gatewayError: boolean; // 502, 503, 504
  readonly reset: boolean;
  readonly resetBeforeRequest: boolean;
  readonly connectFailure: boolean;
  readonly refusedStream: boolean;
  readonly retriable4xx: boolean; // 409
  /** gRPC status codes in response headers (trailers are not looked at, as in Envoy). */
  readonly grpcStatuses: readonly number[];
  readonly envoyRateLimited: boolean;
  readonly statusCodes: readonly number[];
  readonly responseHeaders: readonly HeaderMatcher[];
}

// The HTTP filters of a connection manager as the data path runs them: one list, in order, before the route acts.
// Rule: what a route says otherwise was merged down to the cluster choice at plan time; a filter asks one map, by its name.

import type { StringMatcher } from "./connection-types";
import type { ExtAuthzFilterPlan, ExtAuthzRoutePlan } from "./ext-authz-types";
import type { JwtFilterPlan, JwtRoutePlan } from "./jwt-types";
import type { GlobalRateLimitFilterPlan, RateLimitRoutePlan } from "./ratelimit-types";
import type { HeaderMatcher, HeaderOp, RbacFilterPlan, Share } from "./rule-types";

export type HttpFilterPlan =
  | RbacStagePlan
  | CorsFilterPlan
  | ExtAuthzFilterPlan
  | FaultFilterPlan
  | RateLimitFilterPlan
  | GlobalRateLimitFilterPlan
  | JwtFilterPlan
  | HeaderMutationFilterPlan
  | HealthCheckFilterPlan;

/** RBAC filters that stand beside each other: they are asked together, with semantics `authorizeRequest`. */
export interface RbacStagePlan {
  readonly kind: "rbac";
  readonly filters: readonly RbacFilterPlan[];
}

/** Without effect where no level of the route says something about it. */
export interface CorsFilterPlan {
  readonly kind: "cors";
  readonly name: string;
}

/** Envoy CorsPolicy, its levels merged. "" and null: nobody said it. */
export interface CorsPlan {
  readonly enabled: Share;
  /** Where it is off: share of requests that are counted only. */
  readonly shadow: Share;
  readonly origins: readonly StringMatcher[];
  readonly allowMethods: string;
  readonly allowHeaders: string;
  readonly exposeHeaders: string;
  readonly maxAge: string;
  readonly allowCredentials: boolean | null;
  readonly allowPrivateNetwork: boolean | null;
  /** Preflights of other origins go on to the app; null: they do. */
  readonly forwardsUnmatched: boolean | null;
}

export interface FaultFilterPlan {
  readonly kind: "fault";
  /** Name of the filter in the chain: the key of overrides in routes. */
  readonly name: string;
  /** Where no route says otherwise. */
  readonly fault: FaultPlan;
}

export interface DelayFault {
  readonly ms: number;
  readonly share: Share;
}

/** `grpcStatus` null: what the HTTP status stands for. A gRPC status is a 200 to callers that do not speak gRPC. */
export interface AbortFault {
  readonly status: number;
  readonly grpcStatus: number | null;
  readonly share: Share;
}

/** So fast the answer goes on at most, by a token bucket that holds one second. */
export interface RateFault {
  readonly bytesPerSecond: number;
  readonly share: Share;
}

/** Headers of the request say what; the share is the most that they may ask for, and what holds where they say none. */
export interface CallersFault {
  readonly isCallers: true;
  readonly share: Share;
}

/** Envoy HTTPFault. Neither delay nor abort nor a slow answer: no fault here. */
export interface FaultPlan {
  readonly delay: DelayFault | CallersFault | null;
  readonly abort: AbortFault | CallersFault | null;
  readonly responseRate: RateFault | CallersFault | null;
  /** Only requests to this cluster; "": all. */
  readonly cluster: string;
  /** All of them have to match. */
  readonly headers: readonly HeaderMatcher[];
  /** Requests of this connection manager that have a fault at once; more get none. */
  readonly maxActive: number;
}

export interface HeaderMutationFilterPlan {
  readonly kind: "header-mutation";
  readonly name: string;
  /** Applied before what routes say. */
  readonly changes: HeaderMutationPlan;
  readonly mostSpecificWins: boolean;
}

/** In the order as written. */
export interface HeaderMutationPlan {
  readonly request: readonly HeaderOp[];
  readonly response: readonly HeaderOp[];
}

export interface HealthCheckFilterPlan {
  readonly kind: "health-check";
  readonly name: string;
  /** Only a failing proxy answers; otherwise the request goes on. */
  readonly passesOn: boolean;
  /** All of them have to match. */
  readonly headers: readonly HeaderMatcher[];
  /** Share of healthy hosts that each of them needs. */
  readonly clusters: readonly { readonly name: string; readonly minPercent: number }[];
}

export interface RateLimitFilterPlan {
  readonly kind: "local-ratelimit";
  readonly name: string;
  readonly limit: LocalRateLimitPlan;
}

/** Envoy LocalRateLimit: one token bucket for the whole process. */
export interface LocalRateLimitPlan {
  /** Before the names of its statistics. */
  readonly statPrefix: string;
  /** null: everything passes. */
  readonly bucket: TokenBucketPlan | null;
  /** Share of requests that take a token at all, and share of those without one that are refused. */
  readonly enabled: Share;
  readonly enforced: Share;
  readonly status: number;
  /** To gRPC callers; null: what the status stands for. */
  readonly grpcStatus: number | null;
  /** On refusals. */
  readonly responseHeaders: readonly HeaderOp[];
  /** On requests that go on though they had no token. */
  readonly requestHeaders: readonly HeaderOp[];
  /** x-ratelimit-limit, -remaining and -reset on every response (draft 03). */
  readonly tellsLimit: boolean;
}

export interface TokenBucketPlan {
  /** Place and size: an equal key is the same bucket, also after a swap of the plan. */
  readonly key: string;
  readonly maxTokens: number;
  readonly tokensPerSecond: number;
}

/** What a route, or a weighted cluster of it, says otherwise; by filter name, all levels merged. */
export interface RouteFilters {
  readonly cors: ReadonlyMap<string, CorsPlan>;
  readonly authz: ReadonlyMap<string, ExtAuthzRoutePlan>;
  readonly faults: ReadonlyMap<string, FaultPlan>;
  readonly limits: ReadonlyMap<string, LocalRateLimitPlan>;
  readonly rateLimits: ReadonlyMap<string, RateLimitRoutePlan>;
  readonly jwt: ReadonlyMap<string, JwtRoutePlan>;
  /** Every level that says something, most specific first. */
  readonly mutations: ReadonlyMap<string, readonly HeaderMutationPlan[]>;
}

// Global rate limits as the data path and the simulator ask them: whom to ask, and by what a request is counted.
// Rule: what an action needs of the request is a closure or a name; a route holds its own limits and those of its virtual host.

import type { GrpcServicePlan } from "./grpc-service-types";
import type { QueryMatcher } from "./match-types";
import type { HeaderMatcher, HeaderOp } from "./rule-types";

export interface GlobalRateLimitFilterPlan {
  readonly kind: "ratelimit";
  /** Name of the filter in the chain: the key of overrides in routes. */
  readonly name: string;
  /** Before the names of its statistics. */
  readonly statPrefix: string;
  readonly domain: string;
  /** Only limits of this stage count. */
  readonly stage: number;
  readonly service: GrpcServicePlan;
  /** Refused when the service gives no answer. */
  readonly deniesOnError: boolean;
  readonly status: number;
  readonly statusOnError: number;
  /** To gRPC callers; null: what the status stands for. */
  readonly grpcStatus: number | null;
  /** On refusals. */
  readonly responseHeaders: readonly HeaderOp[];
  /** x-ratelimit-limit, -remaining and -reset (draft 03) on every response to a request that was counted. */
  readonly tellsLimit: boolean;
  /** x-envoy-ratelimited on refusals. */
  readonly tellsRefusal: boolean;
}

/** What a route says otherwise about the filter. */
export interface RateLimitRoutePlan {
  /** "": that of the filter. */
  readonly domain: string;
  readonly hostLimits: "override" | "include" | "ignore";
}

/** What a forwarding route is counted by. */
export interface RouteRateLimits {
  readonly own: readonly RateLimitRule[];
  readonly host: readonly RateLimitRule[];
  /** Those of the virtual host count beside its own, whatever the filter is told. */
  readonly includesHost: boolean;
}

/** One descriptor, where every action has something to say. */
export interface RateLimitRule {
  readonly stage: number;
  readonly actions: readonly RateLimitAction[];
}

export type RateLimitAction =
  | { readonly kind: "source-cluster" | "destination-cluster" | "remote-address" }
  | { readonly kind: "header"; readonly header: string; readonly key: string; readonly skipsIfAbsent: boolean }
  | { readonly kind: "masked-address"; readonly v4Bits: number; readonly v6Bits: number }
  | { readonly kind: "fixed"; readonly key: string; readonly value: string }
  | {
      readonly kind: "header-match";
      readonly key: string;
      readonly value: string;
      readonly expected: boolean;
      /** All of them have to match. */
      readonly headers: readonly HeaderMatcher[];
    }
  | {
      readonly kind: "query-match";
      readonly key: string;
      readonly value: string;
      readonly expected: boolean;
      readonly query: readonly QueryMatcher[];
    };

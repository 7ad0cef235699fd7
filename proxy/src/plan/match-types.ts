// What a route, or a rule of a filter, asks of a request. Rule: all of it has to hold.

import type { HeaderMatcher, Share } from "./rule-types";

export interface RouteMatchPlan {
  readonly path: PathMatcher;
  readonly headers: readonly HeaderMatcher[];
  readonly query: readonly QueryMatcher[];
  /** `grpc: {}`: gRPC requests only. */
  readonly isGrpc: boolean;
  /** Share of requests in [0, 1]; null: all. */
  readonly fraction: Share | null;
}

export interface PathMatcher {
  /** connect: CONNECT, which has no path and which no other kind takes. */
  readonly kind: "exact" | "prefix" | "path-separated-prefix" | "regex" | "connect";
  readonly value: string;
  readonly caseSensitive: boolean;
  /** On the path without query and fragment. */
  readonly matches: (path: string) => boolean;
}

export interface QueryMatcher {
  readonly name: string;
  readonly text: string;
  /** `value` undefined: the parameter is absent. Values are not percent-decoded. */
  readonly matches: (value: string | undefined) => boolean;
}

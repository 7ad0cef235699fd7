// What routes and filters of the runtime plan are both made of: conditions, shares, header changes, authorization.
// Rule: patterns are compiled before; a matcher is a closure with a text for people.

import type { DynamicMetadata, HttpRequestView, PeerIdentity } from "./views";

/** One RBAC filter. `rules: null` means the filter enforces nothing; empty ALLOW rules deny everything. */
export interface RbacFilterPlan {
  /** Name of the filter in the chain: the key of overrides in routes. */
  readonly name: string;
  readonly rules: RbacPlan | null;
  readonly shadowRules: RbacPlan | null;
  /** Of a network filter: before the names of its statistics; "" of an HTTP filter. */
  readonly statPrefix: string;
  /** Before the names of the statistics of its rules. */
  readonly rulesPrefix: string;
  /** The same of its shadow rules, and before the names under which filters behind find what they said. */
  readonly shadowPrefix: string;
}

export interface RbacPlan {
  readonly action: "allow" | "deny" | "log";
  /** Sorted by name, as Envoy evaluates them. */
  readonly policies: readonly RbacPolicy[];
}

export interface RbacPolicy {
  readonly name: string;
  readonly permission: RbacMatcher;
  readonly principal: RbacMatcher;
}

/** A compiled permission or principal with a sentence for people. */
export interface RbacMatcher {
  readonly text: string;
  readonly matches: (context: RbacContext) => boolean;
}

/** What authorization looks at. For a TCP connection `request` is null: header and path matchers are then false. */
export interface RbacContext {
  readonly request: HttpRequestView | null;
  /** null: the downstream connection is not TLS. */
  readonly peer: PeerIdentity | null;
  /** Of the peer of the connection itself. */
  readonly directRemoteAddress: string;
  /** Whom the PROXY protocol names as its caller; absent: directRemoteAddress. */
  readonly sourceAddress?: string;
  /** After x-forwarded-for handling; that of the connection otherwise. */
  readonly remoteAddress: string;
  readonly destinationAddress: string;
  readonly destinationPort: number;
  readonly requestedServerName: string;
  /** What filters before said about the request; absent and null: nothing. */
  readonly metadata?: DynamicMetadata | null;
}

export interface HeaderMatcher {
  readonly name: string;
  /** For people: `x-user-type exact "beta-tester"`. */
  readonly text: string;
  readonly matches: (request: HttpRequestView) => boolean;
}

/** A share of requests: numerator of denominator. */
export interface Share {
  readonly numerator: number;
  readonly denominator: number;
}

/** Apply in order. `set` replaces all values; `set-if-present` only when there is one. */
export type HeaderOp =
  | { readonly op: "remove"; readonly name: string }
  | {
      readonly op: "append" | "add-if-absent" | "set" | "set-if-present";
      readonly name: string;
      readonly value: string;
    };

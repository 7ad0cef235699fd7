// JWT authentication as the data path and the simulator ask it: which tokens a request must bring, where they stand, whose keys count.
// Rule: names were resolved at plan time; a requirement holds the providers themselves.

import type { StringMatcher } from "./connection-types";
import type { RouteMatchPlan } from "./match-types";
import type { DataSourcePlan } from "./secret-types";

export interface JwtFilterPlan {
  readonly kind: "jwt-authn";
  /** Name of the filter in the chain: the key of overrides in routes. */
  readonly name: string;
  /** By name, as Envoy looks through them for an issuer: in byte order. */
  readonly providers: readonly JwtProviderPlan[];
  /** The first that matches decides; none: the request goes on. */
  readonly rules: readonly JwtRulePlan[];
  /** For routes, which name one. */
  readonly requirements: ReadonlyMap<string, JwtRequirement>;
  readonly bypassesPreflight: boolean;
  /** Refusals say nothing but their status. */
  readonly isSilent: boolean;
}

export interface JwtRulePlan {
  readonly match: RouteMatchPlan;
  /** null: nothing is asked. */
  readonly requirement: JwtRequirement | null;
}

/** What a route says instead of the rules. */
export type JwtRoutePlan = { readonly kind: "disabled" } | { readonly kind: "requirement"; readonly name: string };

export type JwtRequirement =
  | {
      readonly kind: "provider";
      readonly provider: JwtProviderPlan;
      /** null: those of the provider. */
      readonly audiences: readonly string[] | null;
      readonly places: JwtPlaces;
    }
  | { readonly kind: "any" | "all"; readonly requirements: readonly JwtRequirement[] }
  | {
      readonly kind: "allow-missing" | "allow-missing-or-failed";
      /** Of all these providers. */
      readonly places: JwtPlaces;
      /** Who is asked for the keys of an issuer. */
      readonly providers: readonly JwtProviderPlan[];
    }
  /** Nothing is asked. */
  | { readonly kind: "none" };

/** Where tokens may stand, in Envoy's order, and which headers are ours to write. */
export interface JwtPlaces {
  readonly headers: readonly JwtHeaderPlace[];
  readonly params: readonly JwtPlace[];
  readonly cookies: readonly JwtPlace[];
  /** Callers may not send these: they say what a token said. */
  readonly sanitized: readonly string[];
}

export interface JwtPlace {
  readonly name: string;
  /** Whose tokens may stand here; null: everybody's. */
  readonly issuers: readonly string[] | null;
}

export interface JwtHeaderPlace extends JwtPlace {
  readonly prefix: string;
}

export interface JwtProviderPlan {
  readonly name: string;
  /** Equal keys mean the same key set, also after a swap of the plan. */
  readonly key: string;
  /** "": any. */
  readonly issuer: string;
  /** Without scheme and slash at the end, as Envoy compares them; empty: any. */
  readonly audiences: readonly string[];
  readonly subjects: StringMatcher | null;
  /** What may be left of a token's life in seconds; null: anything, also for ever. */
  readonly maxLifetime: number | null;
  readonly clockSkew: number;
  readonly jwks: JwksPlan;
  readonly places: JwtPlaces;
  /** The token stays in the request. */
  readonly forwards: boolean;
  readonly payloadHeader: string | null;
  readonly padsPayload: boolean;
  /** "": not told. */
  readonly payloadKey: string;
  readonly headerKey: string;
  /** Claims that are lists with spaces between, and are told as lists. */
  readonly spaceDelimited: readonly string[];
  readonly claimHeaders: readonly { readonly header: string; readonly claim: readonly string[] }[];
}

export type JwksPlan =
  | { readonly kind: "local"; readonly source: DataSourcePlan }
  | {
      readonly kind: "remote";
      readonly cluster: string;
      readonly scheme: "http" | "https";
      readonly host: string;
      readonly path: string;
      readonly timeoutMs: number;
      readonly cacheMs: number;
      readonly retries: number;
      readonly retryBaseMs: number;
      readonly retryMaxMs: number;
      /** Fetched beforehand and again before they are too old; null: when a request needs them. */
      readonly background: { readonly failedMs: number } | null;
    };

// External authorization as the data path asks for it. Rule: names of headers are tests that were compiled once; what a route says
// otherwise was merged at plan time.

import type { GrpcServicePlan } from "./grpc-service-types";
import type { HeaderOp, RbacMatcher, Share } from "./rule-types";

export interface ExtAuthzFilterPlan {
  readonly kind: "ext-authz";
  readonly name: string;
  /** Before the names of its statistics. */
  readonly statPrefix: string;
  readonly service: AuthorizerPlan;
  /** Which header fields the authorizer is told, pseudo-headers among them. */
  readonly tells: NameTest;
  /** Share of requests that are asked for; the rest goes on, or is refused. */
  readonly enabled: Share;
  /** Of those, the ones of which filters before said something; null: all. */
  readonly asks: RbacMatcher | null;
  readonly deniesWhereDisabled: boolean;
  /** Without an answer the request goes on, and its header may say so. */
  readonly allowsOnError: boolean;
  readonly marksAllowedOnError: boolean;
  readonly statusOnError: number;
  readonly body: AuthorizedBodyPlan | null;
  /** The route is looked for again when the authorizer changed the request. */
  readonly clearsRoute: boolean;
  readonly tellsCertificate: boolean;
  readonly tellsServerName: boolean;
  readonly takesMetadata: boolean;
  /** A refusal counts as an answer of the cluster that the request would have gone to. */
  readonly chargesCluster: boolean;
}

export type NameTest = (lowerCaseName: string) => boolean;

export type AuthorizerPlan = { readonly kind: "grpc"; readonly grpc: GrpcServicePlan } | HttpAuthorizerPlan;

export interface HttpAuthorizerPlan {
  readonly kind: "http";
  readonly cluster: string;
  readonly timeoutMs: number | null;
  readonly pathPrefix: string;
  /** On the request to the authorizer. */
  readonly requestHeaders: readonly HeaderOp[];
  /** Header fields of its answer: those that replace the request's, those that stand beside them. */
  readonly replaces: NameTest;
  readonly appends: NameTest;
  /** Those that the caller gets with a refusal, and with the response of a request that went on. */
  readonly refusalHeaders: NameTest;
  readonly responseHeaders: NameTest;
}

export interface AuthorizedBodyPlan {
  readonly maxBytes: number;
  /** The first bytes will do; otherwise a longer body is refused. */
  readonly allowsPart: boolean;
  readonly asBytes: boolean;
}

/** What the levels of a route say otherwise. */
export interface ExtAuthzRoutePlan {
  readonly isDisabled: boolean;
  readonly extensions: Readonly<Record<string, string>>;
  readonly skipsBody: boolean;
  /** null: that of the filter. */
  readonly body: AuthorizedBodyPlan | null;
}

// How requests are traced, and where spans go. Rule: types alone.

import type { GrpcServicePlan } from "./grpc-service-types";
import type { HeaderOp, Share } from "./rule-types";

/** How many requests are traced. */
export interface SamplingPlan {
  /** Of requests with x-client-trace-id. */
  readonly clientSampling: Share;
  readonly randomSampling: Share;
  /** Of those that were chosen. */
  readonly overallSampling: Share;
}

/** Of a route: in the place of what the connection manager says, but for its tags, which stay beside these. */
export interface RouteTracingPlan extends SamplingPlan {
  readonly customTags: readonly CustomTagPlan[];
}

export interface TracingPlan extends SamplingPlan {
  /** Of the path in http.url. */
  readonly maxPathLength: number;
  readonly customTags: readonly CustomTagPlan[];
  /** A span for each attempt, as child of the request's. */
  readonly spawnsUpstreamSpan: boolean;
  /** null: requests are marked, and nothing is told to anybody. */
  readonly provider: OpenTelemetryPlan | null;
}

export interface CustomTagPlan {
  readonly tag: string;
  /** `name` of a header is lower case; `fallback` "": no tag where there is nothing. */
  readonly from:
    | { readonly kind: "literal"; readonly value: string }
    | { readonly kind: "environment" | "header"; readonly name: string; readonly fallback: string };
}

export interface OpenTelemetryPlan {
  readonly serviceName: string;
  /** Spans that may wait for the collector. */
  readonly maxSpans: number;
  readonly collector: CollectorPlan;
}

export type CollectorPlan =
  | { readonly kind: "grpc"; readonly grpc: GrpcServicePlan }
  | {
      readonly kind: "http";
      readonly cluster: string;
      readonly authority: string;
      readonly path: string;
      readonly timeoutMs: number | null;
      readonly headers: readonly HeaderOp[];
    };

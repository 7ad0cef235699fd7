// The runtime plan of active health checks: what is asked of each host, how often, and what the answers mean.
// Rule: plain data, every default already filled in.

import type { HeaderOp } from "./rule-types";

export interface ActiveHealthPlan {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly initialJitterMs: number;
  readonly intervalJitterMs: number;
  /** Of the interval that is waited. */
  readonly intervalJitterPercent: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  /** As long as the cluster never had a connection for traffic. */
  readonly noTrafficIntervalMs: number;
  readonly noTrafficHealthyIntervalMs: number;
  readonly unhealthyIntervalMs: number;
  /** After a check that failed, while that is not enough to be unhealthy. */
  readonly unhealthyEdgeIntervalMs: number;
  /** After a check that passed, while that is not enough to be healthy. */
  readonly healthyEdgeIntervalMs: number;
  readonly reusesConnection: boolean;
  readonly check: HttpCheckPlan | GrpcCheckPlan | TcpCheckPlan;
}

export interface HttpCheckPlan {
  readonly kind: "http";
  readonly isHttp2: boolean;
  readonly method: string;
  /** What the host name is where the endpoint has none of its own. */
  readonly authority: string;
  readonly path: string;
  readonly headers: readonly HeaderOp[];
  readonly expected: readonly StatusRange[];
  /** These count towards the threshold; other failures are one too many at once. */
  readonly retriable: readonly StatusRange[];
}

export interface GrpcCheckPlan {
  readonly kind: "grpc";
  readonly service: string;
  readonly authority: string;
}

export interface TcpCheckPlan {
  readonly kind: "tcp";
  /** Empty: nothing is sent. */
  readonly send: Uint8Array;
  /** To be found in this order; none: a connection is enough. */
  readonly receive: readonly Uint8Array[];
}

/** `start` <= status < `end`. */
export interface StatusRange {
  readonly start: number;
  readonly end: number;
}

/** How an endpoint is checked where that is not how it is used. */
export interface EndpointCheckPlan {
  readonly isOff: boolean;
  /** 0: the endpoint's. */
  readonly port: number;
  /** "": that of the check. */
  readonly hostname: string;
}

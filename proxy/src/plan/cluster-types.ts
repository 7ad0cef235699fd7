// The runtime plan of clusters: whom requests go to, how many at once, and when a host is taken out.
// Rule: plain data, every default already filled in.

import type { ActiveHealthPlan, EndpointCheckPlan } from "./active-health-types";
import type { BalancingPlan } from "./balancing-types";
import type { Http2Plan, UpstreamTlsPlan } from "./connection-types";
import type { SubsetMetadata, SubsetsPlan } from "./subset-types";

/** Of what a PROXY header says behind its addresses: types from 0 to 255. */
export type PassedTlvs = "all" | ReadonlySet<number>;

export interface ClusterPlan {
  readonly name: string;
  readonly statName: string;
  readonly type: "static" | "strict-dns" | "logical-dns" | "eds";
  /** EDS resource name (service_name or the cluster's). */
  readonly edsName: string | null;
  readonly balancing: BalancingPlan;
  /** null: any host may get any request. */
  readonly subsets: SubsetsPlan | null;
  /** Below this share of healthy endpoints all are used (panic); 0: never. Percent. */
  readonly healthyPanicThreshold: number;
  /** Percent of a kind of hosts that each healthy one stands for when the rest is short. */
  readonly overprovisioning: number;
  readonly connectTimeoutMs: number;
  /** Connections of HTTP for so many times the requests of now, per host; 1: as many as are needed. */
  readonly preconnectRatio: number;
  /** An idle connection is probed after so long, then by Node's 10 probes 1 s apart; whole seconds in ms. null: never. */
  readonly tcpKeepaliveMs: number | null;
  readonly dns: DnsPlan;
  readonly circuitBreakers: CircuitBreakerPlan;
  readonly outlierDetection: OutlierDetectionPlan | null;
  readonly activeHealth: ActiveHealthPlan | null;
  /** Of panic, a host that was never checked counts neither as healthy nor as one of all. */
  readonly ignoresNewHosts: boolean;
  /** A host that discovery names no more goes at once; else it stays as long as it passes its checks. */
  readonly ignoresHealthOnRemoval: boolean;
  readonly http: UpstreamHttpPlan;
  readonly perConnectionBufferLimitBytes: number;
  readonly tls: UpstreamTlsPlan | null;
  /** What tells the hosts for whom a connection is, before everything else; null: nothing. */
  readonly proxyProtocol: "v1" | "v2" | null;
  /** TLVs of the caller's own header that version 2 repeats; null: none. */
  readonly proxyProtocolTlvs: PassedTlvs | null;
  readonly endpoints: readonly EndpointPlan[];
  /** filter_metadata["meshwright"], string values only: service, namespace, workload, version, kind. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Equal keys mean that everything but the endpoints is equal (keep pools on swap). */
  readonly contentKey: string;
}

export interface DnsPlan {
  readonly family: "auto" | "v4-only" | "v6-only" | "v4-preferred" | "all";
  readonly refreshMs: number;
}

export interface CircuitBreakerPlan {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  readonly maxRetries: number;
  /** Overrides maxRetries when set. */
  readonly retryBudget: { readonly percent: number; readonly minConcurrency: number } | null;
}

export interface OutlierDetectionPlan {
  /** Answers that are errors, and no others; null: 5xx. Heads with a status of gRPC are judged by that. */
  readonly errorStatuses: ReadonlySet<number> | null;
  readonly intervalMs: number;
  readonly baseEjectionTimeMs: number;
  readonly maxEjectionTimeMs: number;
  readonly maxEjectionTimeJitterMs: number;
  readonly maxEjectionPercent: number;
  readonly alwaysEjectOneHost: boolean;
  readonly splitExternalLocalOriginErrors: boolean;
  /** A host that passes an active health check comes back at once. */
  readonly returnsWhenCheckPasses: boolean;
  /** `enforcing` 0-100: the chance that a detection ejects. */
  readonly consecutive5xx: { readonly count: number; readonly enforcing: number };
  readonly consecutiveGatewayFailure: { readonly count: number; readonly enforcing: number };
  readonly consecutiveLocalOriginFailure: { readonly count: number; readonly enforcing: number };
  readonly successRate: {
    readonly minimumHosts: number;
    readonly requestVolume: number;
    /** 1900 = 1.9 standard deviations. */
    readonly stdevFactor: number;
    readonly enforcing: number;
    readonly enforcingLocalOrigin: number;
  };
  readonly failurePercentage: {
    readonly threshold: number;
    readonly minimumHosts: number;
    readonly requestVolume: number;
    readonly enforcing: number;
    readonly enforcingLocalOrigin: number;
  };
}

export interface UpstreamHttpPlan {
  /** auto: what ALPN says, HTTP/1.1 when it says nothing. */
  readonly protocol: "http1" | "http2" | "auto";
  readonly http2: Http2Plan;
  /** enable_trailers of HTTP/1.1; HTTP/2 always carries them. */
  readonly hasHttp1Trailers: boolean;
  readonly maxRequestsPerConnection: number | null;
  readonly idleTimeoutMs: number | null;
  readonly maxConnectionDurationMs: number | null;
  readonly maxResponseHeadersKb: number;
  readonly maxHeadersCount: number;
}

export interface EndpointPlan {
  /** IP, or a DNS name in a strict-dns or logical-dns cluster. */
  readonly address: string;
  readonly port: number;
  /** For auto host rewrite; empty: none. */
  readonly hostname: string;
  readonly weight: number;
  readonly health: "healthy" | "unhealthy" | "draining" | "degraded";
  /** Region, zone and sub zone as one word; they are compared as a whole. */
  readonly locality: string;
  /** Of all hosts of that locality together. */
  readonly localityWeight: number;
  /** What subsets are made of. */
  readonly subset: SubsetMetadata;
  /** 0 first; hosts of the next level get what the levels before it cannot carry. */
  readonly priority: number;
  /** filter_metadata["envoy.lb"].hash_key: what stands for it in a table of consistent hashing; empty: its address or name. */
  readonly hashKey: string;
  /** null: checked, if at all, as it is used. */
  readonly check: EndpointCheckPlan | null;
  /** filter_metadata["meshwright"], string values only: workload, version, instance. */
  readonly metadata: Readonly<Record<string, string>>;
}

// The runtime plan: what the data path and the simulator run on. Flat, read-only plain data plus closures that
// were compiled once per plan. One rule: everything here was decided at plan time; the hot path never looks at a
// protobuf message, parses a pattern or merges levels of configuration.
//
// Header names are lower case everywhere. Times are milliseconds; `null` means "off".

import type { AccessLogPlan } from "./access-log-types";
import type { ClusterPlan, PassedTlvs } from "./cluster-types";
import type { DownstreamTlsPlan, Http2Plan } from "./connection-types";
import type { FilterChainMatchPlan } from "./filter-chain-match-types";
import type { HttpFilterPlan, TokenBucketPlan } from "./filter-types";
import type { OverloadPlan } from "./overload-types";
import type { RouteConfigPlan, Upgrades } from "./route-types";
import type { RbacFilterPlan } from "./rule-types";
import type { SecretSource } from "./secret-types";
import type { SubsetMatch } from "./subset-types";
import type { TracingPlan } from "./tracing-types";

export type { Violation } from "../contract/violations";
export type * from "./access-log-types";
export type * from "./active-health-types";
export type * from "./balancing-types";
export type * from "./cluster-types";
export type * from "./connection-types";
export type * from "./ext-authz-types";
export type * from "./filter-chain-match-types";
export type * from "./filter-types";
export type * from "./jwt-types";
export type * from "./match-types";
export type * from "./overload-types";
export type * from "./ratelimit-types";
export type * from "./route-types";
export type * from "./rule-types";
export type * from "./secret-types";
export type * from "./subset-types";
export type * from "./tracing-types";
export type { DynamicMetadata, HeaderView, HttpRequestView, JsonValue, PeerIdentity, RequestContext } from "./views";

export interface ProxyPlan {
  readonly node: NodePlan;
  /** Where this proxy is, as in EndpointPlan; null: it does not say. */
  readonly locality: string | null;
  /** The cluster that this proxy belongs to: zone-aware routing holds its hosts against those that are called. Empty: none. */
  readonly localCluster: string;
  /** What the whole process sheds, and when; null: nothing. The same for as long as it runs. */
  readonly overload: OverloadPlan | null;
  readonly admin: SocketAddress | null;
  readonly listeners: readonly ListenerPlan[];
  /** By route config name; inline route configs have the name `inline:<listener>:<chain index>`. */
  readonly routeConfigs: ReadonlyMap<string, RouteConfigPlan>;
  readonly clusters: ReadonlyMap<string, ClusterPlan>;
  /** Names of all secrets that listeners and clusters refer to. */
  readonly secretNames: readonly string[];
  /** Where secrets written into the configuration itself (inline or static) come from; read outside the plan. */
  readonly secretSources: ReadonlyMap<string, SecretSource>;
}

/** Who this proxy is; the labels of its metrics come from here. */
export interface NodePlan {
  readonly id: string;
  readonly cluster: string;
  readonly workload: string;
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly serviceAccount: string;
  readonly zone: string;
  /** All string values of node.metadata. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

// --- listeners -------------------------------------------------------------------------------------------------

export interface ListenerPlan {
  readonly name: string;
  /** Before the names of its statistics; "": its address. */
  readonly statPrefix: string;
  readonly address: SocketAddress;
  readonly trafficDirection: "inbound" | "outbound" | "unspecified";
  /** What stands in front of each connection; null: nothing. Read before everything else. */
  readonly proxyProtocol: ProxyProtocolPlan | null;
  /** True: read the first bytes to tell TLS from plain text before a filter chain is chosen. */
  readonly tlsInspector: boolean;
  /** True: plain text is read as far as its first line, which tells HTTP/1.0, HTTP/1.1, HTTP/2 and others apart. */
  readonly httpInspector: boolean;
  /** Time for the first bytes to arrive (Envoy default 15 s). */
  readonly listenerFiltersTimeoutMs: number | null;
  /** Its connections are let in above the process's own limit of connections, and do not count. */
  readonly ignoresConnectionLimit: boolean;
  readonly perConnectionBufferLimitBytes: number;
  readonly filterChains: readonly FilterChainPlan[];
  /** A line for each connection when it ends. */
  readonly accessLogs: readonly AccessLogPlan[];
  /** Canonical text of the content: equal keys mean an equal listener (no drain on swap). */
  readonly contentKey: string;
}

/** The PROXY protocol header of a balancer before this proxy; at least one version is allowed. */
export interface ProxyProtocolPlan {
  readonly statPrefix: string;
  readonly allowsV1: boolean;
  readonly allowsV2: boolean;
  /** A connection without a header speaks for itself; else it ends. */
  readonly allowsWithout: boolean;
  /** TLVs that are kept for upstreams which are told of the connection; null: none. */
  readonly tlvs: PassedTlvs | null;
}

export interface FilterChainPlan {
  readonly name: string;
  /** What the connection must be; null: the default chain, which is tried last. */
  readonly match: FilterChainMatchPlan | null;
  readonly tls: DownstreamTlsPlan | null;
  /** How many connections there may be, in order; asked before TLS and before network RBAC, as in Envoy. */
  readonly connectionLimits: readonly ConnectionLimitPlan[];
  /** Network RBAC filters before the last filter, in order; each connection is authorized once. */
  readonly networkRbac: readonly RbacFilterPlan[];
  readonly network: NetworkPlan;
}

/** A connection over a limit ends before it is read. */
export type ConnectionLimitPlan =
  | {
      /** So many at a time. */
      readonly kind: "active";
      /** Equal for the same filter of a later plan. */
      readonly key: string;
      readonly statPrefix: string;
      readonly maxConnections: number;
      /** For so long it is held, unread; 0: it ends at once. */
      readonly delayMs: number;
    }
  | {
      /** So many per time. */
      readonly kind: "rate";
      readonly statPrefix: string;
      readonly bucket: TokenBucketPlan;
    };

// --- HTTP connection manager -------------------------------------------------------------------------------------

/** What a filter chain ends in. */
export type NetworkPlan = HttpConnectionPlan | TcpProxyPlan;

export interface HttpConnectionPlan {
  readonly kind: "http";
  readonly statPrefix: string;
  /** auto: ALPN, else the first bytes. */
  readonly codec: "auto" | "http1" | "http2";
  readonly http2: Http2Plan;
  /** Types of upgrades, lower case: true where allowed, false where a route may allow it. */
  readonly upgrades: Upgrades;
  /** enable_trailers of HTTP/1.1; HTTP/2 always carries them. */
  readonly hasHttp1Trailers: boolean;
  /** Key into ProxyPlan.routeConfigs. */
  readonly routeConfig: string;
  /** Every filter before the router, in order. */
  readonly filters: readonly HttpFilterPlan[];
  /** The RBAC filters among them: who may call. semantics `authorizeRequest` also applies overrides of the route. */
  readonly rbac: readonly RbacFilterPlan[];
  /** Answers of clusters are counted by code. */
  readonly countsAnswers: boolean;
  readonly accessLogs: readonly AccessLogPlan[];
  /** null: nobody asks. */
  readonly tracing: TracingPlan | null;
  readonly serverName: string;
  readonly serverHeader: "overwrite" | "append-if-absent" | "pass-through";
  readonly useRemoteAddress: boolean;
  readonly skipXffAppend: boolean;
  /** Appended to Via of requests and responses. */
  readonly via: string | null;
  readonly generateRequestId: boolean;
  readonly preserveExternalRequestId: boolean;
  readonly alwaysSetRequestIdInResponse: boolean;
  readonly xfcc: XfccPlan;
  readonly normalizePath: boolean;
  readonly mergeSlashes: boolean;
  readonly escapedSlashes: "keep" | "reject" | "unescape-and-forward";
  readonly maxRequestHeadersKb: number;
  readonly maxHeadersCount: number;
  readonly headersWithUnderscores: "allow" | "reject" | "drop";
  readonly maxRequestsPerConnection: number | null;
  readonly connectionIdleTimeoutMs: number | null;
  readonly maxConnectionDurationMs: number | null;
  readonly streamIdleTimeoutMs: number | null;
  /** For the whole request to arrive, once its head is there. */
  readonly requestTimeoutMs: number | null;
  /** For request and response together; a route may say otherwise. */
  readonly maxStreamDurationMs: number | null;
  readonly requestHeadersTimeoutMs: number | null;
}

/** What happens to x-forwarded-client-cert (Envoy ForwardClientCertDetails). */
export interface XfccPlan {
  readonly mode: "sanitize" | "forward-only" | "append-forward" | "sanitize-set" | "always-forward-only";
  readonly subject: boolean;
  readonly uri: boolean;
  readonly dns: boolean;
}

export interface TcpProxyPlan {
  readonly kind: "tcp";
  readonly statPrefix: string;
  /** The cluster has the name that the caller asks for, where it asks for one (sni_cluster). */
  readonly isClusterBySni: boolean;
  readonly clusters: readonly TcpClusterPlan[];
  readonly totalWeight: number;
  /** Of the cluster that the caller asks for by name; those of `clusters` have their own. */
  readonly subset: SubsetMatch | null;
  readonly idleTimeoutMs: number | null;
  readonly maxConnectAttempts: number;
  /** The caller's address is the key where the cluster hashes. */
  readonly hashesSourceIp: boolean;
  readonly accessLogs: readonly AccessLogPlan[];
}

export interface TcpClusterPlan extends WeightedName {
  /** Of which hosts of the cluster, where it has subsets; null: it does not say. */
  readonly subset: SubsetMatch | null;
}

export interface WeightedName {
  readonly name: string;
  readonly weight: number;
}

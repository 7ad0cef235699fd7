// The runtime plan: what the data path and the simulator run on. Flat, read-only plain data plus closures that
// were compiled once per plan. One rule: everything here was decided at plan time; the hot path never looks at a
// protobuf message, parses a pattern or merges levels of configuration.
//
// Header names are lower case everywhere. Times are milliseconds; `null` means "off".

import type { HttpRequestView, PeerIdentity } from "./views";

export type { Violation } from "../contract/violations";
export type { HeaderView, HttpRequestView, PeerIdentity, RequestContext } from "./views";

export interface ProxyPlan {
  readonly node: NodePlan;
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
  readonly address: SocketAddress;
  readonly trafficDirection: "inbound" | "outbound" | "unspecified";
  /** True: read the first bytes to tell TLS from plain text before a filter chain is chosen. */
  readonly tlsInspector: boolean;
  /** Time for the first bytes to arrive (Envoy default 15 s). */
  readonly listenerFiltersTimeoutMs: number | null;
  readonly perConnectionBufferLimitBytes: number;
  readonly filterChains: readonly FilterChainPlan[];
  /** Canonical text of the content: equal keys mean an equal listener (no drain on swap). */
  readonly contentKey: string;
}

export interface FilterChainPlan {
  readonly name: string;
  /** What the connection must be; "any" is the default chain and is tried last. */
  readonly transportProtocol: "tls" | "raw_buffer" | "any";
  readonly tls: DownstreamTlsPlan | null;
  /** Network RBAC filters before the last filter, in order; each connection is authorized once. */
  readonly networkRbac: readonly RbacFilterPlan[];
  readonly network: HttpConnectionPlan | TcpProxyPlan;
}

export interface TlsPlan {
  /** Secret with the own chain and key (`CertificateSecret`). null only upstream (no client certificate). */
  readonly identitySecret: string | null;
  /** Secret with the trusted CAs (`ValidationSecret`). null: the peer is not verified. */
  readonly validationSecret: string | null;
  /** The peer's certificate must match one of these; empty: any certificate of a trusted CA. */
  readonly sanMatchers: readonly SanMatcher[];
  readonly alpn: readonly string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion: "TLSv1.2" | "TLSv1.3";
}

export interface DownstreamTlsPlan extends TlsPlan {
  readonly identitySecret: string;
  readonly requireClientCertificate: boolean;
}

export interface UpstreamTlsPlan extends TlsPlan {
  readonly sni: string | null;
}

export interface SanMatcher {
  readonly type: "uri" | "dns" | "email" | "ip";
  readonly value: StringMatcher;
}

/** A compiled Envoy StringMatcher. `text` is for people and for comparing. */
export interface StringMatcher {
  readonly text: string;
  readonly matches: (value: string) => boolean;
  /** Set when the matcher is a case-sensitive exact match: lets callers index it. */
  readonly exact: string | null;
}

/** Http2ProtocolOptions of one side of one connection. */
export interface Http2Plan {
  /** Downstream: streams the peer may have open. Upstream: streams we open at most, whatever the peer allows. */
  readonly maxConcurrentStreams: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly headerTableBytes: number;
}

// --- HTTP connection manager -------------------------------------------------------------------------------------

export interface HttpConnectionPlan {
  readonly kind: "http";
  readonly statPrefix: string;
  /** auto: ALPN, else the first bytes. */
  readonly codec: "auto" | "http1" | "http2";
  readonly http2: Http2Plan;
  /** Key into ProxyPlan.routeConfigs. */
  readonly routeConfig: string;
  /** HTTP RBAC filters in order; use semantics `authorizeRequest`, which also applies overrides of the route. */
  readonly rbac: readonly RbacFilterPlan[];
  readonly accessLogs: readonly AccessLogPlan[];
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
  readonly clusters: readonly WeightedName[];
  readonly totalWeight: number;
  readonly idleTimeoutMs: number | null;
  readonly maxConnectAttempts: number;
  readonly accessLogs: readonly AccessLogPlan[];
}

export interface WeightedName {
  readonly name: string;
  readonly weight: number;
}

// --- access log ----------------------------------------------------------------------------------------------------

export interface AccessLogPlan {
  /** Path of a file, or "/dev/stdout". */
  readonly path: string;
  readonly format: AccessLogFormat;
}

export type AccessLogFormat =
  | { readonly kind: "json"; readonly root: AccessLogJson; readonly omitEmptyValues: boolean }
  | { readonly kind: "text"; readonly parts: readonly AccessLogPart[]; readonly omitEmptyValues: boolean };

/** JSON format: objects and lists keep their shape; a string is a list of parts (one operator alone keeps its type). */
export type AccessLogJson =
  | { readonly kind: "object"; readonly entries: readonly (readonly [string, AccessLogJson])[] }
  | { readonly kind: "list"; readonly items: readonly AccessLogJson[] }
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "format"; readonly parts: readonly AccessLogPart[] };

export type AccessLogPart =
  | { readonly literal: string }
  | {
      readonly operator: AccessLogOperator;
      /** REQ, RESP: lower-case header name; START_TIME: the format string or "". */
      readonly argument: string;
      /** REQ(a?b): the second name, tried when the first is absent. */
      readonly alternative: string | null;
      /** `:N` after the operator: cut to N characters. */
      readonly maxLength: number | null;
    };

export type AccessLogOperator =
  | "BYTES_RECEIVED"
  | "BYTES_SENT"
  | "CONNECTION_TERMINATION_DETAILS"
  | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS"
  | "DOWNSTREAM_LOCAL_ADDRESS"
  | "DOWNSTREAM_PEER_URI_SAN"
  | "DOWNSTREAM_REMOTE_ADDRESS"
  | "DOWNSTREAM_TLS_VERSION"
  | "DURATION"
  | "PROTOCOL"
  | "REQ"
  | "REQUEST_DURATION"
  | "REQUESTED_SERVER_NAME"
  | "RESP"
  | "RESPONSE_CODE"
  | "RESPONSE_CODE_DETAILS"
  | "RESPONSE_DURATION"
  | "RESPONSE_FLAGS"
  | "ROUTE_NAME"
  | "START_TIME"
  | "UPSTREAM_CLUSTER"
  | "UPSTREAM_HOST"
  | "UPSTREAM_LOCAL_ADDRESS"
  | "UPSTREAM_REQUEST_ATTEMPT_COUNT"
  | "UPSTREAM_TRANSPORT_FAILURE_REASON";

// --- RBAC --------------------------------------------------------------------------------------------------------

/** One RBAC filter. `rules: null` means the filter enforces nothing; empty ALLOW rules deny everything. */
export interface RbacFilterPlan {
  /** Name of the filter in the chain: the key of overrides in routes. */
  readonly name: string;
  readonly rules: RbacPlan | null;
  readonly shadowRules: RbacPlan | null;
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
  readonly directRemoteAddress: string;
  /** After x-forwarded-for handling; equals directRemoteAddress otherwise. */
  readonly remoteAddress: string;
  readonly destinationAddress: string;
  readonly destinationPort: number;
  readonly requestedServerName: string;
}

// --- routes ------------------------------------------------------------------------------------------------------

export interface RouteConfigPlan {
  readonly name: string;
  readonly ignorePortInHostMatching: boolean;
  readonly virtualHosts: readonly VirtualHostPlan[];
  /** Lookup tables of Envoy's order: exact, longest suffix wildcard (*.x), longest prefix wildcard (x.*), "*". */
  readonly exactDomains: ReadonlyMap<string, VirtualHostPlan>;
  /** Keys without the star, grouped by length, longest first. */
  readonly suffixDomains: readonly { readonly length: number; readonly hosts: ReadonlyMap<string, VirtualHostPlan> }[];
  readonly prefixDomains: readonly { readonly length: number; readonly hosts: ReadonlyMap<string, VirtualHostPlan> }[];
  readonly defaultHost: VirtualHostPlan | null;
}

export interface VirtualHostPlan {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly RoutePlan[];
  /** Adds x-envoy-attempt-count to requests to the upstream. */
  readonly includeRequestAttemptCount: boolean;
  /** Adds x-envoy-attempt-count to responses. */
  readonly includeAttemptCountInResponse: boolean;
}

export interface RoutePlan {
  /** Route.name, or "" as in Envoy. */
  readonly name: string;
  readonly virtualHost: string;
  readonly match: RouteMatchPlan;
  readonly action: ForwardAction | RedirectAction | DirectResponseAction;
  /** filter_metadata["meshwright"], string values only. */
  readonly metadata: Readonly<Record<string, string>>;
  /** By filter name; `rules: null` inside switches the filter off for this route. */
  readonly rbacOverrides: ReadonlyMap<string, RbacFilterPlan> | null;
}

export interface RouteMatchPlan {
  readonly path: PathMatcher;
  readonly headers: readonly HeaderMatcher[];
  readonly query: readonly QueryMatcher[];
  /** Share of requests in [0, 1]; null: all. */
  readonly fraction: { readonly numerator: number; readonly denominator: number } | null;
}

export interface PathMatcher {
  readonly kind: "exact" | "prefix" | "path-separated-prefix" | "regex";
  readonly value: string;
  readonly caseSensitive: boolean;
  /** On the path without query and fragment. */
  readonly matches: (path: string) => boolean;
}

export interface HeaderMatcher {
  readonly name: string;
  /** For people: `x-user-type exact "beta-tester"`. */
  readonly text: string;
  readonly matches: (request: HttpRequestView) => boolean;
}

export interface QueryMatcher {
  readonly name: string;
  readonly text: string;
  /** `value` undefined: the parameter is absent. Values are not percent-decoded. */
  readonly matches: (value: string | undefined) => boolean;
}

export interface ForwardAction {
  readonly kind: "forward";
  /** At least one; weights of a single cluster are 1 of 1. */
  readonly clusters: readonly ClusterChoice[];
  readonly totalWeight: number;
  /** :path of the request with query -> :path to the upstream. null: unchanged. */
  readonly rewritePath: ((path: string) => string) | null;
  /** New Host; auto = the endpoint's hostname. x-envoy-original-host is added as in Envoy. */
  readonly rewriteHost: { readonly kind: "literal"; readonly value: string } | { readonly kind: "auto" } | null;
  readonly appendXForwardedHost: boolean;
  /** Whole request after it was received, 15 s by default; null: off. */
  readonly timeoutMs: number | null;
  /** Replaces the stream idle timeout of the connection manager when `hasIdleTimeout`. */
  readonly idleTimeoutMs: number | null;
  readonly hasIdleTimeout: boolean;
  /** Replaces the connection manager's when `hasMaxStreamDuration`. */
  readonly maxStreamDurationMs: number | null;
  readonly hasMaxStreamDuration: boolean;
  readonly retry: RetryPolicyPlan | null;
  /** Status when the cluster is unknown: 503 (default) or 404. */
  readonly clusterNotFoundStatus: 503 | 404;
}

export interface ClusterChoice {
  readonly name: string;
  readonly weight: number;
  /** Complete lists, in the order of application (all levels merged). */
  readonly requestHeaders: readonly HeaderOp[];
  readonly responseHeaders: readonly HeaderOp[];
}

export interface RedirectAction {
  readonly kind: "redirect";
  readonly status: 301 | 302 | 303 | 307 | 308;
  /** Value of Location for the request. */
  readonly location: (request: HttpRequestView) => string;
  readonly responseHeaders: readonly HeaderOp[];
}

export interface DirectResponseAction {
  readonly kind: "direct-response";
  readonly status: number;
  /** null: no body. */
  readonly body: Uint8Array | null;
  readonly responseHeaders: readonly HeaderOp[];
}

/** Apply in order. `set` replaces all values; `set-if-present` only when there is one. */
export type HeaderOp =
  | { readonly op: "remove"; readonly name: string }
  | {
      readonly op: "append" | "add-if-absent" | "set" | "set-if-present";
      readonly name: string;
      readonly value: string;
    };

export interface RetryPolicyPlan {
  readonly on: RetryConditions;
  readonly attempts: number;
  readonly perTryTimeoutMs: number | null;
  readonly baseIntervalMs: number;
  readonly maxIntervalMs: number;
  /** retry_host_predicate previous_hosts: pick again up to hostSelectionMaxAttempts times. */
  readonly avoidPreviousHosts: boolean;
  readonly hostSelectionMaxAttempts: number;
  /** When not empty, only requests that match one of these are retried. */
  readonly retriableRequestHeaders: readonly HeaderMatcher[];
}

export interface RetryConditions {
  readonly serverError: boolean; // 5xx: 5xx, reset, connect failure, timeout
  readonly gatewayError: boolean; // 502, 503, 504
  readonly reset: boolean;
  readonly resetBeforeRequest: boolean;
  readonly connectFailure: boolean;
  readonly refusedStream: boolean;
  readonly retriable4xx: boolean; // 409
  /** gRPC status codes in response headers (trailers are not looked at, as in Envoy). */
  readonly grpcStatuses: readonly number[];
  readonly envoyRateLimited: boolean;
  readonly statusCodes: readonly number[];
  readonly responseHeaders: readonly HeaderMatcher[];
}

// --- clusters ----------------------------------------------------------------------------------------------------

export interface ClusterPlan {
  readonly name: string;
  readonly statName: string;
  readonly type: "static" | "strict-dns" | "eds";
  /** EDS resource name (service_name or the cluster's). */
  readonly edsName: string | null;
  readonly lbPolicy: "round-robin" | "least-request" | "random";
  readonly leastRequestChoices: number;
  /** Below this share of healthy endpoints all are used (panic); 0: never. Percent. */
  readonly healthyPanicThreshold: number;
  readonly connectTimeoutMs: number;
  readonly dns: DnsPlan;
  readonly circuitBreakers: CircuitBreakerPlan;
  readonly outlierDetection: OutlierDetectionPlan | null;
  readonly http: UpstreamHttpPlan;
  readonly perConnectionBufferLimitBytes: number;
  readonly tls: UpstreamTlsPlan | null;
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
  readonly intervalMs: number;
  readonly baseEjectionTimeMs: number;
  readonly maxEjectionTimeMs: number;
  readonly maxEjectionTimeJitterMs: number;
  readonly maxEjectionPercent: number;
  readonly alwaysEjectOneHost: boolean;
  readonly splitExternalLocalOriginErrors: boolean;
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
  readonly maxRequestsPerConnection: number | null;
  readonly idleTimeoutMs: number | null;
  readonly maxConnectionDurationMs: number | null;
  readonly maxResponseHeadersKb: number;
  readonly maxHeadersCount: number;
}

export interface EndpointPlan {
  /** IP, or a DNS name in a strict-dns cluster. */
  readonly address: string;
  readonly port: number;
  /** For auto host rewrite; empty: none. */
  readonly hostname: string;
  readonly weight: number;
  readonly health: "healthy" | "unhealthy" | "draining" | "degraded";
  /** filter_metadata["meshwright"], string values only: workload, version, instance. */
  readonly metadata: Readonly<Record<string, string>>;
}

// --- secrets -----------------------------------------------------------------------------------------------------

/** A secret as configured: the data may be in a file or an environment variable, which the plan does not read. */
export type SecretSource =
  | { readonly kind: "certificate"; readonly chain: DataSourcePlan; readonly privateKey: DataSourcePlan }
  | { readonly kind: "validation"; readonly trustedCa: DataSourcePlan; readonly sanMatchers: readonly SanMatcher[] }
  | { readonly kind: "generic"; readonly value: DataSourcePlan };

export type DataSourcePlan =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "environment"; readonly variable: string };

/** Secrets are delivered beside the plan, so that a rotation is not a config swap. PEM text. */
export type Secret = CertificateSecret | ValidationSecret | GenericSecret;

export interface CertificateSecret {
  readonly kind: "certificate";
  readonly name: string;
  readonly chainPem: string;
  readonly privateKeyPem: string;
}

export interface ValidationSecret {
  readonly kind: "validation";
  readonly name: string;
  readonly trustedCaPem: string;
  /** SAN matchers that came with the secret itself; a peer must match one of these or of the TLS plan's. */
  readonly sanMatchers: readonly SanMatcher[];
}

export interface GenericSecret {
  readonly kind: "generic";
  readonly name: string;
  readonly value: Uint8Array;
}

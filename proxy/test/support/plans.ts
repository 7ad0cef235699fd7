// Runtime plans for tests, built by hand: what is not said is Envoy's default.

import { defaultHttp2 } from "../../src/plan/http2-options";
import type {
  ActiveHealthPlan,
  BalancingPlan,
  ClusterPlan,
  DownstreamTlsPlan,
  EndpointPlan,
  FilterChainMatchPlan,
  FilterChainPlan,
  ForwardAction,
  HttpConnectionPlan,
  HttpRequestView,
  ListenerPlan,
  OutlierDetectionPlan,
  PathMatcher,
  ProxyPlan,
  RbacFilterPlan,
  RbacMatcher,
  RetryPolicyPlan,
  RouteConfigPlan,
  RoutePlan,
  UpstreamTlsPlan,
  VirtualHostPlan,
} from "../../src/plan/types";

export function endpoint(port: number, over: Partial<EndpointPlan> = {}): EndpointPlan {
  return {
    address: "127.0.0.1",
    port,
    hostname: "",
    weight: 1,
    health: "healthy",
    locality: "\0\0",
    localityWeight: 0,
    subset: new Map(),
    priority: 0,
    hashKey: "",
    check: null,
    metadata: {},
    ...over,
  };
}

export const defaultBalancing: BalancingPlan = {
  lbPolicy: "round-robin",
  leastRequestChoices: 2,
  slowStart: null,
  zoneAware: { routingEnabledPercent: 100, minClusterSize: 6, failsOnPanic: false, keepsFrom: null },
  isLocalityWeighted: false,
  hashTable: null,
  peakEwma: null,
};

export function cluster(
  name: string,
  endpoints: readonly EndpointPlan[],
  over: Partial<ClusterPlan> = {},
): ClusterPlan {
  return {
    name,
    statName: name,
    type: "static",
    edsName: null,
    balancing: defaultBalancing,
    subsets: null,
    healthyPanicThreshold: 50,
    overprovisioning: 140,
    connectTimeoutMs: 5000,
    tcpKeepaliveMs: null,
    preconnectRatio: 1,
    dns: { family: "auto", refreshMs: 5000 },
    circuitBreakers: {
      maxConnections: 1024,
      maxPendingRequests: 1024,
      maxRequests: 1024,
      maxRetries: 3,
      retryBudget: null,
    },
    outlierDetection: null,
    http: {
      protocol: "http1",
      http2: defaultHttp2,
      hasHttp1Trailers: false,
      maxRequestsPerConnection: null,
      idleTimeoutMs: null,
      maxConnectionDurationMs: null,
      maxResponseHeadersKb: 60,
      maxHeadersCount: 100,
    },
    perConnectionBufferLimitBytes: 1024 * 1024,
    activeHealth: null,
    ignoresNewHosts: false,
    ignoresHealthOnRemoval: false,
    tls: null,
    proxyProtocol: null,
    proxyProtocolTlvs: null,
    endpoints,
    metadata: { service: name, namespace: "production" },
    contentKey: JSON.stringify({ name, ...over, endpoints: 0 }),
    ...over,
  };
}

export function outlier(over: Partial<OutlierDetectionPlan> = {}): OutlierDetectionPlan {
  return {
    errorStatuses: null,
    intervalMs: 60_000,
    baseEjectionTimeMs: 30_000,
    maxEjectionTimeMs: 300_000,
    maxEjectionTimeJitterMs: 0,
    maxEjectionPercent: 10,
    alwaysEjectOneHost: false,
    splitExternalLocalOriginErrors: false,
    returnsWhenCheckPasses: true,
    consecutive5xx: { count: 5, enforcing: 100 },
    consecutiveGatewayFailure: { count: 5, enforcing: 0 },
    consecutiveLocalOriginFailure: { count: 5, enforcing: 100 },
    successRate: { minimumHosts: 5, requestVolume: 100, stdevFactor: 1900, enforcing: 100, enforcingLocalOrigin: 100 },
    failurePercentage: { threshold: 85, minimumHosts: 5, requestVolume: 50, enforcing: 0, enforcingLocalOrigin: 0 },
    ...over,
  };
}

export function prefix(value: string): PathMatcher {
  return { kind: "prefix", value, caseSensitive: true, matches: (path) => path.startsWith(value) };
}

export function forward(
  clusters: readonly { name: string; weight?: number }[],
  over: Partial<ForwardAction> = {},
): ForwardAction {
  const choices = clusters.map(({ name, weight = 1 }) => ({
    name,
    header: null,
    weight,
    requestHeaders: [],
    responseHeaders: [],
    filters: null,
    subset: null,
  }));
  return {
    kind: "forward",
    clusters: choices,
    totalWeight: choices.reduce((sum, choice) => sum + choice.weight, 0),
    readsCluster: false,
    rewritePath: null,
    rewriteHost: null,
    appendXForwardedHost: false,
    timeoutMs: 15_000,
    hasIdleTimeout: false,
    idleTimeoutMs: null,
    maxStreamDurationMs: null,
    hasMaxStreamDuration: false,
    deadline: null,
    retry: null,
    internalRedirects: null,
    replayLimitBytes: null,
    mirrors: [],
    hashPolicies: null,
    rateLimits: null,
    upgrades: null,
    terminatesConnect: false,
    clusterNotFoundStatus: 503,
    ...over,
  };
}

export function retryPolicy(on: Partial<RetryPolicyPlan["on"]>, over: Partial<RetryPolicyPlan> = {}): RetryPolicyPlan {
  return {
    on: {
      serverError: false,
      gatewayError: false,
      reset: false,
      resetBeforeRequest: false,
      connectFailure: false,
      refusedStream: false,
      retriable4xx: false,
      grpcStatuses: [],
      envoyRateLimited: false,
      statusCodes: [],
      responseHeaders: [],
      ...on,
    },
    attempts: 2,
    perTryTimeoutMs: null,
    perTryIdleTimeoutMs: null,
    toldBackOff: null,
    baseIntervalMs: 25,
    maxIntervalMs: 250,
    choosesHosts: over.avoidPreviousHosts ?? false,
    avoidPreviousHosts: false,
    omittedHosts: [],
    priorityFrequency: null,
    hostSelectionMaxAttempts: 5,
    retriableRequestHeaders: [],
    ...over,
  };
}

export function route(action: RoutePlan["action"], match: Partial<RoutePlan["match"]> = {}): RoutePlan {
  return {
    name: "",
    virtualHost: "all",
    match: { path: prefix("/"), isGrpc: false, headers: [], query: [], fraction: null, ...match },
    action,
    metadata: {},
    rbacOverrides: null,
    filters: null,
    tracing: null,
  };
}

export function headerEquals(name: string, value: string): RoutePlan["match"]["headers"][number] {
  return {
    name,
    text: `${name} exact "${value}"`,
    matches: (request: HttpRequestView) => {
      for (let i = 0; i < request.headers.count; i++) {
        if (request.headers.nameAt(i) === name && request.headers.valueAt(i) === value) return true;
      }
      return false;
    },
  };
}

export function routes(list: readonly RoutePlan[], name = "routes"): RouteConfigPlan {
  const host: VirtualHostPlan = {
    name: "all",
    domains: ["*"],
    routes: list,
    includeRequestAttemptCount: false,
    includeAttemptCountInResponse: false,
  };
  return {
    name,
    ignorePortInHostMatching: false,
    virtualHosts: [host],
    exactDomains: new Map(),
    suffixDomains: [],
    prefixDomains: [],
    defaultHost: host,
  };
}

export function http(over: Partial<HttpConnectionPlan> = {}): HttpConnectionPlan {
  return {
    kind: "http",
    statPrefix: "http",
    codec: "auto",
    http2: defaultHttp2,
    hasHttp1Trailers: false,
    upgrades: new Map(),
    routeConfig: "routes",
    countsAnswers: true,
    filters: over.rbac ? [{ kind: "rbac", filters: over.rbac }] : [],
    rbac: [],
    accessLogs: [],
    tracing: null,
    serverName: "envoy",
    serverHeader: "overwrite",
    useRemoteAddress: false,
    skipXffAppend: true,
    via: null,
    generateRequestId: true,
    preserveExternalRequestId: false,
    alwaysSetRequestIdInResponse: false,
    xfcc: { mode: "sanitize-set", subject: false, uri: true, dns: false },
    normalizePath: true,
    mergeSlashes: true,
    escapedSlashes: "keep",
    maxRequestHeadersKb: 60,
    maxHeadersCount: 100,
    headersWithUnderscores: "allow",
    maxRequestsPerConnection: null,
    connectionIdleTimeoutMs: 3_600_000,
    maxConnectionDurationMs: null,
    streamIdleTimeoutMs: 300_000,
    requestTimeoutMs: null,
    requestHeadersTimeoutMs: null,
    maxStreamDurationMs: null,
    ...over,
  };
}

export function downstreamTls(over: Partial<DownstreamTlsPlan> = {}): DownstreamTlsPlan {
  return {
    identitySecret: "identity",
    validationSecret: "bundle",
    sanMatchers: [],
    alpn: [],
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    requireClientCertificate: true,
    ...over,
  };
}

export function upstreamTls(over: Partial<UpstreamTlsPlan> = {}): UpstreamTlsPlan {
  return {
    identitySecret: "identity",
    validationSecret: "bundle",
    sanMatchers: [],
    alpn: [],
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    sni: null,
    ...over,
  };
}

export function matching(over: Partial<FilterChainMatchPlan>): FilterChainMatchPlan {
  return {
    destinationPort: null,
    destinationRanges: [],
    serverNames: [],
    transportProtocol: "",
    applicationProtocols: [],
    directSourceRanges: [],
    sourceType: "any",
    sourceRanges: [],
    sourcePorts: [],
    ...over,
  };
}

export function chain(over: Partial<FilterChainPlan> = {}): FilterChainPlan {
  const tls = over.tls ?? null;
  return {
    name: tls ? "tls" : "plain",
    match: matching({ transportProtocol: tls ? "" : "raw_buffer" }),
    tls,
    connectionLimits: [],
    networkRbac: [],
    network: http(),
    ...over,
  };
}

export function listener(name: string, over: Partial<ListenerPlan> = {}): ListenerPlan {
  return {
    name,
    statPrefix: "",
    address: { address: "127.0.0.1", port: 0 },
    trafficDirection: "inbound",
    proxyProtocol: null,
    tlsInspector: false,
    httpInspector: false,
    listenerFiltersTimeoutMs: 15_000,
    ignoresConnectionLimit: false,
    perConnectionBufferLimitBytes: 1024 * 1024,
    filterChains: [chain()],
    accessLogs: [],
    contentKey: JSON.stringify(over),
    ...over,
  };
}

export function proxyPlan(parts: {
  listeners: readonly ListenerPlan[];
  clusters?: readonly ClusterPlan[];
  routes?: readonly RouteConfigPlan[];
  workload?: string;
}): ProxyPlan {
  const workload = parts.workload ?? "payment-service-v1";
  return {
    node: {
      id: `production/${workload}/0`,
      cluster: workload,
      workload,
      namespace: "production",
      service: "payment-service",
      version: "v1",
      serviceAccount: "payment-service",
      zone: "",
      metadata: {},
    },
    locality: null,
    localCluster: "",
    overload: null,
    admin: null,
    listeners: parts.listeners,
    routeConfigs: new Map((parts.routes ?? []).map((config) => [config.name, config])),
    clusters: new Map((parts.clusters ?? []).map((one) => [one.name, one])),
    secretNames: ["identity", "bundle"],
    secretSources: new Map(),
  };
}

const always: RbacMatcher = { text: "any", matches: () => true };

/** ALLOW for callers with this SPIFFE ID. */
export function allowPrincipal(spiffeId: string, over: Partial<RbacFilterPlan> = {}): RbacFilterPlan {
  const principal: RbacMatcher = {
    text: `principal ${spiffeId}`,
    matches: (context) => context.peer?.uriSans.includes(spiffeId) === true,
  };
  const rules = { action: "allow" as const, policies: [{ name: "callers", permission: always, principal }] };
  const prefixes = { statPrefix: "", rulesPrefix: "", shadowPrefix: "" };
  return { name: "envoy.filters.http.rbac", rules, shadowRules: null, ...prefixes, ...over };
}

export function uriMatcher(value: string): {
  type: "uri";
  value: { text: string; matches: (v: string) => boolean; exact: string };
} {
  return { type: "uri", value: { text: `exact ${value}`, matches: (candidate) => candidate === value, exact: value } };
}

export function activeHealth(over: Partial<ActiveHealthPlan> = {}): ActiveHealthPlan {
  return {
    timeoutMs: 1000,
    intervalMs: 100,
    initialJitterMs: 0,
    intervalJitterMs: 0,
    intervalJitterPercent: 0,
    unhealthyThreshold: 2,
    healthyThreshold: 2,
    noTrafficIntervalMs: 100,
    noTrafficHealthyIntervalMs: 100,
    unhealthyIntervalMs: 100,
    unhealthyEdgeIntervalMs: 100,
    healthyEdgeIntervalMs: 100,
    reusesConnection: true,
    check: {
      kind: "http",
      isHttp2: false,
      method: "GET",
      authority: "app",
      path: "/hc",
      headers: [],
      expected: [{ start: 200, end: 201 }],
      retriable: [],
    },
    ...over,
  };
}

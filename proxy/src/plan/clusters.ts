// Envoy Cluster and ClusterLoadAssignment -> ClusterPlan. One rule: every default is Envoy's.

import { create, toJsonString } from "@bufbuild/protobuf";
import { anyIs, anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  type CircuitBreakers,
  type Cluster,
  type ClusterLoadAssignment,
  ClusterSchema,
  Cluster_DiscoveryType as Discovery,
  Cluster_DnsLookupFamily as Family,
  HealthStatus,
  type HttpProtocolOptions,
  HttpProtocolOptionsSchema,
  type LbEndpoint,
  ProxyProtocolConfig_Version,
  ProxyProtocolUpstreamTransportSchema,
  RawBufferSchema,
  type TransportSocket,
  UpstreamTlsContextSchema,
} from "../contract/messages";
import { registry } from "../contract/registry";
import { activeHealth, endpointCheck } from "./active-health";
import { balancingPlan } from "./balancing";
import { errorStatuses } from "./error-statuses";
import { defaultHttp2, http2Plan } from "./http2-options";
import { parseIp } from "./ip";
import { outlierDetection } from "./outlier-detection";
import { passedTlvs } from "./proxy-protocol";
import type { Scope } from "./scope";
import { checkSubsetCount, subsetMetadata, subsetsPlan } from "./subsets";
import { type SecretCollector, upstreamTls } from "./tls";
import type { CircuitBreakerPlan, ClusterPlan, EndpointPlan, UpstreamHttpPlan, UpstreamTlsPlan } from "./types";
import { localityWord, meshwrightMetadata, milliseconds, socketAddress, stringsOf, timeout } from "./values";

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const TYPES: Readonly<Partial<Record<Discovery, ClusterPlan["type"]>>> = {
  [Discovery.STATIC]: "static",
  [Discovery.STRICT_DNS]: "strict-dns",
  [Discovery.LOGICAL_DNS]: "logical-dns",
  [Discovery.EDS]: "eds",
};
const DEFAULT_OVERPROVISIONING = 140;
/** tcp(7): tcp_keepalive_time, and the most that TCP_KEEPIDLE may be. */
const LINUX_KEEPALIVE_SECONDS = 7_200;
const MOST_KEEPALIVE_SECONDS = 32_767;
const FAMILIES = {
  [Family.AUTO]: "auto",
  [Family.V4_ONLY]: "v4-only",
  [Family.V6_ONLY]: "v6-only",
  [Family.V4_PREFERRED]: "v4-preferred",
  [Family.ALL]: "all",
} as const;

/** The EDS resource a cluster waits for, if any. */
export function edsNameOf(cluster: Cluster): string | null {
  const isEds = cluster.clusterDiscoveryType.case === "type" && cluster.clusterDiscoveryType.value === Discovery.EDS;
  return isEds ? cluster.edsClusterConfig?.serviceName || cluster.name : null;
}

/** @param assignment the EDS answer of an EDS cluster, once there is one */
export function clusterPlan(
  cluster: Cluster,
  assignment: ClusterLoadAssignment | undefined,
  scope: Scope,
  secrets: SecretCollector,
): ClusterPlan {
  const discovery =
    cluster.clusterDiscoveryType.case === "type" ? cluster.clusterDiscoveryType.value : Discovery.STATIC;
  const type = TYPES[discovery] ?? "static";
  checkDiscovery(cluster, type, scope);
  const inline = cluster.loadAssignment;
  const { tls, proxyProtocol, proxyProtocolTlvs } = transport(
    cluster.transportSocket,
    scope.field("transport_socket"),
    secrets,
  );
  const options = httpOptionsOf(cluster);
  const optionsAt = scope.item("typed_extension_protocol_options", HTTP_OPTIONS);
  const http = upstreamHttp(options, optionsAt, tls !== null);
  const errors = errorStatuses(options?.outlierDetection, optionsAt.field("outlier_detection"));
  const balancing = balancingPlan(cluster, scope);
  const subsets = subsetsPlan(cluster, scope);
  const endpoints = inline
    ? endpointPlans(inline, scope.field("load_assignment"), type)
    : assignment
      ? endpointPlans(assignment, null, type)
      : [];
  if (subsets !== null) checkSubsetCount(subsets, balancing.hashTable, endpoints, scope);
  return {
    name: cluster.name,
    statName: cluster.altStatName || cluster.name,
    type,
    edsName: edsNameOf(cluster),
    // Envoy: subsets leave weights of localities out of account, unless they are told not to, which is refused.
    balancing: subsets === null ? balancing : { ...balancing, isLocalityWeighted: false },
    subsets,
    healthyPanicThreshold: cluster.commonLbConfig?.healthyPanicThreshold?.value ?? 50,
    overprovisioning: (inline ?? assignment)?.policy?.overprovisioningFactor ?? DEFAULT_OVERPROVISIONING,
    connectTimeoutMs: cluster.connectTimeout ? Math.max(milliseconds(cluster.connectTimeout), 1) : 5_000,
    preconnectRatio: cluster.preconnectPolicy?.perUpstreamPreconnectRatio ?? 1,
    tcpKeepaliveMs: tcpKeepalive(cluster, scope.field("upstream_connection_options").field("tcp_keepalive")),
    dns: {
      family: FAMILIES[cluster.dnsLookupFamily],
      refreshMs: cluster.dnsRefreshRate ? milliseconds(cluster.dnsRefreshRate) : 5_000,
    },
    circuitBreakers: circuitBreakers(cluster.circuitBreakers, scope.field("circuit_breakers")),
    outlierDetection: cluster.outlierDetection
      ? outlierDetection(cluster.outlierDetection, errors, scope.field("outlier_detection"))
      : null,
    activeHealth: activeHealth(cluster, http, scope),
    ignoresNewHosts: cluster.commonLbConfig?.ignoreNewHostsUntilFirstHc ?? false,
    ignoresHealthOnRemoval: cluster.ignoreHealthOnHostRemoval,
    http,
    perConnectionBufferLimitBytes: cluster.perConnectionBufferLimitBytes ?? 1_048_576,
    tls,
    proxyProtocol,
    proxyProtocolTlvs,
    endpoints,
    metadata: meshwrightMetadata(cluster.metadata),
    contentKey: contentKey(cluster),
  };
}

function tcpKeepalive(cluster: Cluster, scope: Scope): number | null {
  const keepalive = cluster.upstreamConnectionOptions?.tcpKeepalive;
  if (!keepalive) return null;
  const seconds = keepalive.keepaliveTime ?? LINUX_KEEPALIVE_SECONDS;
  if (seconds < 1 || seconds > MOST_KEEPALIVE_SECONDS)
    scope.field("keepalive_time").fail(`must be from 1 to ${MOST_KEEPALIVE_SECONDS}: sockets take nothing else`);
  return seconds * 1000;
}

function contentKey(cluster: Cluster): string {
  const rest = create(ClusterSchema, { ...cluster, loadAssignment: undefined } as Cluster);
  return toJsonString(ClusterSchema, rest, { registry });
}

function checkDiscovery(cluster: Cluster, type: ClusterPlan["type"], scope: Scope): void {
  if (type === "eds" && cluster.loadAssignment) {
    scope.field("load_assignment").fail("an EDS cluster gets its endpoints by EDS; remove it");
  }
  if (type === "eds" && !cluster.edsClusterConfig?.edsConfig) {
    scope.field("eds_cluster_config").fail("must be set for an EDS cluster, with eds_config");
  }
  if (type !== "eds" && cluster.edsClusterConfig) {
    scope.field("eds_cluster_config").fail("is for EDS clusters only; set type: EDS or remove it");
  }
  const endpoints = cluster.loadAssignment?.endpoints.flatMap(({ lbEndpoints }) => lbEndpoints) ?? [];
  if (type === "logical-dns" && cluster.loadAssignment && endpoints.length !== 1) {
    scope.field("load_assignment").fail("a LOGICAL_DNS cluster has one endpoint; leave one, or set type: STRICT_DNS");
  }
  if (type !== "eds" && !cluster.loadAssignment) {
    scope.field("load_assignment").fail("must be set");
  }
}

/** Checks an EDS resource by itself (`scope` set) or only converts it (null: it was checked before). */
export function endpointPlans(
  assignment: ClusterLoadAssignment,
  scope: Scope | null,
  type: ClusterPlan["type"],
): EndpointPlan[] {
  return assignment.endpoints.flatMap((locality, index) =>
    locality.lbEndpoints.flatMap((endpoint, inner): EndpointPlan[] => {
      const at = scope?.item("endpoints", index).item("lb_endpoints", inner) ?? null;
      return endpointPlan(endpoint, locality, at, type);
    }),
  );
}

const IGNORED_SCOPE = { field: () => IGNORED_SCOPE, fail: () => undefined } as unknown as Scope;

function endpointPlan(
  lb: LbEndpoint,
  { locality, loadBalancingWeight, priority }: ClusterLoadAssignment["endpoints"][number],
  scope: Scope | null,
  type: ClusterPlan["type"],
): EndpointPlan[] {
  const endpoint = lb.hostIdentifier.case === "endpoint" ? lb.hostIdentifier.value : undefined;
  if (!endpoint) {
    scope?.field("endpoint").fail("must be set");
    return [];
  }
  const { address, port } = socketAddress(
    endpoint.address,
    (scope ?? IGNORED_SCOPE).field("endpoint").field("address"),
  );
  const isNamed = type === "strict-dns" || type === "logical-dns";
  if (scope && !isNamed && address !== "" && parseIp(address) === null) {
    scope
      .field("endpoint")
      .field("address")
      .fail(`${JSON.stringify(address)} is not an IP address; use one, or type: STRICT_DNS for a name`);
  }
  return [
    {
      address,
      port,
      hostname: endpoint.hostname || (isNamed ? address : ""),
      weight: lb.loadBalancingWeight ?? 1,
      health: healthOf(lb.healthStatus),
      locality: localityWord(locality),
      localityWeight: loadBalancingWeight ?? 0,
      subset: subsetMetadata(lb.metadata),
      priority,
      hashKey: stringsOf(lb.metadata?.filterMetadata["envoy.lb"])["hash_key"] ?? "",
      check: endpointCheck(endpoint),
      metadata: meshwrightMetadata(lb.metadata),
    },
  ];
}

function healthOf(status: HealthStatus): EndpointPlan["health"] {
  switch (status) {
    case HealthStatus.UNHEALTHY:
    case HealthStatus.TIMEOUT:
      return "unhealthy";
    case HealthStatus.DRAINING:
      return "draining";
    case HealthStatus.DEGRADED:
      return "degraded";
    default:
      return "healthy";
  }
}

function circuitBreakers(breakers: CircuitBreakers | undefined, scope: Scope): CircuitBreakerPlan {
  const [thresholds, second] = breakers?.thresholds ?? [];
  if (second) {
    scope.item("thresholds", 1).fail("repeats the priority DEFAULT; keep one");
  }
  const budget = thresholds?.retryBudget;
  return {
    maxConnections: thresholds?.maxConnections ?? 1024,
    maxPendingRequests: thresholds?.maxPendingRequests ?? 1024,
    maxRequests: thresholds?.maxRequests ?? 1024,
    maxRetries: thresholds?.maxRetries ?? 3,
    retryBudget: budget
      ? { percent: budget.budgetPercent?.value ?? 20, minConcurrency: budget.minRetryConcurrency ?? 3 }
      : null,
  };
}

/** Which HTTP the cluster speaks; Envoy's default is HTTP/1.1. */
function protocolOf(
  options: HttpProtocolOptions | undefined,
  hasTls: boolean,
  scope: Scope,
): Pick<UpstreamHttpPlan, "protocol" | "http2" | "hasHttp1Trailers"> {
  const choice = options?.upstreamProtocolOptions;
  if (choice?.case === "autoConfig") {
    if (!hasTls) scope.field("auto_config").fail("chooses by ALPN, which needs TLS; add a transport_socket with TLS");
    const hasHttp1Trailers = choice.value.httpProtocolOptions?.enableTrailers ?? false;
    return { protocol: "auto", http2: http2Plan(choice.value.http2ProtocolOptions), hasHttp1Trailers };
  }
  const explicit = choice?.case === "explicitHttpConfig" ? choice.value.protocolConfig : undefined;
  if (explicit?.case === "http2ProtocolOptions") {
    return { protocol: "http2", http2: http2Plan(explicit.value), hasHttp1Trailers: false };
  }
  const hasHttp1Trailers = explicit?.case === "httpProtocolOptions" && explicit.value.enableTrailers;
  return { protocol: "http1", http2: defaultHttp2, hasHttp1Trailers };
}

function httpOptionsOf(cluster: Cluster): HttpProtocolOptions | undefined {
  const any = cluster.typedExtensionProtocolOptions[HTTP_OPTIONS];
  return any && anyUnpack(any, HttpProtocolOptionsSchema);
}

function upstreamHttp(options: HttpProtocolOptions | undefined, scope: Scope, hasTls: boolean): UpstreamHttpPlan {
  const common = options?.commonHttpProtocolOptions;
  const at = scope.field("common_http_protocol_options");
  if (common?.headersWithUnderscoresAction) {
    at.field("headers_with_underscores_action").fail("has an effect downstream only; remove it");
  }
  if (common?.maxStreamDuration) {
    at.field("max_stream_duration").fail("is taken downstream only; set it on the listener or the route");
  }
  return {
    ...protocolOf(options, hasTls, scope),
    maxRequestsPerConnection: common?.maxRequestsPerConnection || null,
    idleTimeoutMs: timeout(common?.idleTimeout, 3_600_000),
    maxConnectionDurationMs: timeout(common?.maxConnectionDuration, null),
    maxResponseHeadersKb: 80, // observed: 70 kB pass; Envoy's codec limit
    maxHeadersCount: common?.maxHeadersCount ?? 100,
  };
}

type Transport = Pick<ClusterPlan, "tls" | "proxyProtocol" | "proxyProtocolTlvs">;

/** Around TLS or plain text there may be the PROXY protocol, once. */
function transport(socket: TransportSocket | undefined, scope: Scope, secrets: SecretCollector): Transport {
  const config = socket?.configType.case === "typedConfig" ? socket.configType.value : undefined;
  const outer = config && anyUnpack(config, ProxyProtocolUpstreamTransportSchema);
  if (!outer) return { tls: transportSocket(socket, scope, secrets), proxyProtocol: null, proxyProtocolTlvs: null };
  const at = scope.field("typed_config").field("transport_socket");
  const inner = outer.transportSocket;
  const isNested =
    inner?.configType.case === "typedConfig" && anyIs(inner.configType.value, ProxyProtocolUpstreamTransportSchema);
  if (isNested) at.field("typed_config").fail("is the PROXY protocol again; name what it goes before");
  return {
    tls: isNested ? null : transportSocket(inner, at, secrets),
    proxyProtocol: outer.config?.version === ProxyProtocolConfig_Version.V2 ? "v2" : "v1",
    proxyProtocolTlvs: passedTlvs(outer.config?.passThroughTlvs),
  };
}

function transportSocket(
  socket: TransportSocket | undefined,
  scope: Scope,
  secrets: SecretCollector,
): UpstreamTlsPlan | null {
  if (!socket) {
    return null;
  }
  const at = scope.field("typed_config");
  if (socket.configType.case !== "typedConfig") {
    at.fail("must be set");
    return null;
  }
  if (anyUnpack(socket.configType.value, RawBufferSchema)) {
    return null;
  }
  const tls = anyUnpack(socket.configType.value, UpstreamTlsContextSchema);
  if (!tls) {
    at.fail("a cluster needs an UpstreamTlsContext");
    return null;
  }
  return upstreamTls(tls, at, secrets);
}

// Clusters: a service or subset as a caller sees it, an external service, and the app behind a sidecar.
// The rule: limits that the design leaves open are written out, so that saturation can be shown against them.
import {
  type ConnectionPool,
  type OutlierDetection,
  objectKey,
  type Service,
  type TrafficPolicy,
  workloadLabels,
} from "@/lib/mesh";
import type { Target } from "./destinations";
import {
  ADS,
  any,
  compact,
  duration,
  isIpAddress,
  type JsonObject,
  meshwrightMetadata,
  socketAddress,
} from "./envoy-json";
import { type Facts, isTcpPort, speaksHttp2, spiffeIdOf, workloadsIn } from "./facts";
import { balancerOf } from "./hashing";
import { type CheckedPort, healthCheck } from "./health-check";
import { protectionIn, tcpProtectionIn } from "./modes";
import type { Problems } from "./problems";
import { upstreamTls } from "./transport";

/** Envoy's default connect timeout. */
const CONNECT_TIMEOUT_MS = 5000;
/** Below the inbound listener's idle time (Envoy default, 1 h), so that the caller closes first. */
const MESH_IDLE_TIMEOUT_MS = 300_000;
/** Below what HTTP servers commonly keep a connection open for (Node 5 s): Linkerd's choice as well. */
export const APP_IDLE_TIMEOUT_MS = 3000;
/** Envoy defaults; here to be seen. */
const DEFAULT_LIMIT = 1024;
/** Share of active requests that may be retries; the floor lets a small burst over when one of two instances dies. */
const RETRY_BUDGET = { budget_percent: { value: 20 }, min_retry_concurrency: 100 };

export type Blocks = Pick<
  TrafficPolicy["spec"],
  "connectionPool" | "outlierDetection" | "healthCheck" | "loadBalancing" | "retryBudget"
>;

/** `isWeighted`: the localities of its hosts have weights for this caller. */
export function serviceCluster(
  facts: Facts,
  name: string,
  target: Target,
  problems: Problems,
  isWeighted: boolean,
): JsonObject | null {
  const service = facts.services.get(target.service);
  if (!service) return null;
  const blocks = blocksOf(facts, service, target.subset, problems);
  const workloads = workloadsIn(facts, target.service, target.subset);
  const versions = new Set(workloads.map((workload) => workloadLabels(workload)["version"]));
  const [only] = workloads;
  const isTcp = isTcpPort(service, target.port);
  const isHttp2Port = speaksHttp2(service.spec.ports, target.port);
  const upgrade = isTcp || isHttp2Port ? undefined : blocks.connectionPool?.h2UpgradePolicy;
  const tls = transportOf(facts, service, target, isTcp, upgrade === "do-not-upgrade" ? ["http/1.1"] : undefined);
  const protocol = protocolOf({ isTcp, isTls: tls !== undefined, isHttp2Port, upgrade });
  const isUnshared = isWeighted && blocks.loadBalancing?.policy === "peak-ewma";
  if (isUnshared) warnOfShares(facts, service, problems);
  const balanced = isUnshared ? { ...blocks, loadBalancing: undefined } : blocks;
  const behaviour = behaviourOf(balanced, MESH_IDLE_TIMEOUT_MS, protocol);
  return compact({
    name,
    type: "EDS",
    eds_cluster_config: { eds_config: ADS, service_name: name },
    ...(isWeighted ? withWeightedLocalities(behaviour) : behaviour),
    ...checksOf(blocks, service, target, protocol === "alpn" || protocol === "http2"),
    transport_socket: tls,
    metadata: meshwrightMetadata({
      kind: "service",
      namespace: service.metadata.namespace,
      service: service.metadata.name,
      version: versions.size === 1 ? only?.spec.version : undefined,
      workload: workloads.length === 1 ? only?.metadata.name : undefined,
    }),
  });
}

/** Peak EWMA chooses among all hosts at once. */
function warnOfShares(facts: Facts, service: Service, problems: Problems): void {
  const policies = facts.trafficPoliciesOf.get(objectKey(service)) ?? [];
  const policy = policies.find(({ spec }) => spec.loadBalancing?.policy === "peak-ewma");
  const message = "has no shares of localities, which are kept: hosts with the fewest requests are chosen instead";
  const fix = "Choose least-request, or take distribute of the locality away.";
  if (policy) problems.warn(policy, "spec.loadBalancing.policy", message, fix);
}

function withWeightedLocalities(behaviour: JsonObject): JsonObject {
  const common = behaviour["common_lb_config"] as JsonObject | undefined;
  return { ...behaviour, common_lb_config: { ...common, locality_weighted_lb_config: {} } };
}

function checksOf(blocks: Blocks, service: Service, target: Target, isHttp2: boolean): JsonObject {
  const { ports } = service.spec;
  const protocol = ports.find(({ port }) => port === target.port)?.protocol;
  if (!blocks.healthCheck || protocol === undefined) return {};
  const port: CheckedPort = {
    protocol,
    isHttp2,
    host: serviceHost(service),
  };
  const check = healthCheck(blocks.healthCheck, port);
  // Who belongs to the service is said by the control plane alone.
  return check ? { health_checks: [check], ignore_health_on_host_removal: true } : {};
}

const serviceHost = ({ metadata: { name, namespace } }: Service): string => `${name}.${namespace}.svc.cluster.local`;

/** Mutual TLS towards every callee that takes it; plain text only where the design switched it off. */
function transportOf(
  facts: Facts,
  service: Service,
  target: Target,
  isTcp: boolean,
  httpAlpn: readonly string[] | undefined,
): JsonObject | undefined {
  const protection = (isTcp ? tcpProtectionIn : protectionIn)(facts, service, target.port);
  if (service.spec.optOut || protection.tls === "disable") return undefined;
  const ids = new Set(workloadsIn(facts, target.service, target.subset).map((workload) => spiffeIdOf(facts, workload)));
  // An empty list would accept every certificate; without workloads there is nobody to accept.
  const expected = ids.size > 0 ? [...ids].sort() : [`spiffe://${facts.trustDomain}/`];
  return upstreamTls(
    expected,
    isTcp
      ? { sni: tcpServerName(service, target.port), alpn: [] }
      : { sni: serviceHost(service), ...(httpAlpn ? { alpn: httpAlpn } : {}) },
  );
}

/** By this name in the handshake a callee's sidecar knows for which of its TCP ports a connection is. */
export const tcpServerName = (service: Service, port: number): string => `tcp-${port}.${serviceHost(service)}`;

/** Blocks of the service's policy, each replaced whole by the subset's where it has one. */
function blocksOf(facts: Facts, service: Service, subset: string | undefined, problems: Problems): Blocks {
  const policies = facts.trafficPoliciesOf.get(objectKey(service)) ?? [];
  const pick = (wanted: string | undefined): Blocks => {
    const [first, ...more] = policies.filter((policy) => policy.spec.subset === wanted);
    for (const ignored of more) {
      const other = first?.metadata.name;
      problems.warn(
        ignored,
        "spec",
        `"${other}" already says this about the service: this one has no effect`,
        "Merge the two.",
      );
    }
    return first?.spec ?? {};
  };
  const ofService = pick(undefined);
  const ofSubset: Blocks = subset === undefined ? {} : pick(subset);
  return {
    connectionPool: ofSubset.connectionPool ?? ofService.connectionPool,
    outlierDetection: ofSubset.outlierDetection ?? ofService.outlierDetection,
    healthCheck: ofSubset.healthCheck ?? ofService.healthCheck,
    loadBalancing: ofSubset.loadBalancing ?? ofService.loadBalancing,
    retryBudget: ofSubset.retryBudget ?? ofService.retryBudget,
  };
}

/**
 * `alpn`: HTTP/2 where the peer's sidecar takes it, so that a pair of sidecars shares one connection. The pool's limits
 * mean what they mean in Istio and Envoy then: maxConnections counts connections, maxPendingRequests the requests that
 * wait for one to be made, maxRequestsPerConnection the streams after which a connection is replaced.
 * `http2`: without being asked (prior knowledge), for apps that speak nothing else. `tcp`: there are no requests.
 */
type Protocol = "alpn" | "http1" | "http2" | "tcp";

/** How a port is called. `upgrade` is only asked of ports of protocol http. */
function protocolOf(port: {
  isTcp: boolean;
  isTls: boolean;
  isHttp2Port: boolean;
  upgrade: ConnectionPool["h2UpgradePolicy"];
}): Protocol {
  if (port.isTcp) return "tcp";
  if (port.upgrade === "do-not-upgrade") return "http1";
  if (port.isTls) return "alpn";
  return port.isHttp2Port || port.upgrade === "upgrade" ? "http2" : "http1";
}

export function behaviourOf(blocks: Blocks, idleTimeoutMs: number, protocol: Protocol = "http1"): JsonObject {
  const { connectionPool: pool, outlierDetection: outlier } = blocks;
  return compact({
    connect_timeout: duration(pool?.connectTimeoutMs ?? CONNECT_TIMEOUT_MS),
    upstream_connection_options: pool?.tcpKeepalive && { tcp_keepalive: keepalive(pool.tcpKeepalive) },
    ...balancerOf(blocks.loadBalancing),
    circuit_breakers: { thresholds: [thresholds(pool, blocks)] },
    outlier_detection: outlier && outlierDetection(outlier),
    // With ejection on, Istio switches panic routing off unless told otherwise.
    common_lb_config: outlier && { healthy_panic_threshold: { value: outlier.minHealthPercent ?? 0 } },
    typed_extension_protocol_options: protocol === "tcp" ? undefined : httpOptions(blocks, idleTimeoutMs, protocol),
  });
}

/** With the probes that Node.js sends, which are the only ones that our proxy has: so that Envoy sends the same. */
const keepalive = ({ timeMs }: NonNullable<ConnectionPool["tcpKeepalive"]>): JsonObject => ({
  keepalive_time: timeMs / 1000,
  keepalive_interval: 1,
  keepalive_probes: 10,
});

function thresholds(pool: ConnectionPool | undefined, blocks: Blocks): JsonObject {
  const budget = blocks.retryBudget;
  return compact({
    max_connections: pool?.maxConnections ?? DEFAULT_LIMIT,
    max_pending_requests: pool?.maxPendingRequests ?? DEFAULT_LIMIT,
    max_requests: pool?.maxRequests ?? DEFAULT_LIMIT,
    max_retries: pool?.maxRetries,
    retry_budget: budget
      ? compact({ budget_percent: { value: budget.percent }, min_retry_concurrency: budget.minConcurrency })
      : pool?.maxRetries === undefined
        ? RETRY_BUDGET
        : undefined,
  });
}

function outlierDetection(outlier: OutlierDetection): JsonObject {
  const { consecutive5xxErrors: server, consecutiveGatewayErrors: gateway } = outlier;
  return compact({
    consecutive_5xx: server && server > 0 ? server : undefined,
    enforcing_consecutive_5xx: server === 0 ? 0 : undefined,
    consecutive_gateway_failure: gateway && gateway > 0 ? gateway : undefined,
    enforcing_consecutive_gateway_failure: gateway === undefined ? undefined : gateway > 0 ? 100 : 0,
    interval: outlier.intervalMs === undefined ? undefined : duration(outlier.intervalMs),
    base_ejection_time: outlier.baseEjectionTimeMs === undefined ? undefined : duration(outlier.baseEjectionTimeMs),
    max_ejection_percent: outlier.maxEjectionPercent,
    always_eject_one_host: outlier.alwaysEjectOneHost,
    ...localOrigin(outlier),
    ...successRate(outlier),
    ...failurePercentage(outlier),
  });
}

function localOrigin(outlier: OutlierDetection): JsonObject {
  const { splitExternalLocalOriginErrors: isSplit, consecutiveLocalOriginFailures: failures } = outlier;
  if (!isSplit) return {};
  return compact({
    split_external_local_origin_errors: true,
    consecutive_local_origin_failure: failures || undefined,
    enforcing_consecutive_local_origin_failure: failures === 0 ? 0 : undefined,
  });
}

/** Off unless it is asked for, as in Istio: ejection by deviation from the others surprises in small clusters. */
function successRate({ successRate: rate, splitExternalLocalOriginErrors: isSplit }: OutlierDetection): JsonObject {
  if (!rate) return { enforcing_success_rate: 0, ...(isSplit ? { enforcing_local_origin_success_rate: 0 } : {}) };
  const factor = rate.standardDeviationFactor;
  return compact({
    enforcing_success_rate: 100,
    success_rate_minimum_hosts: rate.minimumHosts,
    success_rate_request_volume: rate.requestVolume,
    success_rate_stdev_factor: factor === undefined ? undefined : Math.round(factor * 1000),
  });
}

function failurePercentage(outlier: OutlierDetection): JsonObject {
  const { failurePercentage: rate, splitExternalLocalOriginErrors: isSplit } = outlier;
  if (!rate) return {};
  return compact({
    enforcing_failure_percentage: 100,
    enforcing_failure_percentage_local_origin: isSplit ? 100 : undefined,
    failure_percentage_threshold: rate.threshold,
    failure_percentage_minimum_hosts: rate.minimumHosts,
    failure_percentage_request_volume: rate.requestVolume,
  });
}

const HTTP_OPTIONS = "extensions.upstreams.http.v3.HttpProtocolOptions";

/** HTTP/1.1 drops trailers unless told otherwise. */
const HTTP1: JsonObject = { enable_trailers: true };
/** WebSocket crosses HTTP/2 as CONNECT. */
const HTTP2: JsonObject = { allow_connect: true };

/** Answers that are errors to outlier detection. */
function errorMatcher(statuses: readonly number[]): JsonObject {
  const rules = statuses.map((status) => ({
    http_response_headers_match: { headers: [{ name: ":status", string_match: { exact: String(status) } }] },
  }));
  const [first] = rules;
  // Envoy refuses a choice of one.
  return { error_matcher: first && rules.length === 1 ? first : { or_match: { rules } } };
}

function httpOptions(
  { connectionPool: pool, outlierDetection: outlier }: Blocks,
  idleTimeoutMs: number,
  protocol: Exclude<Protocol, "tcp">,
): JsonObject {
  const statuses = outlier?.errorStatuses;
  const streams = pool?.maxConcurrentStreams;
  const http2 = streams === undefined ? HTTP2 : { ...HTTP2, max_concurrent_streams: streams };
  return {
    [`envoy.${HTTP_OPTIONS}`]: any(HTTP_OPTIONS, {
      common_http_protocol_options: compact({
        idle_timeout: duration(pool?.idleTimeoutMs ?? idleTimeoutMs),
        // 0 is "no limit" in the design; in Envoy that is leaving it out.
        max_requests_per_connection: pool?.maxRequestsPerConnection || undefined,
        max_connection_duration:
          pool?.maxConnectionDurationMs === undefined ? undefined : duration(pool.maxConnectionDurationMs),
      }),
      ...(protocol === "alpn"
        ? { auto_config: { http_protocol_options: HTTP1, http2_protocol_options: http2 } }
        : {
            explicit_http_config:
              protocol === "http2" ? { http2_protocol_options: http2 } : { http_protocol_options: HTTP1 },
          }),
      ...(statuses ? { outlier_detection: errorMatcher(statuses) } : {}),
    }),
  };
}

/**
 * Endpoints written into the cluster: addresses, or names that the proxy resolves.
 *
 * @param dns how names are: LOGICAL_DNS is of one endpoint
 */
export function inlineEndpoints(
  name: string,
  endpoints: readonly { host: string; port: number }[],
  dns: "STRICT_DNS" | "LOGICAL_DNS" = "STRICT_DNS",
): JsonObject {
  return {
    type: endpoints.every(({ host }) => isIpAddress(host)) ? "STATIC" : dns,
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: endpoints.map(({ host, port }) => ({
            endpoint: { address: socketAddress(host, port), hostname: host },
          })),
        },
      ],
    },
  };
}

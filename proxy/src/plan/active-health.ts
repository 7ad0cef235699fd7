// Envoy HealthCheck of a cluster -> ActiveHealthPlan. Rule: what Envoy refuses when it loads a cluster is refused here by its path.

import {
  type Cluster,
  CodecClientType,
  type Endpoint,
  type HealthCheck,
  type HealthCheck_HttpHealthCheck as HttpCheck,
  type HealthCheck_Payload as Payload,
  RequestMethod,
  type HealthCheck_TcpHealthCheck as TcpCheck,
} from "../contract/messages";
import type { ActiveHealthPlan, EndpointCheckPlan, StatusRange } from "./active-health-types";
import { headerAdditions, headerRemoval } from "./header-ops";
import type { Scope } from "./scope";
import type { UpstreamHttpPlan } from "./types";
import { timeout } from "./values";

type Bounds = { readonly start: bigint; readonly end: bigint };

export function activeHealth(
  cluster: Cluster,
  http: Pick<UpstreamHttpPlan, "protocol">,
  scope: Scope,
): ActiveHealthPlan | null {
  const [check, second] = cluster.healthChecks;
  if (second) scope.item("health_checks", 1).fail("Envoy takes one check of a cluster; keep one");
  if (!check) return null;
  const at = scope.item("health_checks", 0);
  const what = checkOf(check, cluster.name, http, at);
  if (what === null) return null;
  const intervalMs = timeout(check.interval, 0) ?? 0;
  const noTrafficIntervalMs = timeout(check.noTrafficInterval, 60_000) ?? 60_000;
  const unhealthyIntervalMs = timeout(check.unhealthyInterval, intervalMs) ?? intervalMs;
  return {
    timeoutMs: timeout(check.timeout, 0) ?? 0,
    intervalMs,
    initialJitterMs: timeout(check.initialJitter, 0) ?? 0,
    intervalJitterMs: timeout(check.intervalJitter, 0) ?? 0,
    intervalJitterPercent: check.intervalJitterPercent,
    unhealthyThreshold: check.unhealthyThreshold ?? 1,
    healthyThreshold: check.healthyThreshold ?? 1,
    noTrafficIntervalMs,
    noTrafficHealthyIntervalMs: timeout(check.noTrafficHealthyInterval, noTrafficIntervalMs) ?? noTrafficIntervalMs,
    unhealthyIntervalMs,
    unhealthyEdgeIntervalMs: timeout(check.unhealthyEdgeInterval, unhealthyIntervalMs) ?? unhealthyIntervalMs,
    healthyEdgeIntervalMs: timeout(check.healthyEdgeInterval, intervalMs) ?? intervalMs,
    reusesConnection: check.reuseConnection ?? true,
    check: what,
  };
}

function checkOf(
  { healthChecker }: HealthCheck,
  clusterName: string,
  { protocol }: Pick<UpstreamHttpPlan, "protocol">,
  scope: Scope,
): ActiveHealthPlan["check"] | null {
  switch (healthChecker.case) {
    case "httpHealthCheck":
      return httpCheck(healthChecker.value, clusterName, scope.field("http_health_check"));
    case "grpcHealthCheck":
      if (protocol === "http1") {
        scope
          .field("grpc_health_check")
          .fail("the cluster must speak HTTP/2: set http2_protocol_options in typed_extension_protocol_options");
      }
      return {
        kind: "grpc",
        service: healthChecker.value.serviceName,
        authority: healthChecker.value.authority || clusterName,
      };
    case "tcpHealthCheck":
      return tcpCheck(healthChecker.value, scope.field("tcp_health_check"));
    default:
      return null; // the constraints and the support table report it
  }
}

function httpCheck(check: HttpCheck, clusterName: string, scope: Scope): ActiveHealthPlan["check"] {
  const removals = check.requestHeadersToRemove.map((name, index) =>
    headerRemoval(name, scope.item("request_headers_to_remove", index)),
  );
  const expected = ranges(check.expectedStatuses, "expected_statuses", scope);
  return {
    kind: "http",
    isHttp2: check.codecClientType === CodecClientType.HTTP2,
    method: check.method === RequestMethod.METHOD_UNSPECIFIED ? "GET" : RequestMethod[check.method],
    authority: check.host || clusterName,
    path: check.path,
    headers: [...removals, ...headerAdditions(check.requestHeadersToAdd, "request_headers_to_add", scope)],
    expected: expected.length > 0 ? expected : [{ start: 200, end: 201 }],
    retriable: ranges(check.retriableStatuses, "retriable_statuses", scope),
  };
}

function ranges(list: readonly Bounds[], field: string, scope: Scope): StatusRange[] {
  return list.map(({ start, end }, index) => {
    const isRange = start >= 100n && end <= 600n && start < end;
    if (!isRange) scope.item(field, index).fail("needs 100 <= start < end <= 600");
    return { start: Number(start), end: Number(end) };
  });
}

function tcpCheck({ send, receive }: TcpCheck, scope: Scope): ActiveHealthPlan["check"] {
  return {
    kind: "tcp",
    send: send ? bytesOf(send, scope.field("send")) : new Uint8Array(),
    receive: receive.map((one, index) => bytesOf(one, scope.item("receive", index))),
  };
}

function bytesOf({ payload }: Payload, scope: Scope): Uint8Array {
  if (payload.case === "binary") return payload.value;
  const text = payload.case === "text" ? payload.value : "";
  if (!/^(?:[0-9a-f]{2})*$/i.test(text))
    scope.field("text").fail("must be pairs of hexadecimal digits, such as 50494e47");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** null: it is checked as it is used. */
export function endpointCheck({ healthCheckConfig: check }: Endpoint): EndpointCheckPlan | null {
  if (!check) return null;
  return { isOff: check.disableActiveHealthCheck, port: check.portValue, hostname: check.hostname };
}

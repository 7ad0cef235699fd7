import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeBootstrap } from "../contract/decode";
import { formatViolation } from "../contract/violations";
import { planBootstrap } from "./plan-bootstrap";
import type { ForwardAction, HttpConnectionPlan, ProxyPlan } from "./types";

const MESH = readFileSync(new URL("./fixtures/mesh.yaml", import.meta.url), "utf8");

/** Plans the text; every problem as a line. */
function problemsOf(text: string): string[] {
  const decoded = decodeBootstrap(text);
  if (!decoded.ok) {
    return decoded.violations.map(formatViolation);
  }
  const planned = planBootstrap(decoded.value);
  return planned.ok ? [] : planned.violations.map(formatViolation);
}

function planOf(text: string): ProxyPlan {
  const decoded = decodeBootstrap(text);
  if (!decoded.ok) {
    throw new Error(decoded.violations.map(formatViolation).join("\n"));
  }
  const planned = planBootstrap(decoded.value);
  if (!planned.ok) {
    throw new Error(planned.violations.map(formatViolation).join("\n"));
  }
  return planned.result;
}

describe("a mesh sidecar's bootstrap", () => {
  const plan = planOf(MESH);

  test("becomes listeners with a chain for TLS and one for plain text", () => {
    const [inbound, outbound] = plan.listeners;
    expect(inbound).toMatchObject({ name: "inbound", tlsInspector: true, trafficDirection: "inbound" });
    expect(inbound?.filterChains.map(({ match }) => match?.transportProtocol)).toEqual(["tls", "raw_buffer"]);
    expect(inbound?.filterChains[0]?.tls).toMatchObject({
      identitySecret: "identity",
      validationSecret: "bundle",
      requireClientCertificate: true,
      minVersion: "TLSv1.3",
      alpn: ["http/1.1"],
    });
    expect(inbound?.filterChains[1]?.networkRbac).toHaveLength(1);
    expect(outbound?.filterChains[0]?.network).toMatchObject({ kind: "http", routeConfig: "inline:outbound:0" });
  });

  test("names its secrets and where they are", () => {
    expect(plan.secretNames).toEqual(["bundle", "identity"]);
    expect(plan.secretSources.get("identity")).toMatchObject({ kind: "certificate", chain: { kind: "inline" } });
  });

  test("keeps Envoy's defaults", () => {
    const http = plan.listeners[1]?.filterChains[0]?.network as HttpConnectionPlan;
    expect(http).toMatchObject({
      serverName: "envoy",
      connectionIdleTimeoutMs: 3_600_000,
      streamIdleTimeoutMs: 300_000,
      requestTimeoutMs: null,
      maxRequestHeadersKb: 60,
      maxHeadersCount: 100,
      generateRequestId: true,
    });
    expect(plan.clusters.get("payment-v2")).toMatchObject({
      connectTimeoutMs: 5000,
      circuitBreakers: { maxConnections: 1024, maxRetries: 3, retryBudget: null },
    });
  });

  test("merges header changes of all levels, the most specific first", () => {
    const split = plan.routeConfigs.get("inline:outbound:0")?.virtualHosts[0]?.routes.at(-1)?.action as ForwardAction;
    expect(split.totalWeight).toBe(100);
    expect(split.clusters[1]?.requestHeaders).toEqual([
      { op: "append", name: "x-canary", value: "1" },
      { op: "remove", name: "x-secret" },
      { op: "set", name: "x-level", value: "config" },
    ]);
    expect(split.clusters[0]?.requestHeaders).toHaveLength(2);
  });

  test("carries the cluster's limits, outliers, TLS and endpoints", () => {
    expect(plan.clusters.get("payment-v1")).toMatchObject({
      balancing: { lbPolicy: "least-request" },
      circuitBreakers: { maxConnections: 100, maxPendingRequests: 50, retryBudget: { percent: 25, minConcurrency: 5 } },
      outlierDetection: { intervalMs: 30_000, maxEjectionPercent: 50, successRate: { enforcing: 0 } },
      http: { maxRequestsPerConnection: 2, idleTimeoutMs: 60_000 },
      tls: { sni: "payment-service.production", validationSecret: "bundle" },
      endpoints: [
        { port: 9001, weight: 2, health: "healthy", metadata: { version: "v1" } },
        { port: 9002, weight: 1, health: "draining" },
      ],
      metadata: { service: "payment-service" },
    });
  });

  test("switches RBAC off for a route by its override", () => {
    const [healthz, rest] = plan.routeConfigs.get("inline:inbound:0")?.virtualHosts[0]?.routes ?? [];
    expect(healthz?.rbacOverrides?.get("envoy.filters.http.rbac")).toMatchObject({ rules: null });
    expect(rest?.rbacOverrides).toBeNull();
  });
});

describe("what this proxy does not support is refused by its path", () => {
  const HCM = "static_resources.listeners[1].filter_chains[0].filters[0].typed_config";
  const cases: [what: string, find: string, replace: string, problem: string][] = [
    [
      "a listener option",
      "  - name: outbound\n",
      "  - name: outbound\n    transparent: true\n",
      "static_resources.listeners[1].transparent: not supported",
    ],
    [
      "HTTP/3",
      "stat_prefix: outbound",
      "stat_prefix: outbound\n          codec_type: HTTP3",
      `${HCM}.codec_type: "HTTP3" is not supported`,
    ],
    [
      "100-continue by the app",
      "stat_prefix: outbound",
      "stat_prefix: outbound\n          proxy_100_continue: true",
      `${HCM}.proxy_100_continue: not supported`,
    ],
    [
      "an unknown filter",
      "envoy.extensions.filters.http.router.v3.Router}\n          route_config:\n            name: outbound",
      "envoy.extensions.filters.http.lua.v3.Lua}\n          route_config:\n            name: outbound",
      `${HCM}.http_filters[0].typed_config.@type: type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua is not supported`,
    ],
    [
      "a known message that is no filter",
      "http.router.v3.Router}\n          route_config:\n            name: outbound",
      "http.jwt_authn.v3.PerRouteConfig}\n          route_config:\n            name: outbound",
      `${HCM}.http_filters[0].typed_config.@type: envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig is not supported`,
    ],
    [
      "a mirror to nowhere",
      "timeout: 2s",
      "timeout: 2s\n                  request_mirror_policies: [{cluster: payment-v9}]",
      '.routes[3].route.request_mirror_policies[0].cluster: there is no cluster "payment-v9"; add it to the clusters or correct the name',
    ],
    [
      "ring hash",
      "lb_policy: LEAST_REQUEST",
      "lb_policy: CLUSTER_PROVIDED",
      'static_resources.clusters[1].lb_policy: "CLUSTER_PROVIDED" is not supported',
    ],
    [
      "HTTP/2 keep-alive pings",
      "stat_prefix: outbound\n",
      "stat_prefix: outbound\n          http2_protocol_options: {connection_keepalive: {interval: 1s, timeout: 1s}}\n",
      `${HCM}.http2_protocol_options.connection_keepalive: not supported`,
    ],
    [
      "an address to connect from",
      "connect_timeout: 1s",
      "connect_timeout: 1s\n    upstream_bind_config: {source_address: {address: 127.0.0.1, port_value: 0}}",
      "static_resources.clusters[1].upstream_bind_config: not supported",
    ],
    [
      "high priority",
      "thresholds: [{max_connections: 100,",
      "thresholds: [{priority: HIGH, max_connections: 100,",
      '.circuit_breakers.thresholds[0].priority: "HIGH" is not supported',
    ],
    [
      "a runtime layer",
      "static_resources:",
      "layered_runtime: {layers: [{name: a, admin_layer: {}}]}\nstatic_resources:",
      "layered_runtime: not supported",
    ],
    [
      "a list for the last certificate only",
      'trusted_ca: {inline_string: "CA"}',
      'trusted_ca: {inline_string: "CA"}, only_verify_leaf_cert_crl: true',
      "static_resources.secrets[1].validation_context.only_verify_leaf_cert_crl: not supported",
    ],
    [
      "a pin that is no hash",
      'trusted_ca: {inline_string: "CA"}',
      `trusted_ca: {inline_string: "CA"}, verify_certificate_hash: [${"g".repeat(64)}]`,
      "static_resources.secrets[1].validation_context.verify_certificate_hash[0]: is no SHA-256 in hexadecimal",
    ],
    [
      "a pinned key that is no hash",
      'trusted_ca: {inline_string: "CA"}',
      `trusted_ca: {inline_string: "CA"}, verify_certificate_spki: [${"-".repeat(44)}]`,
      "static_resources.secrets[1].validation_context.verify_certificate_spki[0]: is no SHA-256 in base64",
    ],
    [
      "a list of nobody",
      'trusted_ca: {inline_string: "CA"}',
      `crl: {inline_string: x}, verify_certificate_hash: [${"a".repeat(64)}]`,
      "static_resources.secrets[1].validation_context.crl: needs trusted_ca, whose list it is",
    ],
    [
      "a header operator",
      "value: config}",
      'value: "%DOWNSTREAM_REMOTE_ADDRESS%"}',
      ".request_headers_to_add[0].header.value: command operators are not supported",
    ],
    [
      "a log operator",
      '"%DURATION%"',
      '"%UPSTREAM_WIRE_BYTES_SENT%"',
      '.json_format.fields["duration"]: %UPSTREAM_WIRE_BYTES_SENT% is not supported',
    ],
  ];
  test.each(cases)("%s", (_what, find, replace, problem) => {
    expect(MESH).toContain(find);
    expect(problemsOf(MESH.replace(find, () => replace)).join("\n")).toContain(problem);
  });
});

describe("what Envoy refuses is refused", () => {
  const cases: [what: string, find: string, replace: string, problem: string][] = [
    [
      "an unknown field",
      "stat_prefix: outbound",
      "stat_prefixx: outbound",
      "typed_config.stat_prefixx: is not a field of",
    ],
    ["a missing stat_prefix", "stat_prefix: outbound", "server_name: x", "typed_config.stat_prefix: must not be empty"],
    ["a bare yes for text", "stat_prefix: outbound", "stat_prefix: yes", "stat_prefix: must be a string"],
    [
      "a duration in milliseconds",
      "connect_timeout: 1s",
      "connect_timeout: 250ms",
      'must be a duration in seconds such as "0.25s"',
    ],
    [
      "an unknown enum value",
      "type: STRICT_DNS",
      "type: STRICT",
      "static_resources.clusters[2].type: must be one of STATIC",
    ],
    [
      "an unknown cluster in a static route",
      "cluster: payment-v2,",
      "cluster: payment-v3,",
      'there is no cluster "payment-v3"',
    ],
    ["a bad regular expression", "/old/\\\\d+", "/old/(\\\\d+", "safe_regex.regex: is not a valid RE2 pattern"],
    ["a domain twice", '"payment.*"]', "payment-service]", "is a domain of the virtual host"],
    [
      "no router",
      'typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}\n          route_config:\n            name: outbound',
      'typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC}\n          route_config:\n            name: outbound',
      "http_filters: must end with the router filter",
    ],
    [
      "two of a oneof",
      "cluster: payment-v2, prefix_rewrite: /v2/",
      "cluster: payment-v2, cluster_header: x-y",
      "cannot be set together with cluster",
    ],
    [
      "a name in a STATIC cluster",
      "address: 127.0.0.1, port_value: 9001",
      "address: localhost, port_value: 9001",
      "is not an IP address; use one, or type: STRICT_DNS",
    ],
    ["a port out of range", "port_value: 9003", "port_value: 70000", "port_value: must be at most 65535"],
    [
      "a local cluster that is not there",
      "static_resources:",
      "cluster_manager: { local_cluster_name: nobody }\nstatic_resources:",
      'cluster_manager.local_cluster_name: there is no cluster "nobody" in static_resources.clusters',
    ],
    ["a missing secret", "- name: bundle\n", "- name: bundel\n", 'there is no secret "bundle"'],
  ];
  test.each(cases)("%s", (_what, find, replace, problem) => {
    expect(MESH).toContain(find);
    const problems = problemsOf(MESH.replace(find, () => replace));
    expect(problems.join("\n")).toContain(problem);
  });

  test("all problems come at once", () => {
    const text = MESH.replace("stat_prefix: outbound", "proxy_100_continue: true").replace(
      "lb_policy: LEAST_REQUEST",
      "lb_policy: CLUSTER_PROVIDED",
    );
    expect(problemsOf(text).length).toBeGreaterThanOrEqual(3);
  });
});

// Detectors, warm-up and limits of connections: what callers' clusters say of them, and what the proxy makes of that.
import { decodeBootstrap } from "@meshwright/proxy/contract";
import { planBootstrap } from "@meshwright/proxy/plan";
import { expect, test } from "vitest";
import { compileStaticBootstrap } from "./bootstrap";
import { compile } from "./compile";
import { encodeResources, resourcesToJson } from "./resources";
import { inputFor } from "./testing/inputs";
import { pooledMesh } from "./testing/rich";

const CHECKOUT = "production/checkout-v1/0";
const STOREFRONT = "production/storefront-v1/0";
const PAYMENT = "outbound|8080||payment-service.production";
const INVENTORY = "outbound|8080||inventory.production";
const CATALOG = "outbound|8080||catalog.production";

function clusterOf(proxyId: string, name: string): Record<string, unknown> {
  const result = compile(inputFor(pooledMesh()), proxyId);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  expect(encodeResources(result.resources)).toBeDefined();
  return resourcesToJson(result.resources).clusters[name] as unknown as Record<string, unknown>;
}

const httpOptions = (cluster: Record<string, unknown>) =>
  (cluster["typed_extension_protocol_options"] as Record<string, object>)[
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
  ];

test("every detector that is asked for acts, with its own numbers; those left out do not", () => {
  expect(clusterOf(CHECKOUT, PAYMENT)["outlier_detection"]).toEqual({
    enforcing_consecutive_5xx: 0,
    max_ejection_percent: 100,
    split_external_local_origin_errors: true,
    consecutive_local_origin_failure: 4,
    enforcing_success_rate: 100,
    success_rate_minimum_hosts: 3,
    success_rate_request_volume: 20,
    success_rate_stdev_factor: 1500,
    enforcing_failure_percentage: 100,
    enforcing_failure_percentage_local_origin: 100,
    failure_percentage_threshold: 60,
    failure_percentage_minimum_hosts: 2,
    failure_percentage_request_volume: 10,
  });
  expect(clusterOf(CHECKOUT, INVENTORY)["outlier_detection"]).toEqual({
    split_external_local_origin_errors: true,
    enforcing_consecutive_local_origin_failure: 0,
    enforcing_success_rate: 0,
    enforcing_local_origin_success_rate: 0,
  });
  expect(clusterOf(STOREFRONT, CATALOG)["outlier_detection"]).toEqual({
    enforcing_success_rate: 100,
    enforcing_failure_percentage: 100,
  });
});

test("answers that are errors are named at the options of HTTP, by one rule or by several", () => {
  const of = (status: string) => ({
    http_response_headers_match: { headers: [{ name: ":status", string_match: { exact: status } }] },
  });
  expect(httpOptions(clusterOf(CHECKOUT, PAYMENT))).toMatchObject({
    outlier_detection: { error_matcher: { or_match: { rules: [of("429"), of("503")] } } },
  });
  expect(httpOptions(clusterOf(CHECKOUT, INVENTORY))).toMatchObject({
    outlier_detection: { error_matcher: of("429") },
  });
  expect(httpOptions(clusterOf(STOREFRONT, CATALOG))).not.toHaveProperty("outlier_detection");
});

test("a warm-up is the slow start of the policy that is chosen", () => {
  expect(clusterOf(CHECKOUT, PAYMENT)).toMatchObject({
    round_robin_lb_config: {
      slow_start_config: {
        slow_start_window: "90s",
        min_weight_percent: { value: 5 },
        aggression: { default_value: 1.5 },
      },
    },
  });
  const inventory = clusterOf(CHECKOUT, INVENTORY);
  expect(inventory["lb_policy"]).toBe("LEAST_REQUEST");
  expect(inventory["least_request_lb_config"]).toEqual({ slow_start_config: { slow_start_window: "30s" } });
});

test("connections have an age, HTTP/2 has streams, and what is not upgraded offers HTTP/1.1 alone", () => {
  expect(httpOptions(clusterOf(CHECKOUT, PAYMENT))).toMatchObject({
    common_http_protocol_options: { max_connection_duration: "600s" },
    auto_config: { http2_protocol_options: { max_concurrent_streams: 50 } },
  });
  const inventory = clusterOf(CHECKOUT, INVENTORY);
  expect(httpOptions(inventory)).toMatchObject({ explicit_http_config: { http_protocol_options: {} } });
  expect(JSON.stringify(inventory["transport_socket"])).toContain('"alpn_protocols":["http/1.1"]');
  const catalog = clusterOf(STOREFRONT, CATALOG);
  expect(catalog["transport_socket"]).toBeUndefined();
  expect(httpOptions(catalog)).toMatchObject({ explicit_http_config: { http2_protocol_options: {} } });
});

test("an idle connection is probed where the policy says so, by Envoy as by our proxy", () => {
  expect(clusterOf(CHECKOUT, PAYMENT)["upstream_connection_options"]).toEqual({
    tcp_keepalive: { keepalive_time: 90, keepalive_interval: 1, keepalive_probes: 10 },
  });
  expect(clusterOf(CHECKOUT, INVENTORY)).not.toHaveProperty("upstream_connection_options");
});

test("the proxy plans all of it", () => {
  const made = compileStaticBootstrap(inputFor(pooledMesh()), CHECKOUT, {
    identityFiles: { certificateChain: "chain.pem", privateKey: "key.pem", bundle: "ca.pem" },
  });
  if (!made.ok) throw new Error(JSON.stringify(made.violations));
  const decoded = decodeBootstrap(JSON.stringify(made.bootstrap));
  if (!decoded.ok) throw new Error(JSON.stringify(decoded));
  const planned = planBootstrap(decoded.value);
  if (!planned.ok) throw new Error(JSON.stringify(planned));
  const [payment, inventory] = [PAYMENT, INVENTORY].map((name) => planned.result.clusters.get(name));
  expect(payment).toMatchObject({
    balancing: { lbPolicy: "round-robin", slowStart: { windowMs: 90_000, aggression: 1.5, minShare: 0.05 } },
    outlierDetection: {
      errorStatuses: new Set([429, 503]),
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailure: { count: 4, enforcing: 100 },
      successRate: { minimumHosts: 3, requestVolume: 20, stdevFactor: 1500, enforcing: 100 },
      failurePercentage: { threshold: 60, minimumHosts: 2, requestVolume: 10, enforcing: 100 },
    },
    http: { protocol: "auto", http2: { maxConcurrentStreams: 50 }, maxConnectionDurationMs: 600_000 },
    tcpKeepaliveMs: 90_000,
  });
  expect(inventory).toMatchObject({
    tcpKeepaliveMs: null,
    outlierDetection: { errorStatuses: new Set([429]) },
    http: { protocol: "http1" },
    balancing: { slowStart: { windowMs: 30_000 } },
  });
});

import { decodeBootstrap } from "@meshwright/proxy/contract";
import { planBootstrap } from "@meshwright/proxy/plan";
import { expect, test } from "vitest";
import { healthCheckAnswers as canAnswer, demoMesh, type HealthCheck, type MeshDocument } from "@/lib/mesh";
import { compileStaticBootstrap } from "./bootstrap";
import { compile } from "./compile";
import { healthCheck } from "./health-check";
import { encodeResources, resourcesToJson } from "./resources";
import { inputFor } from "./testing/inputs";
import { object, withObjects } from "./testing/rich";

const CHECKOUT = "production/checkout-v1/0";
const TO_PAYMENT = "outbound|8080||payment-service.production";

function clusterOf(document: MeshDocument): Record<string, unknown> {
  const result = compile(inputFor(document), CHECKOUT);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  expect(encodeResources(result.resources)).toBeDefined();
  return resourcesToJson(result.resources).clusters[TO_PAYMENT] as unknown as Record<string, unknown>;
}
const checked = (check: HealthCheck): MeshDocument => {
  const policy = demoMesh().objects.find(
    ({ kind, metadata }) => kind === "TrafficPolicy" && metadata.name === "payment-service",
  );
  const rest = { objects: demoMesh().objects.filter((each) => each !== policy) };
  return withObjects(rest, [
    object("TrafficPolicy", "payment-service", { service: { name: "payment-service" }, healthCheck: check }),
  ]);
};

test("callers ask over mutual TLS in HTTP/2, by the service's name, with the defaults that the model states", () => {
  expect(clusterOf(checked({ type: "http", path: "/healthz" }))).toMatchObject({
    health_checks: [
      {
        timeout: "3s",
        interval: "10s",
        interval_jitter_percent: 10,
        unhealthy_threshold: 3,
        healthy_threshold: 2,
        http_health_check: {
          host: "payment-service.production.svc.cluster.local",
          path: "/healthz",
          codec_client_type: "HTTP2",
        },
      },
    ],
    ignore_health_on_host_removal: true,
  });
});

test("a service without a check has a cluster without one", () => {
  const cluster = clusterOf(demoMesh());
  expect([cluster["health_checks"], cluster["ignore_health_on_host_removal"]]).toEqual([undefined, undefined]);
});

test("a port that cannot answer is not asked", () => {
  expect(clusterOf(checked({ type: "grpc" }))["health_checks"]).toBeUndefined();
  expect(clusterOf(checked({ type: "tcp" }))["health_checks"]).toHaveLength(1);
  expect(canAnswer("tcp", "http")).toBe(false);
  expect(canAnswer("grpc", "http")).toBe(false);
  expect(canAnswer("http2", "grpc")).toBe(true);
});

test("everything that a check can say is said", () => {
  const port = { protocol: "http2", isHttp2: false, host: "app" } as const;
  const http = healthCheck(
    {
      type: "http",
      path: "/up",
      method: "HEAD",
      host: "own",
      headers: { "x-share": "50%" },
      expectedStatuses: [204, 301],
      intervalMs: 1500,
      timeoutMs: 200,
      unhealthyThreshold: 5,
      healthyThreshold: 4,
      jitterPercent: 0,
      initialJitterMs: 100,
      unhealthyIntervalMs: 700,
      noTrafficIntervalMs: 900,
      reuseConnection: false,
    },
    port,
  );
  expect(http).toEqual({
    timeout: "0.2s",
    interval: "1.5s",
    initial_jitter: "0.1s",
    interval_jitter_percent: 0,
    unhealthy_threshold: 5,
    healthy_threshold: 4,
    unhealthy_interval: "0.7s",
    no_traffic_interval: "0.9s",
    reuse_connection: false,
    http_health_check: {
      host: "own",
      path: "/up",
      method: "HEAD",
      request_headers_to_add: [
        { header: { key: "x-share", value: "50%%" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
      ],
      expected_statuses: [
        { start: 204, end: 205 },
        { start: 301, end: 302 },
      ],
    },
  });
  expect(healthCheck({ type: "grpc", serviceName: "shop.Cart" }, port)).toMatchObject({
    grpc_health_check: { service_name: "shop.Cart", authority: "app" },
  });
  expect(healthCheck({ type: "tcp", send: "50494e47", receive: ["2b504f4e47"] }, port)).toMatchObject({
    tcp_health_check: { send: { text: "50494e47" }, receive: [{ text: "2b504f4e47" }] },
  });
});

test("the proxy plans what is compiled, and does not check what it is not told to", () => {
  const policies = [
    object("TrafficPolicy", "inventory", { service: { name: "inventory" }, healthCheck: { type: "tcp" } }),
  ];
  const input = inputFor(withObjects(demoMesh(), policies));
  const result = compileStaticBootstrap(input, CHECKOUT, {
    identityFiles: { certificateChain: "c.pem", privateKey: "k.pem", bundle: "b.pem" },
  });
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const decoded = decodeBootstrap(JSON.stringify(result.bootstrap));
  const planned = decoded.ok ? planBootstrap(decoded.value) : decoded;
  if (!planned.ok) throw new Error(JSON.stringify(planned));
  const { clusters } = planned.result;
  expect(clusters.get("outbound|8080||inventory.production")?.activeHealth).toMatchObject({
    check: { kind: "tcp" },
    intervalMs: 10_000,
  });
  expect(clusters.get(TO_PAYMENT)?.activeHealth).toBeNull();
});

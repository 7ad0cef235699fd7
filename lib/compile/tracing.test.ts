// What a mesh that traces asks of its proxies, and that one which does not asks nothing.
import { TYPE_URLS } from "@meshwright/proxy/contract";
import { plan } from "@meshwright/proxy/plan";
import { expect, test } from "vitest";
import { demoMesh, type MeshDocument, type Tracing } from "@/lib/mesh";
import { compile, compileToBytes } from "./compile";
import { encodeResources, resourceDigest, resourcesToJson } from "./resources";
import { inputFor } from "./testing/inputs";
import { TRACED_BY_ADDRESS, TRACED_BY_NAME, tracedMesh } from "./testing/rich";

const CHECKOUT = "production/checkout-v1/0";
const GATEWAY = "production/shop-gateway/0";
function resourcesOf(document: MeshDocument, proxyId: string) {
  const result = compile(inputFor(document), proxyId);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.resources;
}

/** Of every HTTP connection manager, by listener. */
function tracings(document: MeshDocument, proxyId: string): [string, unknown][] {
  const { secrets: _names, ...resources } = resourcesOf(document, proxyId);
  const planned = plan(resources, { externalSecrets: ["identity", "bundle"] });
  if (!planned.ok) throw new Error(JSON.stringify(planned.violations));
  return planned.plan.listeners.flatMap(({ name, filterChains }) =>
    filterChains.flatMap(({ network }): [string, unknown][] =>
      network.kind === "http" ? [[name, network.tracing]] : [],
    ),
  );
}

test("every connection manager of a proxy traces for its service", () => {
  const found = tracings(tracedMesh(TRACED_BY_NAME), CHECKOUT);
  expect(found.map(([name]) => name)).toEqual(["inbound", "outbound"]);
  for (const [, tracing] of found)
    expect(tracing).toMatchObject({
      randomSampling: { numerator: 1250, denominator: 10_000 },
      customTags: [
        { tag: "mesh", from: { kind: "literal", value: "shop" } },
        { tag: "tenant", from: { kind: "header", name: "x-tenant", fallback: "none" } },
        { tag: "zone", from: { kind: "environment", name: "ZONE", fallback: "" } },
      ],
      provider: {
        serviceName: "checkout.production",
        collector: { kind: "grpc", grpc: { cluster: "otlp-collector", timeoutMs: 10_000 } },
      },
    });
  const [[, gateway] = []] = tracings(tracedMesh(TRACED_BY_NAME), GATEWAY);
  expect(gateway).toMatchObject({ provider: { serviceName: "shop-gateway.production" } });
});

test("the collector is a cluster of each proxy: its name, or its address", () => {
  const cluster = (tracing: Tracing) =>
    resourcesToJson(resourcesOf(tracedMesh(tracing), CHECKOUT)).clusters["otlp-collector"];
  expect(cluster(TRACED_BY_NAME)).toMatchObject({ type: "STRICT_DNS" });
  expect(JSON.stringify(cluster(TRACED_BY_NAME))).toContain(
    "http2ProtocolOptions".replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
  );
  expect(JSON.stringify(cluster(TRACED_BY_ADDRESS))).toMatch(/"10\.0\.0\.9".*4318/);
  const [[, tracing] = []] = tracings(tracedMesh(TRACED_BY_ADDRESS), CHECKOUT);
  expect(tracing).toMatchObject({
    provider: { collector: { kind: "http", authority: "10.0.0.9:4318", path: "/v1/traces" } },
  });
});

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const PUBLIC = { filename: "/etc/ssl/certs/ca-certificates.crt" };

test.each([
  ["its name, by a public authority", TRACED_BY_NAME, {}, "DNS", "otel.observability.svc", PUBLIC, "h2"],
  [
    "another name, by a file",
    TRACED_BY_NAME,
    { serverName: "otel.test", ca: { type: "file", path: "/etc/otel/ca.pem" } },
    "DNS",
    "otel.test",
    { filename: "/etc/otel/ca.pem" },
    "h2",
  ],
  [
    "its address, by what is written",
    TRACED_BY_ADDRESS,
    { ca: { type: "inline", pem: PEM } },
    "IP_ADDRESS",
    "10.0.0.9",
    { inline_string: PEM },
    "http/1.1",
  ],
] as const)("TLS to the collector verifies %s", (_what, traced, tls, san_type, exact, trusted_ca, alpn) => {
  const mesh = tracedMesh({ ...traced, collector: { ...traced.collector, tls } });
  const { transport_socket } = resourcesToJson(resourcesOf(mesh, CHECKOUT)).clusters["otlp-collector"] as {
    transport_socket: { typed_config: object };
  };
  const names = { match_typed_subject_alt_names: [{ san_type, matcher: { exact } }] };
  const isName = san_type === "DNS";
  const { sni, common_tls_context } = transport_socket.typed_config as { sni?: string; common_tls_context: object };
  expect([sni, common_tls_context]).toEqual([
    isName ? exact : undefined,
    { alpn_protocols: [alpn], validation_context: { trusted_ca, ...names } },
  ]);
  expect(tracings(mesh, CHECKOUT)).toHaveLength(2); // the proxy takes it
});

test("the mesh's log goes to its collector by TLS too", () => {
  const document = demoMesh();
  const to = { type: "collector" as const, ...TRACED_BY_NAME.collector, tls: {} };
  for (const each of document.objects) if (each.kind === "Mesh") each.spec.accessLog = { to };
  const cluster = resourcesToJson(resourcesOf(document, CHECKOUT)).clusters["otlp-log-collector"];
  expect(cluster).toMatchObject({ transport_socket: { typed_config: { sni: "otel.observability.svc" } } });
});

test("a mesh that does not speak of it has neither", () => {
  expect(tracings(demoMesh(), CHECKOUT).map(([, tracing]) => tracing)).toEqual([null, null]);
  expect(Object.keys(resourcesToJson(resourcesOf(demoMesh(), CHECKOUT)).clusters)).not.toContain("otlp-collector");
});

test("what is sent is the same as what is told, and another share makes another configuration", () => {
  const sent = compileToBytes(inputFor(tracedMesh(TRACED_BY_NAME)), CHECKOUT);
  if (!sent.ok) throw new Error(JSON.stringify(sent.violations));
  const told = encodeResources(resourcesOf(tracedMesh(TRACED_BY_NAME), CHECKOUT));
  for (const kind of ["listener", "cluster"] as const) {
    const bytes = told.filter(({ typeUrl }) => typeUrl === TYPE_URLS[kind]).map(({ name, bytes: of }) => [name, of]);
    expect([...sent.resources[`${kind}s`]]).toEqual(bytes);
  }
  const other = encodeResources(resourcesOf(tracedMesh({ ...TRACED_BY_NAME, samplingPercent: 12.51 }), CHECKOUT));
  expect(resourceDigest(other)).not.toBe(resourceDigest(told));
});

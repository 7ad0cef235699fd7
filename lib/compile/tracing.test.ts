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

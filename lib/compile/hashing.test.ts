import { plan } from "@meshwright/proxy/plan";
import { expect, test } from "vitest";
import { demoMesh, type HashKey, type LoadBalancing, type MeshDocument, type MeshObject } from "@/lib/mesh";
import { compile, compileToBytes } from "./compile";
import { resourcesToJson } from "./resources";
import { Reads } from "./run";
import { edgeMesh, edgeRoute } from "./testing/edge";
import { inputFor } from "./testing/inputs";
import { ledgerMesh, ledgerRoute } from "./testing/ledger";
import { object, withObjects } from "./testing/rich";
import { takeOver } from "./touched";

type Json = { [field: string]: Json } & Json[] & string;
const CHECKOUT = "production/checkout-v1/0";
const PREVIOUS_HOSTS = "envoy.retry_host_predicates.previous_hosts";
const USER = { type: "header", name: "x-user" } as const;
const SID: HashKey = { type: "cookie", name: "sid", ttlSeconds: 3600, path: "/", attributes: [{ name: "Secure" }] };
const SOURCE = { type: "sourceIp" } as const;
const RING: LoadBalancing = { policy: "ring-hash", hash: [USER] };

function compiled(document: MeshDocument, proxyId: string) {
  const result = compile(inputFor(document), proxyId);
  if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
  const { secrets: _names, ...resources } = result.resources;
  const planned = plan(resources, { externalSecrets: ["identity", "bundle"] });
  if (!planned.ok) throw new Error(JSON.stringify(planned.violations));
  const { listeners, routes, clusters } = resourcesToJson(result.resources) as unknown as Record<string, Json>;
  return { listeners: listeners!, routes: routes!, clusters: clusters! };
}

const policyFor = (name: string, loadBalancing: LoadBalancing, subset?: string): MeshObject =>
  object("TrafficPolicy", subset ? `${name}-${subset}` : `${name}-hash`, {
    service: { name },
    ...(subset ? { subset } : {}),
    loadBalancing,
  });

function routesTo(document: MeshDocument, host: string, proxyId = CHECKOUT, config = "outbound"): Json[] {
  const { routes } = compiled(document, proxyId);
  const found = routes[config]?.["virtual_hosts"]?.find((each) => each["name"] === host);
  return (found?.["routes"] ?? []).map((route) => route["route"] as Json);
}
const PAYMENT = "payment-service.production:8080";

test("the cluster has the table, and each route that leads to it the keys, in their order", () => {
  const hash = [{ ...USER, terminal: true }, SID, { type: "query", name: "user" } as const, SOURCE];
  const design = withObjects(demoMesh(), [
    policyFor("payment-service", { ...RING, hash, ringHash: { minimumRingSize: 2048 } }),
  ]);
  const { clusters } = compiled(design, CHECKOUT);
  expect(clusters["outbound|8080||payment-service.production"]).toMatchObject({
    lb_policy: "RING_HASH",
    ring_hash_lb_config: { minimum_ring_size: "2048" },
  });
  expect(routesTo(design, PAYMENT).map((route) => route["hash_policy"])).toEqual([
    [
      { header: { header_name: "x-user" }, terminal: true },
      { cookie: { name: "sid", ttl: "3600s", path: "/", attributes: [{ name: "Secure" }] } },
      { query_parameter: { name: "user" } },
      { connection_properties: { source_ip: true } },
    ],
  ]);
});

test("Maglev's table has its size, and a service without a route has keys too", () => {
  const rest = demoMesh().objects.filter(
    ({ kind, metadata }) => kind !== "Route" || metadata.name !== "payment-service",
  );
  const maglev: LoadBalancing = { policy: "maglev", hash: [USER], maglev: { tableSize: 131 } };
  const design = withObjects({ objects: rest }, [policyFor("payment-service", maglev)]);
  expect(compiled(design, CHECKOUT).clusters["outbound|8080||payment-service.production"]).toMatchObject({
    lb_policy: "MAGLEV",
    maglev_lb_config: { table_size: "131" },
  });
  expect(routesTo(design, PAYMENT)).toMatchObject([{ hash_policy: [{ header: { header_name: "x-user" } }] }]);
});

test("a retry stays at the host of its key; other services' retries still avoid hosts that were tried", () => {
  const [hashed] = routesTo(withObjects(demoMesh(), [policyFor("payment-service", RING)]), PAYMENT);
  const [plain] = routesTo(demoMesh(), PAYMENT);
  expect(JSON.stringify(plain)).toContain(PREVIOUS_HOSTS);
  expect(JSON.stringify(hashed)).not.toContain(PREVIOUS_HOSTS);
  expect(hashed?.["retry_policy"]).toMatchObject({ num_retries: 2 });
  expect(plain?.["hash_policy"]).toBeUndefined();
});

test("a split between versions has the keys of both, each once; a version's own policy replaces the service's", () => {
  const destinations = [
    { service: { name: "payment-service" }, subset: "v1", weight: 90 },
    { service: { name: "payment-service" }, subset: "v2", weight: 10 },
  ];
  const split = {
    ...{ target: { kind: "Service" as const, name: "payment-service" } },
    rules: [{ matches: [], action: { type: "forward" as const, destinations } }],
  };
  const rest = demoMesh().objects.filter(
    ({ kind, metadata }) => kind !== "Route" || metadata.name !== "payment-service",
  );
  const versions = ["v1", "v2"].map((name) =>
    object("Subset", `payment-service-${name}`, {
      service: { name: "payment-service" },
      name,
      labels: { version: name },
    }),
  );
  const keysOf = (...policies: MeshObject[]) => {
    const design = withObjects({ objects: rest }, [
      ...versions,
      object("Route", "payment-service", split),
      ...policies,
    ]);
    return routesTo(design, PAYMENT).map((route) => route["hash_policy"]);
  };
  const user = { header: { header_name: "x-user" } };
  expect(keysOf(policyFor("payment-service", RING))).toEqual([[user]]);
  const own = policyFor("payment-service", { policy: "maglev", hash: [SOURCE, USER] }, "v2");
  expect(keysOf(policyFor("payment-service", RING), own)).toEqual([
    [user, { connection_properties: { source_ip: true } }],
  ]);
  const random = policyFor("payment-service", { policy: "random" }, "v1");
  expect(
    keysOf(policyFor("payment-service", RING), random, policyFor("payment-service", { policy: "random" }, "v2")),
  ).toEqual([undefined]);
});

test("of a TCP port the caller's address alone is a key, at sidecars and at gateways", () => {
  const hash = [USER, { ...SOURCE, terminal: true }];
  const policy = policyFor("ledger", { policy: "maglev", hash });
  const storefront = "production/storefront-v1/0";
  const hashesOf = (document: MeshDocument) =>
    routesTo(document, "ledger.production:5432", storefront).map((route) => route["hash_policy"]);
  expect(hashesOf(withObjects(ledgerMesh(), [policy]))).toEqual([[{ connection_properties: { source_ip: true } }]]);
  expect(hashesOf(withObjects(ledgerMesh(ledgerRoute()), [policy]))[0]).toEqual([
    { connection_properties: { source_ip: true } },
  ]);
  expect(hashesOf(withObjects(ledgerMesh(), [policyFor("ledger", RING)]))).toEqual([undefined]);
  const proxies = (loadBalancing: LoadBalancing) => {
    const design = withObjects(edgeMesh(edgeRoute()), [policyFor("ledger", loadBalancing)]);
    const { listeners } = compiled(design, "production/edge/0");
    return JSON.stringify(listeners).split('"hash_policy":[{"source_ip":{}}]').length - 1;
  };
  expect(proxies({ policy: "maglev", hash })).toBeGreaterThan(0);
  expect(proxies(RING)).toBe(0);
});

test("a gateway's routes have the keys of the services behind it", () => {
  const design = withObjects(demoMesh(), [policyFor("storefront", RING), policyFor("catalog", RING)]);
  const { routes } = compiled(design, "production/shop-gateway/0");
  expect(JSON.stringify(routes)).toContain('"hash_policy":[{"header":{"header_name":"x-user"}}]');
});

test("a change of the keys reaches every proxy that has a route to the service, and no other", () => {
  const design = demoMesh();
  const before = inputFor(design);
  const after = inputFor(withObjects(design, [policyFor("payment-service", RING)]));
  const [checkout, catalog] = [CHECKOUT, "production/catalog-v1/0"].map((proxyId) => {
    const noted = new Reads(proxyId);
    compileToBytes(before, proxyId, noted);
    return noted;
  });
  const isAnsweredAlike = takeOver(before, after);
  expect([checkout, catalog].map((reads) => isAnsweredAlike(reads!, before))).toEqual([false, true]);
});

test("peak EWMA is the cluster's own policy, which the proxy takes with its defaults", () => {
  const design = withObjects(demoMesh(), [policyFor("payment-service", { policy: "peak-ewma" })]);
  const result = compile(inputFor(design), CHECKOUT);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const { secrets: _names, ...resources } = result.resources;
  const planned = plan(resources, { externalSecrets: ["identity", "bundle"] });
  if (!planned.ok) throw new Error(JSON.stringify(planned.violations));
  const balancing = planned.plan.clusters.get("outbound|8080||payment-service.production")?.balancing;
  expect(balancing).toMatchObject({ lbPolicy: "peak-ewma", peakEwma: { decayMs: 10_000, defaultRttMs: 10 } });
});

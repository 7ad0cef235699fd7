import { expect, test } from "vitest";
import { API_VERSION, demoMesh, type MeshDocument, type MeshObject } from "@/lib/mesh";
import { bindingForDocument, EMPTY_BINDING } from "./binding";
import { desiredProxies, planProxies } from "./proxies";

const demoApps = ["storefront", "catalog", "cart", "checkout", "inventory", "payment-service", "shipping"];
const document = demoMesh();
const binding = bindingForDocument(document, EMPTY_BINDING, { demoApps });

test("each replica of the demo is an instance with its demo app, and each gateway is bound", () => {
  expect(binding.instances.map((instance) => instance.id)).toEqual([
    "production/cart-v1/0",
    "production/catalog-v1/0",
    "production/catalog-v1/1",
    "production/checkout-v1/0",
    "production/inventory-v1/0",
    "production/payment-service-v1/0",
    "production/payment-service-v1/1",
    "production/payment-service-v2/0",
    "production/shipping-v1/0",
    "production/storefront-v1/0",
  ]);
  expect(binding.instances[0]?.app).toEqual({ kind: "demo", name: "cart" });
  expect(binding.gateways).toEqual([{ namespace: "production", name: "shop-gateway" }]);
});

test("binding again changes nothing, and more replicas take the app of their siblings", () => {
  expect(bindingForDocument(document, binding)).toEqual(binding);
  const grown = structuredClone(document);
  for (const object of grown.objects) {
    if (object.kind === "Workload" && object.metadata.name === "cart-v1") object.spec.replicas = 3;
  }
  const carts = bindingForDocument(grown, binding).instances.filter((i) => i.workload.name === "cart-v1");
  expect(carts.map((i) => i.id)).toEqual([0, 1, 2].map((n) => `production/cart-v1/${n}`));
  expect(carts[2]?.app).toEqual({ kind: "demo", name: "cart" });
});

test("a workload that nothing is known of gets no app", () => {
  expect(bindingForDocument(document).instances.every((instance) => instance.app.kind === "none")).toBe(true);
});

test("a first deployment creates every proxy, one per workload in the first wave", () => {
  const plan = planProxies({ current: [], document, binding });
  expect(plan.create).toHaveLength(11);
  expect(plan.retire).toEqual([]);
  expect(plan.waves[1]).toEqual(["production/catalog-v1/1", "production/payment-service-v1/1"]);
  expect(plan.waves[0]).toHaveLength(9);
});

test("a gateway runs under its own identity and has no service", () => {
  const gateway = desiredProxies(document, binding).find((seed) => seed.workload === "shop-gateway");
  expect(gateway).toMatchObject({
    proxyKey: "production/shop-gateway/0",
    service: null,
    spiffeId: "spiffe://shop.mesh.local/ns/production/sa/shop-gateway",
  });
});

test("dropped workloads retire their proxies, unchanged ones are kept", () => {
  const current = desiredProxies(document, binding);
  const smaller = { objects: document.objects.filter((object) => object.metadata.name !== "payment-service-v2") };
  const plan = planProxies({ current, document: smaller, binding: bindingForDocument(smaller, binding) });
  expect(plan.retire).toEqual(["production/payment-service-v2/0"]);
  expect(plan.create).toEqual([]);
  expect(plan.keep).toHaveLength(10);
});

test("a changed identity is another proxy", () => {
  const changed = structuredClone(document);
  for (const object of changed.objects) {
    if (object.kind === "Workload" && object.metadata.name === "cart-v1") object.spec.serviceAccount = "basket";
  }
  const plan = planProxies({ current: desiredProxies(document, binding), document: changed, binding });
  expect(plan.retire).toEqual(["production/cart-v1/0"]);
  expect(plan.create.map((seed) => seed.spiffeId)).toEqual(["spiffe://shop.mesh.local/ns/production/sa/basket"]);
});

test("a service that opted out has no sidecar", () => {
  const changed = structuredClone(document);
  for (const object of changed.objects) {
    if (object.kind === "Service" && object.metadata.name === "cart") {
      object.spec.optOut = { reason: "legacy", owner: "orders" };
    }
  }
  expect(desiredProxies(changed, binding).some((seed) => seed.service === "cart")).toBe(false);
});

test("a workload that only calls has a sidecar with an identity, beside no app and for no service", () => {
  const metadata = { name: "nightly", namespace: "production" };
  const job: MeshObject = { apiVersion: API_VERSION, kind: "Workload", metadata, spec: { version: "v3" } };
  const grown: MeshDocument = { objects: [...document.objects, job] };
  const seeds = desiredProxies(grown, bindingForDocument(grown, binding, { demoApps }));
  expect(seeds.filter(({ workload }) => workload === "nightly")).toEqual([
    expect.objectContaining({
      proxyKey: "production/nightly/0",
      service: null,
      serviceAccount: "nightly",
      spiffeId: expect.stringMatching(/\/ns\/production\/sa\/nightly$/),
      workloadVersion: "v3",
      app: { kind: "none" },
    }),
  ]);
  expect(seeds).toHaveLength(desiredProxies(document, binding).length + 1);
});

import { expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { localPlaces } from ".";

test("every instance of a design gets an app at a port of its own", () => {
  const { binding, endpoints } = localPlaces(demoMesh(), 21_000);
  expect(endpoints).toHaveLength(11);
  expect(endpoints[0]).toMatchObject({ proxyId: "production/cart-v1/0", inboundPort: 21_000, appPort: 21_003 });
  expect(binding.instances.map(({ app }) => app.kind)).toEqual(Array(10).fill("echo"));
  expect(localPlaces(demoMesh(), 21_000)).toEqual({ binding, endpoints });
});

test("an instance of a service without sidecars is called at its app's own address", () => {
  const document = demoMesh();
  for (const object of document.objects)
    if (object.kind === "Service" && object.metadata.name === "cart")
      object.spec.optOut = { reason: "not yet", owner: "orders" };
  const { binding, endpoints } = localPlaces(document, 21_000);
  expect(endpoints.map(({ proxyId }) => proxyId)).not.toContain("production/cart-v1/0");
  expect(binding.instances.find(({ id }) => id === "production/cart-v1/0")?.app).toEqual({
    kind: "address",
    host: "127.0.0.1",
    port: 21_040,
  });
});

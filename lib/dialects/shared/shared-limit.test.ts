import { expect, test } from "vitest";
import { API_VERSION, demoMesh, type MeshObject } from "@/lib/mesh";
import { EXPORT_IDS, exportDocument, lossesOf } from "..";

const limit = (spec: object) =>
  ({
    apiVersion: API_VERSION,
    kind: "RateLimit",
    metadata: { name: "cart", namespace: "production" },
    spec: { service: { name: "cart" }, limits: [{ requests: 5, perMs: 1000 }], ...spec },
  }) as MeshObject;
const withLimit = (spec: object) => ({ objects: [...demoMesh().objects, limit(spec)] });
const lossOf = (id: (typeof EXPORT_IDS)[number], spec: object) =>
  lossesOf(exportDocument(id, withLimit(spec)).report).filter(({ key }) => key === "RateLimit/production/cart");

test.each(EXPORT_IDS)("%s tells that a budget of all instances is lost, and writes none of each instance", (id) => {
  const { report, ...out } = exportDocument(id, withLimit({ scope: "global" }));
  expect(lossesOf(report)).toContainEqual(
    expect.objectContaining({ key: "RateLimit/production/cart", changesMeaning: true }),
  );
  expect(JSON.stringify(out)).not.toMatch(/MeshRateLimit|HTTPLocalRateLimitPolicy|rateLimits|local_ratelimit/);
  expect(lossOf(id, { scope: "global", shadow: true }).some(({ changesMeaning }) => changesMeaning)).toBe(false);
});

test.each(EXPORT_IDS.filter((id) => id !== "kuma" && id !== "envoy"))(
  "%s tells that a limit of new connections is lost",
  (id) => {
    const rate = { limits: undefined, connectionRate: { connections: 5, perMs: 1000 } };
    expect(lossOf(id, rate)).toContainEqual(expect.objectContaining({ changesMeaning: true }));
  },
);

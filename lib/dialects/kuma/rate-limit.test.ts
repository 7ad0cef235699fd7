// MeshRateLimit: requests and new connections in and out again, and what cannot be said whole is kept whole.
import { expect, test } from "vitest";
import { validateDocument } from "@/lib/mesh";
import { exportDocument } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { specOf } from "../testing/imported";
import { policy, read, service } from "./testing/resources";

const tcp = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "ledger", namespace: "shop" },
  spec: { selector: { app: "ledger" }, ports: [{ name: "main", port: 5432, appProtocol: "tcp" }] },
};
const GROUND = [tcp, service("cart", "shop")];
const limit = (name: string, local: object, more: object = {}) =>
  policy(
    "MeshRateLimit",
    name,
    { targetRef: { kind: "Dataplane", labels: { app: name } }, rules: [{ default: { local }, ...more }] },
    "shop",
  );
const rate = (num: number) => ({ num, interval: "10s" });
const CONNECTIONS = { tcp: { connectionRate: rate(20) } };
const warned = (warnings: readonly { source: string; message: string }[]) =>
  warnings.filter(({ source }) => source.startsWith("MeshRateLimit")).map(({ message }) => message);

test.each(["2.x", "3.x"] as const)("new connections to TCP are the same here and in Kuma %s", (channel) => {
  const { document, warnings } = read([...GROUND, limit("ledger", CONNECTIONS)]);
  expect(warned(warnings)).toEqual([]);
  expect(validateDocument(document)).toEqual([]);
  const spec = { service: { name: "ledger" }, connectionRate: { connections: 20, perMs: 10_000 } };
  expect(specOf(document, "RateLimit/shop/ledger")).toEqual(spec);
  const { resources, report } = exportDocument("kuma", document, { channel });
  expect(schemaErrors(resources, `kuma-${channel}`)).toEqual([]);
  const [written] = resources.filter(({ kind }) => kind === "MeshRateLimit");
  expect(written?.spec).toMatchObject({ rules: [{ default: { local: CONNECTIONS } }] });
  const told = report.filter(({ key }) => key === "RateLimit/shop/ledger");
  expect(told.map(({ path, verdict }) => [path, verdict])).toEqual([["spec.connectionRate", "exact"]]);
  expect(specOf(read([...GROUND, ...resources]).document, "RateLimit/shop/ledger")).toEqual(spec);
});

test("of HTTP requests and connections come in together, and go out so; that sidecars need few connections is told", () => {
  const both = { http: { requestRate: rate(100) }, ...CONNECTIONS };
  const { document, warnings } = read([...GROUND, limit("cart", both)]);
  expect(warned(warnings)).toEqual([
    "limits new connections to cart; sidecars here send all HTTP requests of a caller over few of them, so it is reached later",
  ]);
  expect(specOf(document, "RateLimit/shop/cart")).toEqual({
    service: { name: "cart" },
    limits: [{ requests: 100, perMs: 10_000 }],
    connectionRate: { connections: 20, perMs: 10_000 },
  });
  const { resources, report } = exportDocument("kuma", document, { channel: "3.x" });
  const [written] = resources.filter(({ kind }) => kind === "MeshRateLimit");
  expect(written?.spec).toMatchObject({ rules: [{ default: { local: both } }] });
  const told = report.filter(({ key, path }) => key === "RateLimit/shop/cart" && path === "spec.connectionRate");
  expect(told).toMatchObject([{ verdict: "approximate", changesMeaning: true }]);
});

test("one that is switched off limits nothing of its kind", () => {
  const { document } = read([...GROUND, limit("ledger", { http: { disabled: true }, ...CONNECTIONS })]);
  expect(specOf(document, "RateLimit/shop/ledger")).toMatchObject({ connectionRate: { connections: 20 } });
});

test.each([
  [
    "for some callers",
    CONNECTIONS,
    { matches: [{ spiffeID: { type: "Exact", value: "spiffe://default/ns/a/sa/b" } }] },
  ],
  ["without a number", { ...CONNECTIONS, http: {} }, {}],
  ["with an answer of its own", { http: { requestRate: rate(1), onRateLimit: { status: 503 } }, ...CONNECTIONS }, {}],
])("one %s is kept whole, and told", (_what, local, more) => {
  const { document, warnings } = read([...GROUND, limit("ledger", local, more)]);
  expect(specOf(document, "RateLimit/shop/ledger")).toBeUndefined();
  expect(warned(warnings)).toHaveLength(1);
});

test("a burst is told as lost, and connections go out beside a budget that all instances share", () => {
  const { document } = read(GROUND);
  const object = {
    apiVersion: "mesh.meshwright.dev/v1",
    kind: "RateLimit" as const,
    metadata: { name: "ledger", namespace: "shop" },
    spec: {
      service: { name: "ledger" },
      scope: "global" as const,
      limits: [{ requests: 1, perMs: 1000 }],
      connectionRate: { connections: 20, perMs: 10_000, burst: 40 },
    },
  };
  const objects = [...document.objects, { ...object, apiVersion: document.objects[0]?.apiVersion }];
  const { resources, report } = exportDocument("kuma", { objects } as typeof document, { channel: "3.x" });
  const [written] = resources.filter(({ kind }) => kind === "MeshRateLimit");
  expect(written?.spec).toMatchObject({ rules: [{ default: { local: CONNECTIONS } }] });
  const told = report.filter(({ key }) => key === "RateLimit/shop/ledger");
  expect(told.map(({ path, verdict }) => [path, verdict])).toEqual(
    expect.arrayContaining([
      ["spec.limits", "lost"],
      ["spec.connectionRate", "exact"],
      ["spec.connectionRate.burst", "approximate"],
    ]),
  );
});

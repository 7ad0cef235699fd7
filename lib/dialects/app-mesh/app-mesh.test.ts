import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { emptyMesh, validateDocument } from "@/lib/mesh";
import { ask, buildScene, type Question } from "@/lib/simulate";
import { exportDocument, importDocuments } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported as importedFrom, specOf } from "../testing/imported";

const shop = readFileSync(new URL("fixtures/shop.json", import.meta.url), "utf8");

const imported = (text: string) => importedFrom("auto", [{ text, file: "shop.json" }]);

test("resources of the controller are not read, and what to give in their place is told", () => {
  const text =
    "apiVersion: appmesh.k8s.aws/v1beta2\nkind: VirtualNode\nmetadata: {name: web, namespace: shop}\nspec: {}\n";
  const { warnings } = importDocuments("app-mesh", [{ text }], { document: emptyMesh("shop") });
  expect(warnings).toMatchObject([{ verdict: "lost", fix: expect.stringContaining("aws appmesh describe-") }]);
});

test("services, nodes and backends are a design that holds together", () => {
  const { document } = imported(shop);
  expect(validateDocument(document)).toEqual([]);
  expect(specOf(document, "Service/default/payments")).toEqual({
    ports: [{ name: "http", port: 8080, protocol: "http" }],
  });
  expect(specOf(document, "Workload/default/payments-v1")).toEqual({ service: "payments", version: "v1" });
  expect(specOf(document, "Subset/default/payments-v2")).toEqual({
    service: { name: "payments" },
    name: "v2",
    labels: { version: "v2" },
  });
  expect(specOf(document, "Dependency/default/orders-to-payments")).toMatchObject({
    to: { kind: "Service", name: "payments" },
  });
  expect(specOf(document, "TrafficPolicy/default/payments-v1")).toEqual({
    service: { name: "payments" },
    subset: "v1",
    connectionPool: { maxConnections: 100, maxPendingRequests: 50 },
    outlierDetection: {
      consecutive5xxErrors: 5,
      intervalMs: 10_000,
      baseEjectionTimeMs: 30_000,
      maxEjectionPercent: 50,
    },
    healthCheck: {
      type: "http",
      path: "/ping",
      intervalMs: 5000,
      timeoutMs: 2000,
      unhealthyThreshold: 2,
      healthyThreshold: 3,
    },
  });
});

test("routes come by their priority, with the times and retries that App Mesh takes for granted", () => {
  const { document } = imported(shop);
  expect(specOf(document, "Route/default/payments")).toEqual({
    target: { kind: "Service", name: "payments" },
    rules: [
      {
        name: "beta",
        matches: [
          {
            path: { type: "prefix", value: "/pay" },
            methods: ["POST"],
            headers: [{ name: "x-beta", type: "exact", value: "1" }],
          },
        ],
        action: { type: "forward", destinations: [{ service: { name: "payments" }, subset: "v2", weight: 1 }] },
        timeoutMs: 2000,
        retries: { attempts: 0 },
      },
      {
        name: "default",
        matches: [],
        action: {
          type: "forward",
          destinations: [
            { service: { name: "payments" }, subset: "v1", weight: 90 },
            { service: { name: "payments" }, subset: "v2", weight: 10 },
          ],
        },
        timeoutMs: 15_000,
        retries: { attempts: 2, perTryTimeoutMs: 500, on: ["502", "503", "504", "connect-failure"] },
      },
    ],
  });
  expect(specOf(document, "Route/default/front-gateway")).toMatchObject({
    rules: [{ matches: [{ path: { type: "prefix", value: "/orders" } }], rewrite: { path: "/" } }],
  });
});

test("what a call would notice is told so, with the line of the document", () => {
  const { warnings } = imported(shop);
  expect(
    warnings.filter(({ changesMeaning }) => changesMeaning).map(({ source, line, message }) => [source, line, message]),
  ).toEqual([
    ["VirtualNode default/payments_v1", 10, expect.stringContaining("each caller's proxy here")],
    ["VirtualNode default/payments_v1", 11, expect.stringContaining("over all callers there")],
    ["Route default/ranged", 22, expect.stringContaining("the range of header x-n holds no whole number")],
  ]);
});

test("the design answers as the mesh did, and goes out to Istio", () => {
  const { document } = imported(shop);
  const call = (path: string, headers: Record<string, string>, method = "POST"): Question => ({
    from: { kind: "workload", workload: "Workload/default/orders" },
    to: { host: "payments" },
    method,
    path,
    headers,
    draw: 0,
  });
  const scene = buildScene(document);
  const subsetOf = (question: Question) =>
    ask(scene, question).destinations.map(({ subset, probability }) => [subset, probability]);
  expect(subsetOf(call("/pay/1", { "x-beta": "1" }))).toEqual([["v2", 1]]);
  expect(subsetOf(call("/pay/1", {}))).toEqual([
    ["v1", 0.9],
    ["v2", 0.1],
  ]);
  expect(schemaErrors(exportDocument("istio", document).resources, "istio")).toEqual([]);
});

test("single answers of the API are read as well as a list, and reading twice changes nothing", () => {
  const { document } = imported(shop);
  const parts = JSON.parse(shop) as Record<string, unknown>[];
  const texts = parts.map((part) => ({ text: JSON.stringify(part), file: "shop.json" }));
  expect(importDocuments("app-mesh", texts, { document }).commands).toEqual([]);
  // what a "create" takes has no wrapper
  const plain = parts
    .map((part) => JSON.stringify(Object.values(part)[0]))
    .map((text) => ({ text, file: "shop.json" }));
  expect(importDocuments("app-mesh", plain, { document }).commands).toEqual([]);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { applyCommand, emptyMesh, type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import { seedMesh, withObjects } from "../../simulate/testing/designs";
import { buildBundle, dialectOf, exportDocument, importDocuments } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import type { Manifest } from "../shared/dialect";
import { imported } from "../testing/imported";

const fixture = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const text = fixture("fixtures/harbour.yaml");
const harbour = imported("cilium", [{ text }], "port").document;
const specs = (document: MeshDocument) =>
  Object.fromEntries(document.objects.map((each) => [objectKey(each), each.spec]).sort());
/** CiliumLoadBalancerIPPool has no schema here: it is kept as it came. */
const checked = (resources: readonly Manifest[]) => resources.filter(({ kind }) => kind !== "CiliumLoadBalancerIPPool");

/** The Kubernetes resources of the harbour, beside what an export wrote. */
function world(resources: readonly Manifest[]): string {
  const ground = parseAllDocuments(text)
    .map((each) => each.toJS() as Manifest)
    .filter((each) => /^(apps\/)?v1$/.test(each.apiVersion));
  return [...ground, ...resources].map((each) => JSON.stringify(each)).join("\n---\n");
}

function readInto(document: MeshDocument, choice: "istio" | "cilium", resources: readonly Manifest[]): MeshDocument {
  const { commands, violations } = importDocuments(choice, [{ text: world(resources) }], { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

test("a harbour of Cilium goes out as the published schemas have it, and comes back as the same design", () => {
  const { resources, report } = exportDocument("cilium", harbour);
  expect(schemaErrors(checked(resources), "cilium")).toEqual([]);
  expect(specs(imported("cilium", [{ text: world(resources) }], "port").document)).toEqual(specs(harbour));
  const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  // what the model has no word for
  expect(names).toEqual(
    expect.arrayContaining([
      "CiliumNetworkPolicy berths-by-tugs-rest",
      "CiliumNetworkPolicy ledger-by-account-rest",
      "CiliumClusterwideNetworkPolicy nodes",
      "CiliumEnvoyConfig berths-limits",
      "CiliumLoadBalancerIPPool pool",
    ]),
  );
  const spec = (name: string) => resources.find(({ metadata }) => metadata.name === name)?.spec;
  expect(spec("berths-by-tugs")).toMatchObject({
    description: "Ships of the port ask for a berth.",
    ingress: [{ toPorts: [{ ports: [{ port: "8080" }], rules: { http: [{ path: "/v1/request-berth" }] } }, {}] }],
  });
  expect(spec("berths-by-tugs-rest")).toMatchObject({
    ingress: [{ toPorts: [{ rules: { http: [{ path: "/v1/harbour/[0-9]+", headers: ["X-Pilot: true"] }] } }] }],
  });
  expect(spec("ledger-by-account")).toMatchObject({ ingress: [{ authentication: { mode: "required" } }] });
  expect(spec("calls-of-berths")).toMatchObject({
    egress: [
      { toPorts: [{ rules: { dns: [{ matchPattern: "*" }] } }] },
      { toEndpoints: [{ matchLabels: { app: "ledger" } }], toPorts: [{ ports: [{ port: "8080" }] }] },
      { toFQDNs: [{ matchName: "weather.example.com" }] },
      { toFQDNs: [{ matchPattern: "**.tides.example.org" }] },
    ],
  });
  // callers that no policy of Cilium held are open on the way back
  expect(spec("calls-of-tugs")).toBeUndefined();
  const loud = report.filter(({ changesMeaning }) => changesMeaning).map(({ key, path }) => [key, path]);
  expect(loud).toEqual([["AuthorizationPolicy/harbour/tugs", "spec.rules[0].from"]]);
});

test("it goes out to Istio, and from there to Cilium again, with the same policies", () => {
  const mesh = harbour.objects.filter(({ kind }) => kind === "Mesh");
  const start = { objects: [...mesh, ...emptyMesh("port").objects.slice(1)] };
  const istio = exportDocument("istio", harbour).resources;
  expect(schemaErrors(istio, "istio")).toEqual([]);
  const moved = readInto(start, "istio", istio);
  const policies = (document: MeshDocument) =>
    Object.fromEntries(Object.entries(specs(document)).filter(([key]) => /^(AuthorizationPolicy|Route)/.test(key)));
  expect(Object.keys(policies(moved)).sort()).toEqual(Object.keys(policies(harbour)).sort());
  const back = readInto(start, "cilium", exportDocument("cilium", moved).resources);
  expect(Object.keys(policies(back)).sort()).toEqual(Object.keys(policies(harbour)).sort());
});

test("the seed's document says what of it Cilium has, has by Envoy's configuration only, and has not", () => {
  const { document } = imported("istio", [{ text: fixture("../istio/fixtures/seed.yaml") }]);
  const made = exportDocument("cilium", document);
  expect(schemaErrors(made.resources, "cilium")).toEqual([]);
  const of = (kind: string, path: string) =>
    made.report.filter((each) => each.key.startsWith(`${kind}/`) && each.path === path).map(({ verdict }) => verdict);
  expect(of("Route", "spec.rules[0]")).toEqual(["exact"]);
  expect(of("Route", "spec.rules[1]")).toEqual(["exact"]);
  for (const field of [
    "connectionPool.maxConnections",
    "connectionPool.maxPendingRequests",
    "connectionPool.maxRequestsPerConnection",
    "outlierDetection.legacyConsecutiveErrors",
    "outlierDetection.intervalMs",
    "outlierDetection.baseEjectionTimeMs",
  ]) {
    expect([field, of("TrafficPolicy", `spec.${field}`)]).toEqual([field, ["escape"]]);
  }
  // a Service for each version
  expect(of("Subset", "spec")).toEqual(["approximate", "approximate"]);
  const route = made.resources.find(({ kind }) => kind === "HTTPRoute");
  expect(route?.spec["parentRefs"]).toEqual([{ group: "", kind: "Service", name: "payment-service", port: 80 }]);
  const files = buildBundle({ dialect: dialectOf("cilium"), document, made }).map(({ path }) => path);
  expect(files).toEqual(
    expect.arrayContaining(["manifests/production.yaml", "manual/trafficpolicy-production-payment-service.md"]),
  );
});

const CATALOG = "AuthorizationPolicy/production/rule";
const exported = (...objects: MeshObject[]) => {
  const made = exportDocument("cilium", withObjects(seedMesh(), ...objects));
  expect(schemaErrors(made.resources, "cilium")).toEqual([]);
  return made;
};
const rule = (spec: Record<string, unknown>) =>
  object("AuthorizationPolicy", "rule", { target: { service: "catalog" }, action: "allow", ...spec } as never);
const find = (resources: readonly Manifest[], name: string) =>
  resources.find((each) => each.kind === "CiliumNetworkPolicy" && each.metadata.name === name)?.spec;
const judged = (report: ReturnType<typeof exportDocument>["report"], key: string) =>
  report.filter((each) => each.key === key).map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning]);
const account = (name: string) => ({
  matchLabels: { "k8s:io.kubernetes.pod.namespace": "production", "k8s:io.cilium.k8s.policy.serviceaccount": name },
});

test("drawn callers are let in by account, calls go where they are drawn, and gateways are the entity ingress", () => {
  const { resources, report } = exported();
  expect(find(resources, "drawn-callers-of-catalog")).toEqual({
    endpointSelector: { matchLabels: { app: "catalog" } },
    ingress: [{ fromEndpoints: [account("storefront")], toPorts: [{ ports: [{ port: "8080", protocol: "TCP" }] }] }],
  });
  expect(find(resources, "drawn-callers-of-storefront")).toMatchObject({ ingress: [{ fromEntities: ["ingress"] }] });
  expect(find(resources, "calls-of-shipping")).toMatchObject({
    egress: [{}, { toFQDNs: [{ matchName: "api.carrier.example" }], toPorts: [{ ports: [{ port: "80" }] }] }],
  });
  expect(judged(report, "Dependency/production/storefront-to-catalog")).toEqual([["spec", "moved", undefined]]);
});

test("a denial is by caller and port; one of requests has no word and is told first", () => {
  const from = [{ services: [{ kind: "Service", name: "cart" }] }];
  const whole = exported(rule({ action: "deny", rules: [{ from }] }));
  expect(find(whole.resources, "rule")).toEqual({
    endpointSelector: { matchLabels: { app: "catalog" } },
    ingressDeny: [{ fromEndpoints: [account("cart")] }],
    enableDefaultDeny: { ingress: false },
  });
  expect(judged(whole.report, CATALOG)).toEqual([["spec", "exact", undefined]]);
  const some = exported(rule({ action: "deny", rules: [{ to: [{ paths: ["/admin"] }] }] }));
  expect(find(some.resources, "rule")).toBeUndefined();
  expect(judged(some.report, CATALOG)).toEqual([["spec.rules[0].to", "lost", true]]);
  const audit = exported(rule({ action: "audit", rules: [{}] }));
  expect(judged(audit.report, CATALOG)).toEqual([["spec", "lost", undefined]]);
});

test("conditions on requests are whole expressions that take every query", () => {
  const from = [{ principals: ["*/cart"] }];
  const to = [
    { methods: ["GET", "HEAD"], paths: ["/items", "/items/*", "*.png"], hosts: ["*.shop.example"] },
    { headers: [{ name: "x-a", type: "exact", values: ["1", "2"] }] },
  ];
  const { resources, report } = exported(rule({ rules: [{ from, to }] }));
  const other = { method: "GET|HEAD", host: "(?i).+\\.shop\\.example(:[0-9]+)?" };
  expect(find(resources, "rule")).toMatchObject({
    ingress: [
      {
        fromEndpoints: [
          {
            matchLabels: { "k8s:io.cilium.k8s.policy.serviceaccount": "cart" },
            matchExpressions: [{ key: "k8s:io.kubernetes.pod.namespace", operator: "Exists" }],
          },
        ],
        toPorts: [
          {
            rules: {
              http: [
                { ...other, path: "/items(\\?.*)?" },
                { ...other, path: "/items/.*" },
                { ...other, path: "[^?]*\\.png(\\?.*)?" },
              ],
            },
          },
          { rules: { http: [{ headers: ["x-a: 1"] }, { headers: ["x-a: 2"] }] } },
        ],
      },
    ],
  });
  expect(judged(report, CATALOG)).toEqual([["spec", "exact", undefined]]);
});

test("who or what Cilium has no labels for is let in nowhere, and told", () => {
  const { resources, report } = exported(
    rule({
      rules: [
        { from: [{ principals: ["other.domain/ns/a/sa/b"] }] },
        { to: [{ headers: [{ name: "x-a", type: "present", invert: true }] }] },
        { from: [{ requestPrincipals: ["*"] }] },
      ],
    }),
  );
  expect(find(resources, "rule")).toMatchObject({ ingress: [{}] });
  const told = judged(report, CATALOG).filter(([, verdict]) => verdict === "lost");
  expect(told.sort()).toEqual([
    ["spec.rules[0].from", "lost", true],
    ["spec.rules[1].to[0]", "lost", true],
    ["spec.rules[2].from", "lost", true],
  ]);
});

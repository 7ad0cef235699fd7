import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { applyCommand, emptyMesh, type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import { seedMesh, withObjects, without } from "../../simulate/testing/designs";
import { buildBundle, dialectOf, exportDocument, importDocuments } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import type { Manifest } from "../shared/dialect";
import { imported } from "../testing/imported";

const fixture = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const text = fixture("fixtures/bookshop.yaml");
const shop = imported("linkerd", [{ text }], "books").document;
const specs = (document: MeshDocument) =>
  Object.fromEntries(document.objects.map((each) => [objectKey(each), each.spec]).sort());

/** The Kubernetes resources of the shop, with those that an export wrote in their place. */
function world(resources: readonly Manifest[]): string {
  const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;
  const written = new Set(resources.map(nameOf));
  const ground = parseAllDocuments(text)
    .map((each) => each.toJS() as Manifest)
    .filter((each) => /^(apps\/)?v1$/.test(each.apiVersion) && !written.has(nameOf(each)));
  return [...ground, ...resources].map((each) => JSON.stringify(each)).join("\n---\n");
}

function readInto(document: MeshDocument, choice: "istio" | "linkerd", resources: readonly Manifest[]): MeshDocument {
  const { commands, violations } = importDocuments(choice, [{ text: world(resources) }], { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

test("a shop of Linkerd goes out as the published schemas have it, and comes back as the same design", () => {
  const { resources, report } = exportDocument("linkerd", shop);
  expect(schemaErrors(resources, "linkerd")).toEqual([]);
  expect(specs(imported("linkerd", [{ text: world(resources) }], "books").document)).toEqual(specs(shop));
  expect(report.filter(({ changesMeaning }) => changesMeaning)).toEqual([]);
  const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  // what the model has no word for
  expect(names).toEqual(
    expect.arrayContaining([
      "HTTPLocalRateLimitPolicy books-limit",
      "EgressNetwork outside",
      "NetworkAuthentication office",
      "AuthorizationPolicy books-from-the-office",
    ]),
  );
});

test("it goes out to Istio, and from there to Linkerd again, as the same design but for its rate limit", () => {
  const mesh = shop.objects.filter(({ kind }) => kind === "Mesh");
  const start = { objects: [...mesh, ...emptyMesh("books").objects.slice(1)] };
  const istio = exportDocument("istio", shop).resources;
  expect(schemaErrors(istio, "istio")).toEqual([]);
  const moved = readInto(start, "istio", istio);
  // the mesh's default is a policy of its own in Istio
  const { "MutualTls/istio-system/default": standard, ...rest } = specs(moved);
  const { "RateLimit/bookshop/books-limit": limit, ...carried } = specs(shop);
  expect(limit).toBeDefined();
  expect([rest, standard ?? { mode: "permissive" }]).toEqual([carried, { mode: "permissive" }]);
  expect(specs(readInto(start, "linkerd", exportDocument("linkerd", moved).resources))).toEqual(carried);
});

test("the seed's document says what of it Linkerd has, nearly has, and has not", () => {
  const { document } = imported("istio", [{ text: fixture("../istio/fixtures/seed.yaml") }]);
  const { report, resources } = exportDocument("linkerd", document);
  const of = (kind: string, path: string) =>
    report.filter((each) => each.key.startsWith(`${kind}/`) && each.path === path).map(({ verdict }) => verdict);
  expect(of("Route", "spec.rules[0]")).toEqual(["exact"]);
  expect(of("Route", "spec.rules[1]")).toEqual(["exact"]);
  expect(of("TrafficPolicy", "spec.connectionPool.maxConnections")).toEqual(["lost"]);
  expect(of("TrafficPolicy", "spec.connectionPool.maxPendingRequests")).toEqual(["lost"]);
  expect(of("TrafficPolicy", "spec.connectionPool.maxRequestsPerConnection")).toEqual(["lost"]);
  expect(of("TrafficPolicy", "spec.outlierDetection.legacyConsecutiveErrors")).toEqual(["approximate"]);
  expect(of("TrafficPolicy", "spec.outlierDetection.intervalMs")).toEqual(["lost"]);
  expect(of("TrafficPolicy", "spec.outlierDetection.baseEjectionTimeMs")).toEqual(["approximate"]);
  // a Service for each version, and the breaker at the service that is called
  expect(of("Subset", "spec")).toEqual(["approximate", "approximate"]);
  const services = resources.filter(({ kind }) => kind === "Service");
  expect(services.map(({ metadata }) => metadata.name)).toEqual([
    "payment-service",
    "payment-service-v1",
    "payment-service-v2",
  ]);
  expect(services[0]?.metadata.annotations).toEqual({
    "balancer.linkerd.io/failure-accrual": "consecutive",
    "balancer.linkerd.io/failure-accrual-consecutive-max-failures": "5",
    "balancer.linkerd.io/failure-accrual-consecutive-min-penalty": "30s",
    "balancer.linkerd.io/failure-accrual-consecutive-max-penalty": "300s",
  });
  const made = { text: "", report, resources };
  const files = buildBundle({ dialect: dialectOf("linkerd"), document, made }).map(({ path }) => path);
  expect(files).toEqual(
    expect.arrayContaining([
      "manifests/production.yaml",
      "manual/trafficpolicy-production-payment-service.md",
      "report.md",
      "report.json",
    ]),
  );
});

const CATALOG = "AuthorizationPolicy/production/rule";
const exported = (...objects: MeshObject[]) => {
  const made = exportDocument("linkerd", withObjects(seedMesh(), ...objects));
  expect(schemaErrors(made.resources, "linkerd")).toEqual([]);
  return made;
};
const rule = (spec: Record<string, unknown>) =>
  object("AuthorizationPolicy", "rule", { target: { service: "catalog" }, action: "allow", ...spec } as never);
const find = (resources: readonly Manifest[], kind: string, name: string) =>
  resources.find((each) => each.kind === kind && each.metadata.name === name)?.spec;
const judged = (report: ReturnType<typeof exportDocument>["report"], key: string) =>
  report.filter((each) => each.key === key).map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning]);

test("drawn callers are granted by account, and a Server closes every port to the others", () => {
  const { resources, report } = exported();
  expect(find(resources, "Server", "catalog-http")).toEqual({
    podSelector: { matchLabels: { app: "catalog" } },
    port: 8080,
    proxyProtocol: "HTTP/1",
    accessPolicy: "deny",
  });
  expect(find(resources, "MeshTLSAuthentication", "drawn-callers-of-catalog-http")).toEqual({
    identityRefs: [{ kind: "ServiceAccount", name: "storefront", namespace: "production" }],
  });
  expect(judged(report, "Dependency/production/storefront-to-catalog")).toEqual([["spec", "moved", undefined]]);
});

test("a denial has no word and is the loudest loss; an audit and a rule in shadow are silent ones", () => {
  const denial = exported(rule({ action: "deny", rules: [{ to: [{ paths: ["/admin"] }] }] }));
  expect(judged(denial.report, CATALOG)).toEqual([["spec", "lost", true]]);
  const audit = exported(rule({ action: "audit", rules: [{}] }));
  expect(judged(audit.report, CATALOG)).toEqual([["spec", "lost", undefined]]);
});

test("conditions on calls are a route on the Server, beside one for all other calls", () => {
  const from = [{ services: [{ kind: "Service", name: "cart" }] }];
  const to = [{ methods: ["GET"], paths: ["/items", "/items/*", "/v*"], headers: [{ name: "x-a", type: "present" }] }];
  const { resources, report } = exported(rule({ rules: [{ from, to }] }));
  const headers = [{ type: "RegularExpression", name: "x-a", value: ".*" }];
  expect(find(resources, "HTTPRoute", "rule")).toEqual({
    parentRefs: [{ group: "policy.linkerd.io", kind: "Server", name: "catalog-http" }],
    rules: [
      {
        matches: [
          { path: { type: "PathPrefix", value: "/items" }, method: "GET", headers },
          { path: { type: "RegularExpression", value: "/v.*" }, method: "GET", headers },
        ],
      },
    ],
  });
  expect(find(resources, "HTTPRoute", "catalog-http-others")).toMatchObject({
    rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }],
  });
  expect(find(resources, "AuthorizationPolicy", "rule")).toMatchObject({
    targetRef: { kind: "HTTPRoute", name: "rule" },
  });
  expect(judged(report, CATALOG)).toEqual([["spec", "exact", undefined]]);
});

test("who or what Linkerd has no name for is granted nothing, and told", () => {
  const { resources, report } = exported(
    rule({
      rules: [
        { from: [{ principals: ["*/cart"] }] },
        { to: [{ hosts: ["shop.example"] }] },
        { to: [{ headers: [{ name: "x-a", type: "present", invert: true }] }] },
      ],
    }),
  );
  expect(find(resources, "AuthorizationPolicy", "rule")).toBeUndefined();
  expect(judged(report, CATALOG)).toEqual([
    ["spec.rules[0].from", "lost", true],
    ["spec.rules[1].to[0]", "lost", true],
    ["spec.rules[2].to[0]", "lost", true],
  ]);
});

test("rules of a route: an answer is a backend that is not there, a rewrite is lost, other retries make another route", () => {
  const forward = { type: "forward" as const, destinations: [{ service: { name: "cart" }, weight: 1 }] };
  const { resources, report } = exported(
    object("Route", "cart", {
      target: { kind: "Service", name: "cart" },
      rules: [
        { matches: [{ path: { type: "exact", value: "/no" } }], action: { type: "respond", status: 500 } },
        {
          matches: [{ path: { type: "exact", value: "/old" } }],
          action: forward,
          rewrite: { path: "/new" },
          retries: { attempts: 0 },
        },
        { matches: [], action: forward, retries: { attempts: 4, on: ["503", "reset"] } },
      ],
    }),
  );
  const routes = resources.filter(({ kind, metadata }) => kind === "HTTPRoute" && metadata.name.startsWith("cart"));
  expect(routes.map(({ metadata }) => metadata.annotations)).toEqual([
    undefined,
    { "retry.linkerd.io/http": "503", "retry.linkerd.io/limit": "4" },
  ]);
  expect(routes[0]?.spec).toMatchObject({ rules: [{ backendRefs: [{ name: "no-such-service", port: 1 }] }, {}] });
  expect(judged(report, "Route/production/cart")).toEqual([
    ["spec.rules[0]", "approximate", undefined],
    ["spec.rules[1]", "lost", true],
    ["spec.rules[2]", "approximate", undefined],
  ]);
});

test("a mesh that lets everything in has no Servers, and says its mutual TLS in its namespaces", () => {
  const document = without(seedMesh(), "MutualTls/production/catalog");
  const objects = document.objects.map((each) =>
    each.kind === "Mesh"
      ? { ...each, spec: { ...each.spec, defaults: { mutualTls: "strict", authorization: "allow" } } }
      : each,
  ) as MeshObject[];
  const { resources, report } = exportDocument("linkerd", { objects });
  expect(resources.filter(({ kind }) => kind === "Server")).toEqual([]);
  expect(resources.find(({ kind }) => kind === "Namespace")?.metadata).toMatchObject({
    name: "production",
    annotations: { "config.linkerd.io/default-inbound-policy": "all-authenticated" },
  });
  expect(report.filter(({ key }) => key.startsWith("Gateway/"))).toMatchObject([
    { verdict: "lost", changesMeaning: true },
  ]);
});

test("a limit of all calls is one of the Server, by the second; limits of some calls have no word", () => {
  const limit = (limits: unknown) => object("RateLimit", "limit", { service: { name: "catalog" }, limits } as never);
  const whole = exported(limit([{ requests: 120, perMs: 60_000 }]));
  expect(find(whole.resources, "HTTPLocalRateLimitPolicy", "limit")).toEqual({
    targetRef: { group: "policy.linkerd.io", kind: "Server", name: "catalog-http" },
    total: { requestsPerSecond: 2 },
  });
  expect(judged(whole.report, "RateLimit/production/limit")).toEqual([["spec", "approximate", undefined]]);
  const some = exported(limit([{ match: { methods: ["POST"] }, requests: 5, perMs: 1000 }]));
  expect(judged(some.report, "RateLimit/production/limit")).toEqual([["spec", "lost", true]]);
});

test("what a design has no word for stays as it was written, while the design says the same", () => {
  const text = `apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {config.linkerd.io/default-inbound-policy: cluster-authenticated}}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop, annotations: {config.linkerd.io/opaque-ports: "90,4000-4005"}}
spec: {selector: {app: api}, ports: [{name: api, port: 90}, {name: http, port: 80}]}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: api, namespace: shop}
spec: {podSelector: {matchLabels: {app: api}}, port: 80, accessPolicy: cluster-authenticated}
`;
  const { document } = imported("linkerd", [{ text }]);
  const { resources } = exportDocument("linkerd", document);
  const annotations = (kind: string) => resources.find((each) => each.kind === kind)?.metadata.annotations;
  expect(annotations("Namespace")).toEqual({ "config.linkerd.io/default-inbound-policy": "cluster-authenticated" });
  expect(annotations("Service")).toEqual({ "config.linkerd.io/opaque-ports": "90,4000-4005" });
  expect(find(resources, "Server", "api")).toMatchObject({ accessPolicy: "cluster-authenticated" });
  const closed = document.objects.map((each) =>
    each.kind === "AuthorizationPolicy" ? { ...each, spec: { ...each.spec, rules: [] } } : each,
  );
  const changed = exportDocument("linkerd", { objects: closed }).resources;
  expect(find(changed, "Server", "api")).toMatchObject({ accessPolicy: "deny" });
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { demoMesh, type MeshDocument, type MeshObject, objectKey, type SpecOf } from "@/lib/mesh";
import { object, richMesh, withObjects } from "../../compile/testing/rich";
import { seedMesh } from "../../simulate/testing/designs";
import { buildBundle, dialectOf, exportDocument } from "..";
import type { Manifest } from "../shared/dialect";
import { imported } from "../testing/imported";
import { wholeWeights } from "./export-targets";
import { apiErrors } from "./testing/api";

const fixture = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const specs = (document: MeshDocument) =>
  Object.fromEntries(document.objects.map((each) => [objectKey(each), each.spec]).sort());
const exported = (...objects: MeshObject[]) => {
  const made = exportDocument("app-mesh", withObjects(seedMesh(), objects));
  expect(apiErrors(made.resources)).toEqual([]);
  return made;
};
const find = (resources: readonly Manifest[], kind: string, name: string) =>
  resources.find((each) => each.kind === kind && each.metadata.name === name)?.spec["spec"];
const judged = (report: ReturnType<typeof exportDocument>["report"], key: string) =>
  report.filter((each) => each.key === key).map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning]);

test("every object of the demo and of a design with everything is what the API took, with a verdict", () => {
  for (const document of [demoMesh(), richMesh(), seedMesh()]) {
    const { resources, report } = exportDocument("app-mesh", document);
    expect(apiErrors(resources)).toEqual([]);
    const keys = new Set(report.map(({ key }) => key));
    expect(document.objects.map(objectKey).filter((key) => !keys.has(key))).toEqual([]);
    const names = resources.map(({ kind, spec }) => `${kind} ${JSON.stringify({ ...spec, spec: 0 })}`);
    expect(new Set(names).size).toBe(names.length);
  }
});

test("a mesh that came from App Mesh goes back, and comes in again as the same design", () => {
  const { document } = imported("app-mesh", [{ text: fixture("fixtures/shop.json") }]);
  const { resources, text } = exportDocument("app-mesh", document);
  expect(apiErrors(resources)).toEqual([]);
  expect(specs(imported("app-mesh", [{ text }]).document)).toEqual(specs(document));
});

test("a design out and in is the same for all that App Mesh has a word for", () => {
  const made = exportDocument("app-mesh", demoMesh());
  const there = imported("app-mesh", [{ text: made.text }], "shop").document;
  const again = exportDocument("app-mesh", there);
  expect(specs(imported("app-mesh", [{ text: again.text }], "shop").document)).toEqual(specs(there));
  // the import puts all into one namespace
  const [before, after] = [specs(demoMesh())["Route/production/catalog"], specs(there)["Route/default/catalog"]];
  const matchesOf = (spec: unknown) => (spec as SpecOf<"Route">).rules.flatMap(({ matches }) => matches);
  expect(matchesOf(before)).toEqual([{ methods: ["GET", "HEAD"] }]);
  expect(matchesOf(after)).toEqual([{ methods: ["GET"] }, { methods: ["HEAD"] }]);
  expect(after).toMatchObject({ rules: [{ timeoutMs: 2000, retries: { attempts: 1, perTryTimeoutMs: 900 } }, {}, {}] });
});

test("the seed: limits move to the callee, one is lost, and the retired product is named as such", () => {
  const { document } = imported("istio", [{ text: fixture("../istio/fixtures/seed.yaml") }]);
  const made = exportDocument("app-mesh", document);
  expect(judged(made.report, "Route/production/payment-service")).toEqual([
    ["spec.rules[0]", "exact", undefined],
    ["spec.rules[1]", "exact", undefined],
  ]);
  const policy = made.report.filter(({ key }) => key.startsWith("TrafficPolicy/"));
  expect(Object.fromEntries(policy.map(({ path, verdict }) => [path.split(".").at(-1), verdict]))).toEqual({
    maxConnections: "moved",
    maxPendingRequests: "moved",
    maxRequestsPerConnection: "lost",
    legacyConsecutiveErrors: "approximate",
    intervalMs: "exact",
    baseEjectionTimeMs: "exact",
  });
  const files = buildBundle({ dialect: dialectOf("app-mesh"), document, made });
  const text = (path: string) => files.find((each) => each.path === path)?.text ?? "";
  expect(text("report.md")).toContain("ended on 2026-09-30");
  expect(JSON.parse(text("report.json"))).toMatchObject({ retired: expect.stringContaining("2026-09-30") });
  expect(text("README.md")).toContain("nothing takes these files any more");
  expect(files.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["manual/certificates.md", "manifests/1-mesh/shop.json"]),
  );
});

test("a listener with strict TLS accepts the drawn callers by name, and nobody where there is none", () => {
  const { resources } = exported();
  const namesOf = (node: string) =>
    (find(resources, "VirtualNode", node) as { listeners: { tls: { mode: string; validation: object } }[] })
      .listeners[0]?.tls;
  expect(namesOf("catalog-v1")).toMatchObject({
    mode: "STRICT",
    validation: { subjectAlternativeNames: { match: { exact: [expect.stringContaining("/sa/storefront")] } } },
  });
  const closed = exported(
    object("Service", "alone", { ports: [{ name: "http", port: 80, protocol: "http" }] }),
    object("Workload", "alone-v1", { service: "alone", version: "v1" }),
  );
  const alone = find(closed.resources, "VirtualNode", "alone-v1") as { listeners: { tls: { validation: object } }[] };
  expect(alone.listeners[0]?.tls.validation).toMatchObject({
    subjectAlternativeNames: { match: { exact: [expect.stringMatching(/^spiffe:\/\/[^/]+\/$/)] } },
  });
});

test("rules that App Mesh cannot say are left out and loud; what has a list of callers is names of certificates", () => {
  const forward = { type: "forward" as const, destinations: [{ service: { name: "cart" }, weight: 1 }] };
  const policy = (name: string, spec: object) =>
    object("AuthorizationPolicy", name, { target: { service: "catalog" }, ...spec } as never);
  const { resources, report } = exported(
    object("Route", "cart", {
      target: { kind: "Service", name: "cart" },
      rules: [
        { matches: [{ path: { type: "exact", value: "/no" } }], action: { type: "respond", status: 500 } },
        { matches: [{ query: [{ name: "a", type: "regex", value: ".*" }] }], action: forward },
        { matches: [{ path: { type: "exact", value: "/old" } }], action: forward, rewrite: { path: "/new" } },
        { matches: [{ path: { type: "pathPrefix", value: "/v1" }, methods: ["GET", "POST"] }], action: forward },
        { matches: [], action: forward, timeoutMs: 2500, retries: { attempts: 3, on: ["5xx", "reset"] } },
      ],
    }),
    policy("deny", { action: "deny", rules: [{ to: [{ paths: ["/admin"] }] }] }),
    policy("list", { action: "allow", rules: [{ from: [{ services: [{ kind: "Service", name: "cart" }] }] }] }),
    policy("some", { action: "allow", rules: [{ to: [{ methods: ["GET"] }] }] }),
  );
  expect(judged(report, "Route/production/cart")).toEqual([
    ["spec.rules[0]", "lost", true],
    ["spec.rules[1]", "lost", true],
    ["spec.rules[2].rewrite", "lost", true],
    ["spec.rules[4].retries", "approximate", undefined],
    ["spec.rules[3]", "exact", undefined],
  ]);
  const routes = resources.filter(({ kind, spec }) => kind === "Route" && spec["virtualRouterName"] === "cart");
  expect(routes.map(({ spec }) => (spec["spec"] as { httpRoute: { match: object } }).httpRoute.match)).toEqual([
    { path: { exact: "/old" } },
    { path: { exact: "/v1" }, method: "GET" },
    { prefix: "/v1/", method: "GET" },
    { path: { exact: "/v1" }, method: "POST" },
    { prefix: "/v1/", method: "POST" },
    { prefix: "/" },
  ]);
  expect(routes.at(-1)?.spec["spec"]).toMatchObject({
    httpRoute: {
      timeout: { perRequest: { unit: "ms", value: 2500 } },
      retryPolicy: { maxRetries: 3, perRetryTimeout: { unit: "ms", value: 2500 }, httpRetryEvents: ["server-error"] },
    },
  });
  expect(judged(report, "AuthorizationPolicy/production/deny")).toEqual([["spec", "lost", true]]);
  expect(judged(report, "AuthorizationPolicy/production/list")).toEqual([["spec", "moved", undefined]]);
  expect(judged(report, "AuthorizationPolicy/production/some")).toEqual([["spec", "lost", true]]);
});

test("weights beyond 100 together are brought down to it, the largest remainders first", () => {
  expect(wholeWeights([1])).toEqual({ weights: [1], isExact: true });
  expect(wholeWeights([900, 100])).toEqual({ weights: [90, 10], isExact: true });
  expect(wholeWeights([0.5, 0.5])).toEqual({ weights: [50, 50], isExact: true });
  expect(wholeWeights([100, 100, 100])).toEqual({ weights: [34, 33, 33], isExact: false });
});

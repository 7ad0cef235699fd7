import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  API_VERSION,
  applyCommand,
  type Command,
  demoMesh,
  emptyMesh,
  type MeshDocument,
  type MeshObject,
  type ObjectOf,
  type RouteRule,
  validateDocument,
} from "@/lib/mesh";
import { analyze, analyzers, type Finding } from ".";

const at = (name: string) => ({ name, namespace: "production" });
const svc = (name: string) => ({ kind: "Service" as const, name });
const apiVersion = API_VERSION;

function changed(commands: Command[], document = demoMesh()): MeshDocument {
  const result = applyCommand(document, {}, { type: "batch", commands });
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
}
const add = (...objects: MeshObject[]): Command[] => objects.map((object) => ({ type: "addObject", object }));
const patch = (key: string, path: (string | number)[], value?: unknown): Command[] => [
  { type: "patchSpec", key, path, value },
];

const subset = (name: string, version = name): MeshObject => ({
  apiVersion,
  kind: "Subset",
  metadata: at(`payment-service-${name}`),
  spec: { service: { name: "payment-service" }, name, labels: { version } },
});
const policy = (outlierDetection: ObjectOf<"TrafficPolicy">["spec"]["outlierDetection"]): MeshObject => ({
  apiVersion,
  kind: "TrafficPolicy",
  metadata: at("payment-service"),
  spec: { service: { name: "payment-service" }, outlierDetection },
});
const split = (...weights: [string | undefined, number][]): RouteRule["action"] => ({
  type: "forward",
  destinations: weights.map(([name, weight]) => ({
    service: { name: "payment-service" },
    ...(name ? { subset: name } : {}),
    weight,
  })),
});
const rules = (...list: Partial<RouteRule>[]): Command[] =>
  patch(
    "Route/production/payment-service",
    ["rules"],
    list.map((rule) => ({ matches: [], action: split([undefined, 1]), ...rule })),
  );
const dependency = (from: string, to: string, interaction: "sync" | "async" = "sync"): MeshObject => ({
  apiVersion,
  kind: "Dependency",
  metadata: at(`${from}-to-${to}-x`),
  spec: { from: svc(from), to: svc(to), interaction },
});
const route = (name: string, rule: Partial<RouteRule>): MeshObject => ({
  apiVersion,
  kind: "Route",
  metadata: at(name),
  spec: {
    target: svc(name),
    rules: [{ matches: [], action: { type: "forward", destinations: [{ service: { name }, weight: 1 }] }, ...rule }],
  },
});
const assumed = (flag: boolean): Command[] => [
  {
    type: "setMetadata",
    key: "TrafficPolicy/production/catalog",
    metadata: {
      origin: {
        dialect: "istio",
        apiVersion: "v1",
        kind: "DestinationRule",
        name: "catalog",
        namespace: "production",
        ...(flag ? { namespaceDefaulted: true } : {}),
      },
    },
  },
];
const egress = (owner?: string): Command[] => [
  ...patch("ExternalService/production/carrier-api", ["owner"]),
  ...patch("Egress/production/carrier-api", ["owner"], owner),
];
const authorization = (value: string): Command[] => patch("Mesh//shop", ["defaults", "authorization"], value);
const permission = (action: "allow" | "deny", from: string): MeshObject => ({
  apiVersion,
  kind: "AuthorizationPolicy",
  metadata: at(`${action}-${from}`),
  spec: { target: { service: "payment-service" }, action, rules: [{ from: [{ services: [svc(from)] }] }] },
});
const retrying = (attempts: number) => ({ retries: { attempts } });

/** code: what violates it (with the number of findings), what complies, where it says nothing. */
const TABLE: Record<string, { violating: Command[]; count?: number; compliant: Command[]; settles?: false }> = {
  MW1001: { violating: assumed(true), compliant: assumed(false) },
  MW1002: {
    violating: add(policy({ legacyConsecutiveErrors: 7, maxEjectionPercent: 100 })),
    compliant: add(policy({ consecutive5xxErrors: 7, maxEjectionPercent: 100 })),
  },
  MW1003: {
    violating: add(policy({ consecutive5xxErrors: 5 })),
    compliant: add(policy({ consecutive5xxErrors: 5, maxEjectionPercent: 34 })),
  },
  MW1004: {
    violating: [...add(subset("v3")), ...rules({ action: split(["v3", 1]) })],
    compliant: [...add(subset("v2")), ...rules({ action: split(["v2", 1]) })],
  },
  MW1005: {
    violating: [...add(subset("v1"), subset("v2")), ...rules({ action: split(["v1", 2], ["v2", 1]) })],
    compliant: [...add(subset("v1"), subset("v2")), ...rules({ action: split(["v1", 90], ["v2", 10]) })],
  },
  MW1006: {
    violating: rules(
      { matches: [{ path: { type: "prefix", value: "/pay" } }] },
      { matches: [{ path: { type: "exact", value: "/payout" } }] },
      {},
    ),
    compliant: rules(
      { matches: [{ path: { type: "pathPrefix", value: "/pay" } }] },
      { matches: [{ path: { type: "exact", value: "/payout" } }] },
      {},
    ),
  },
  MW1007: {
    violating: add(permission("deny", "checkout")),
    compliant: add(permission("deny", "cart")),
  },
  MW1008: { violating: egress(), compliant: egress("shipping"), settles: false },
  MW1009: {
    violating: add(dependency("inventory", "checkout")),
    compliant: add(dependency("inventory", "checkout", "async")),
  },
  MW1010: {
    violating: [...add(route("storefront", retrying(2)), route("inventory", retrying(2)))],
    compliant: [...add(route("storefront", retrying(2)), route("inventory", retrying(0)))],
  },
  MW1011: {
    violating: rules({ timeoutMs: 9000 }),
    compliant: rules({ timeoutMs: 7000 }),
  },
  MW1012: {
    violating: rules({ timeoutMs: 1000, retries: { attempts: 2, perTryTimeoutMs: 1000 } }),
    compliant: rules({ timeoutMs: 1000, retries: { attempts: 2, perTryTimeoutMs: 300 } }),
  },
  MW1013: {
    violating: [{ type: "removeObject", key: "Workload/production/cart-v1" }],
    compliant: [],
  },
  MW1014: {
    violating: patch("Workload/production/cart-v1", ["serviceAccount"], "checkout"),
    compliant: patch("Workload/production/cart-v1", ["serviceAccount"], "basket"),
    settles: false,
  },
};

const of = (code: string, document: MeshDocument): Finding[] =>
  analyze(document).filter((finding) => finding.code === code);

test("codes are unique, in order, and each has its row in the table", () => {
  expect(analyzers.map((analyzer) => analyzer.code)).toEqual(Object.keys(TABLE));
});

test("the demo shop and an empty mesh have no findings", () => {
  expect(analyze(demoMesh())).toEqual([]);
  expect(analyze(emptyMesh("x"))).toEqual([]);
});

describe.each(Object.entries(TABLE))("%s", (code, row) => {
  test("is found where it is, and names objects that exist", () => {
    const document = changed(row.violating);
    const findings = of(code, document);
    expect(findings).toHaveLength(row.count ?? 1);
    const keys = new Set(
      document.objects.map((object) => `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`),
    );
    for (const finding of findings) expect(finding.refs.filter((key) => !keys.has(key))).toEqual([]);
  });

  test("is not found where it is not", () => {
    expect(of(code, changed(row.compliant))).toEqual([]);
    expect(of(code, emptyMesh("x"))).toEqual([]);
  });

  test("each fix applies, leaves a consistent design and settles it", () => {
    const document = changed(row.violating);
    for (const finding of of(code, document)) {
      for (const fix of finding.fixes ?? []) {
        const result = applyCommand(document, {}, fix.command);
        expect(result, fix.title).toMatchObject({ ok: true });
        if (!result.ok) continue;
        expect(validateDocument(result.document), fix.title).toEqual([]);
        expect(of(code, result.document), fix.title).toEqual([]);
      }
      if (row.settles !== false) expect(finding.fixes).not.toEqual(undefined);
    }
  });
});

test("small clusters are judged by the endpoints that run, when they are known", () => {
  const document = changed(add(policy({ consecutive5xxErrors: 5 })));
  const endpointsPerWorkload = {
    "Workload/production/payment-service-v1": 10,
    "Workload/production/payment-service-v2": 0,
  };
  expect(analyze(document, { endpointsPerWorkload })).toEqual([]);
});

test("a mesh that denies by default needs a policy for each drawn dependency", () => {
  const document = changed(authorization("deny"));
  const findings = of("MW1007", document);
  expect(findings.map((finding) => finding.message)).toContain(
    "checkout -> payment-service is drawn, but nothing allows it: the call gets 403.",
  );
  const allowed = changed(add(permission("allow", "checkout")), document);
  expect(of("MW1007", allowed)).toHaveLength(findings.length - 1);
});

test("a drawn call to an external service needs an egress", () => {
  const document = changed([{ type: "removeObject", key: "Egress/production/carrier-api" }]);
  const [finding] = of("MW1007", document);
  expect(finding?.message).toBe(
    "shipping -> carrier-api is drawn, but no egress opens the way out: the call gets 404.",
  );
  expect(of("MW1007", changed([finding!.fixes![0]!.command], document))).toEqual([]);
});

test("a thousand services are analysed in seconds even on a busy machine", () => {
  const objects: MeshObject[] = [...emptyMesh("big").objects];
  for (let i = 0; i < 1000; i++) {
    const name = `s${i}`;
    const metadata = { name, namespace: "default" };
    objects.push({
      apiVersion,
      kind: "Service",
      metadata,
      spec: { ports: [{ name: "http", port: 80, protocol: "http" }] },
    });
    objects.push({ apiVersion, kind: "Workload", metadata, spec: { service: name, version: "v1" } });
    for (const to of [2 * i + 1, 2 * i + 2].filter((each) => each < 1000)) {
      objects.push({
        apiVersion,
        kind: "Dependency",
        metadata: { name: `${name}-${to}`, namespace: "default" },
        spec: { from: svc(name), to: svc(`s${to}`) },
      });
    }
  }
  const before = performance.now();
  expect(analyze({ objects })).toEqual([]);
  expect(performance.now() - before).toBeLessThan(4000);
});

test("docs/reference/model.md lists every code", () => {
  const page = readFileSync(new URL("../../docs/reference/model.md", import.meta.url), "utf8");
  expect(analyzers.map((analyzer) => analyzer.code).filter((code) => !page.includes(`| ${code} |`))).toEqual([]);
});

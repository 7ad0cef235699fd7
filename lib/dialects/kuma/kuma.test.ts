import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  applyCommand,
  emptyMesh,
  type MeshDocument,
  type MeshObject,
  objectKey,
  validateDocument,
  valuesToYaml,
} from "@/lib/mesh";
import { ask, buildScene, type Question } from "@/lib/simulate";
import { exportDocument, importDocuments } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import type { Manifest } from "../shared/dialect";
import { imported as importedFrom, specOf } from "../testing/imported";

const demo = readFileSync(new URL("fixtures/counter-demo.yaml", import.meta.url), "utf8");

const imported = (text: string) => importedFrom("kuma", [{ text, file: "kuma.yaml" }]);
const shop = imported(demo);
const drawn = (document: MeshDocument, from: string, to: string): MeshDocument => {
  const object = {
    apiVersion: "meshwright.dev/v1",
    kind: "Dependency",
    metadata: { name: `${from}-to-${to}`, namespace: "kuma-demo" },
    spec: { from: { kind: "Service", name: from }, to: { kind: "Service", name: to } },
  } as MeshObject;
  const applied = applyCommand(document, {}, { type: "addObject", object });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
};
const call = (workload: string, host: string, path = "/", headers: Record<string, string> = {}): Question => ({
  from: { kind: "workload", workload: `Workload/kuma-demo/${workload}` },
  to: { host },
  method: "GET",
  path,
  headers,
});
const KINDS = new Set([
  "Mesh",
  "Route",
  "TrafficPolicy",
  "AuthorizationPolicy",
  "RateLimit",
  "MutualTls",
  "ExternalService",
  "Subset",
  "Gateway",
]);
const policies = ({ objects }: MeshDocument, kinds = KINDS) =>
  Object.fromEntries(
    objects
      .filter(({ kind }) => kinds.has(kind))
      .map((each) => [objectKey(each), each.spec])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
/** Of the text what Kubernetes says: the ground that an export does not write. */
const ground = demo
  .split("---\n")
  .filter((part) => !part.includes("kuma.io/v1alpha1"))
  .join("---\n");
const find = (resources: readonly Manifest[], kind: string, name: string) =>
  resources.find((each) => each.kind === kind && each.metadata.name === name);

test("a demo of Kuma is a design that holds together, with policies merged as Kuma merges them", () => {
  const { document } = shop;
  expect(validateDocument(document)).toEqual([]);
  expect(specOf(document, "Mesh//shop")).toMatchObject({ defaults: { mutualTls: "strict", authorization: "deny" } });
  const times = {
    timeoutMs: 3000,
    idleTimeoutMs: 3_600_000,
    retries: { attempts: 3, perTryTimeoutMs: 1000, on: ["503", "connect-failure"], backoff: { baseMs: 25 } },
  };
  expect(specOf(document, "Route/kuma-demo/kv")).toEqual({
    target: { kind: "Service", name: "kv" },
    rules: [
      {
        matches: [{ path: { type: "pathPrefix", value: "/api/v2" }, headers: [{ name: "x-beta", type: "present" }] }],
        action: { type: "forward", destinations: [{ service: { name: "kv" }, subset: "v2", port: 5050, weight: 1 }] },
        headers: { request: { set: { "x-version": "v2" } } },
        mirrors: [{ service: { name: "kv" }, subset: "v1", port: 5050, percent: 10 }],
        ...times,
      },
      {
        matches: [],
        action: {
          type: "forward",
          destinations: [
            { service: { name: "kv" }, subset: "v1", port: 5050, weight: 90 },
            { service: { name: "kv" }, subset: "v2", port: 5050, weight: 10 },
          ],
        },
        ...times,
      },
    ],
  });
  // the mesh's times hold where the service says nothing: no retries without a MeshRetry
  expect(specOf(document, "Route/kuma-demo/demo-app")).toMatchObject({
    rules: [{ timeoutMs: 10_000, retries: { attempts: 0 } }],
  });
  expect(specOf(document, "TrafficPolicy/kuma-demo/kv")).toEqual({
    service: { name: "kv" },
    connectionPool: { maxConnections: 100, maxPendingRequests: 50, connectTimeoutMs: 2000 },
    outlierDetection: {
      // detectors that are not named do not act, and Envoy's panic threshold holds
      consecutive5xxErrors: 0,
      consecutiveGatewayErrors: 5,
      intervalMs: 10_000,
      baseEjectionTimeMs: 30_000,
      maxEjectionPercent: 50,
      minHealthPercent: 50,
    },
    // with Kuma's defaults where nothing is said
    healthCheck: {
      type: "http",
      path: "/health",
      intervalMs: 10_000,
      timeoutMs: 2000,
      unhealthyThreshold: 3,
      healthyThreshold: 1,
      jitterPercent: 0,
    },
    loadBalancing: { policy: "round-robin" },
    // localityAwareness is disabled
    locality: { enabled: false },
  });
  // v1 says what the service says, v2 something else
  expect(specOf(document, "TrafficPolicy/kuma-demo/kv-v1")).toBeUndefined();
  expect(specOf(document, "TrafficPolicy/kuma-demo/kv-v2")).toMatchObject({
    subset: "v2",
    connectionPool: { maxConnections: 10 },
  });
});

test("limits of requests are the callee's here, too", () => {
  const { document } = shop;
  expect(specOf(document, "RateLimit/kuma-demo/kv")).toEqual({
    service: { name: "kv" },
    limits: [{ requests: 100, perMs: 1000 }],
  });
});

test("calls are allowed, refused and sent on as in Kuma", () => {
  const { document } = shop;
  const scene = buildScene(drawn(document, "prober", "kv"));
  const answer = (question: Question) => ask(scene, question);
  expect(answer(call("demo-app", "kv", "/")).outcome).toBe("forwarded");
  expect(
    answer(call("demo-app", "kv", "/")).destinations.map(({ subset, probability }) => [subset, probability]),
  ).toEqual([
    ["v1", 0.9],
    ["v2", 0.1],
  ]);
  expect(
    answer(call("demo-app", "kv", "/api/v2/x", { "x-beta": "1" })).destinations.map(({ subset }) => subset),
  ).toEqual(["v2"]);
  expect(answer(call("prober", "kv", "/"))).toMatchObject({ outcome: "denied", status: 403 });
  // the namespace may call demo-app
  const open = buildScene(drawn(document, "prober", "demo-app"));
  expect(ask(open, call("prober", "demo-app")).outcome).toBe("forwarded");
});

test.each(["2.x", "3.x"] as const)(
  "the demo goes out to Kuma %s as its schemas have it, and comes back the same",
  (channel) => {
    const { document } = shop;
    const made = exportDocument("kuma", document, { channel });
    expect(schemaErrors(made.resources, `kuma-${channel}`)).toEqual([]);
    const back = imported(`${ground}---\n${made.text}`);
    expect(back.warnings.filter(({ changesMeaning }) => changesMeaning)).toEqual([]);
    const withoutPermissions = new Set([...KINDS].filter((kind) => kind !== "AuthorizationPolicy"));
    // 3.x names callers by their identities
    const kinds = channel === "2.x" ? KINDS : withoutPermissions;
    expect(policies(back.document, kinds)).toEqual(policies(document, kinds));
    expect(specOf(back.document, "AuthorizationPolicy/kuma-demo/kv")).toMatchObject(
      channel === "2.x"
        ? { rules: [{ from: [{ services: [{ kind: "Service", name: "demo-app" }] }] }] }
        : { rules: [{ from: [{ principals: ["shop.mesh.local/ns/kuma-demo/sa/demo-app"] }] }] },
    );
    const scene = buildScene(drawn(drawn(withoutDrawn(back.document), "prober", "kv"), "demo-app", "kv"));
    expect(ask(scene, call("prober", "kv")).outcome).toBe("denied");
    expect(ask(scene, call("demo-app", "kv")).outcome).toBe("forwarded");
  },
);

/** Callers in Istio do not check hosts. */
/** Istio has no checks by callers, and no idle time of a rule. */
const withoutChecks = ({ objects }: MeshDocument): MeshDocument => ({
  objects: objects.map((each) => {
    if (each.kind === "TrafficPolicy") return { ...each, spec: { ...each.spec, healthCheck: undefined } };
    if (each.kind !== "Route") return each;
    const rules = each.spec.rules.map((rule) => ({ ...rule, idleTimeoutMs: undefined }));
    return { ...each, spec: { ...each.spec, rules } };
  }),
});
const withoutDrawn = ({ objects }: MeshDocument): MeshDocument => ({
  objects: objects.filter(({ kind }) => kind !== "Dependency"),
});

test("what the model has no word for comes back on export, beside what it has", () => {
  const { document } = shop;
  const { resources } = exportDocument("kuma", document, { channel: "2.x" });
  expect(find(resources, "Mesh", "default")?.spec["mtls"]).toEqual({
    enabledBackend: "ca-1",
    backends: [{ name: "ca-1", type: "builtin", dpCert: { rotation: { expiration: "1d" } } }],
  });
  expect(find(resources, "MeshHealthCheck", "kv")?.spec["to"]).toContainEqual({
    targetRef: { kind: "MeshService", name: "kv", namespace: "kuma-demo" },
    default: { failTrafficOnPanic: true },
  });
  const retries = find(resources, "MeshRetry", "kv")?.spec["to"] as { default: object }[];
  expect(retries.map((entry) => entry.default)).toEqual([
    {
      http: {
        numRetries: 3,
        perTryTimeout: "1s",
        retryOn: ["503", "ConnectFailure"],
        backOff: { baseInterval: "25ms" },
      },
    },
  ]);
  const route = find(resources, "MeshHTTPRoute", "kv")?.spec["to"] as {
    rules: { default: { filters?: { type: string }[] } }[];
  }[];
  expect(route[0]?.rules[0]?.default.filters?.map(({ type }) => type)).toEqual([
    "RequestHeaderModifier",
    "RequestMirror",
  ]);
  // what the mesh's times say is all in the routes' own
  expect(find(resources, "MeshTimeout", "all")).toBeUndefined();
});

test("the demo goes out to Istio, and from there back to Kuma, as the same design", () => {
  const { document } = shop;
  const istio = exportDocument("istio", document);
  expect(schemaErrors(istio.resources, "istio")).toEqual([]);
  const moved = importedFrom("auto", [{ text: `${ground}---\n${istio.text}` }]);
  const kuma = exportDocument("kuma", withDefaults(moved.document, document), { channel: "3.x" });
  expect(schemaErrors(kuma.resources, "kuma-3.x")).toEqual([]);
  const back = imported(`${ground}---\n${kuma.text}`).document;
  const kinds = new Set(["Mesh", "Route", "TrafficPolicy", "Subset"]);
  expect(policies(back, kinds)).toEqual(policies(withoutChecks(document), kinds));
  const scene = buildScene(drawn(drawn(withoutDrawn(back), "prober", "kv"), "demo-app", "kv"));
  expect(ask(scene, call("prober", "kv")).outcome).toBe("denied");
  expect(ask(scene, call("demo-app", "kv")).outcome).toBe("forwarded");
});

/** Istio's text does not say what holds without a policy. */
const withDefaults = (document: MeshDocument, from: MeshDocument): MeshDocument => ({
  objects: document.objects.map((each) => {
    const mesh = from.objects.find(({ kind }) => kind === "Mesh");
    return each.kind === "Mesh" && mesh?.kind === "Mesh" ? mesh : each;
  }),
});

test("bad input is named with its place", () => {
  const text = valuesToYaml([
    {
      apiVersion: "kuma.io/v1alpha1",
      kind: "MeshTimeout",
      metadata: { name: "bad", namespace: "shop" },
      spec: {
        to: [
          { targetRef: { kind: "MeshService", name: "kv" }, default: { http: { requestTimeout: 15 } } },
          { default: {} },
        ],
      },
    },
    {
      apiVersion: "kuma.io/v1alpha1",
      kind: "MeshTrafficPermission",
      metadata: { name: "bad", namespace: "shop" },
      spec: {
        from: [{ targetRef: { kind: "Mesh" }, default: { action: "Perhaps" } }],
        rules: [{ default: { allow: [{ spiffeID: { type: "Suffix", value: "x" } }] } }],
      },
    },
    {
      apiVersion: "kuma.io/v1alpha1",
      kind: "MeshHTTPRoute",
      metadata: { name: "bad", namespace: "shop" },
      spec: {
        to: [
          {
            targetRef: { kind: "MeshService", name: "kv" },
            rules: [{ matches: [{ path: { type: "Glob", value: "/*" } }], default: {} }, { default: {} }],
          },
        ],
      },
    },
    { apiVersion: "kuma.io/v1", kind: "MeshRetry", metadata: { name: "new", namespace: "shop" }, spec: {} },
  ]);
  const { violations, commands } = importDocuments("kuma", [{ text, file: "bad.yaml" }], {
    document: emptyMesh("shop"),
  });
  expect(commands).toEqual([]);
  expect(violations.map(({ path, message }) => `${path}: ${message}`).sort()).toEqual([
    "MeshHTTPRoute shop/bad#spec.to[0].rules[0].matches[0].path.type: is unknown",
    "MeshHTTPRoute shop/bad#spec.to[0].rules[1].matches: is missing",
    'MeshTimeout shop/bad#spec.to[0].default.http.requestTimeout: must be a duration like "30s"',
    "MeshTimeout shop/bad#spec.to[1].targetRef: is missing",
    "MeshTrafficPermission shop/bad#spec.from[0].default.action: is unknown: Perhaps",
    "MeshTrafficPermission shop/bad#spec.rules[0].default.allow[0].spiffeID.type: is missing or unknown",
    "apiVersion: has the unknown version v1",
  ]);
  expect(violations.every(({ line, file }) => line !== undefined && line > 0 && file === "bad.yaml")).toBe(true);
});

// What goes out to Consul: the seed with its losses, limits at the callers, shares as splitters, and who may call as intentions.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { API_VERSION, type MeshDocument, type MeshObject } from "@/lib/mesh";
import { exportDocument } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported } from "../testing/imported";
import { hundredths } from "./export-splits";

const seed = readFileSync(new URL("../istio/fixtures/seed.yaml", import.meta.url), "utf8");
const object = (kind: MeshObject["kind"], name: string, spec: object, namespace = "production") =>
  ({ apiVersion: API_VERSION, kind, metadata: { name, namespace }, spec }) as MeshObject;
const service = (name: string, protocol = "http", namespace = "production") =>
  object("Service", name, { ports: [{ name: protocol, port: 80, protocol }] }, namespace);
const workload = (name: string, version: string, serviceAccount = name) =>
  object("Workload", `${name}-${version}`, { service: name, version, serviceAccount });
const mesh = (authorization: string): MeshObject =>
  ({
    apiVersion: API_VERSION,
    kind: "Mesh",
    metadata: { name: "shop" },
    spec: { trustDomain: "shop.mesh.local", defaults: { mutualTls: "strict", authorization }, certificateTtlHours: 24 },
  }) as MeshObject;
const line = (from: string, to: string, kind = "Service") =>
  object("Dependency", `${from}-to-${to}`, { from: { kind, name: from }, to: { kind: "Service", name: to } });
const policy = (name: string, spec: object) =>
  object("AuthorizationPolicy", name, { target: { service: "b" }, ...spec });

function written(document: MeshDocument) {
  const made = exportDocument("consul", document);
  expect(schemaErrors(made.resources, "consul")).toEqual([]);
  const spec = (kind: string, name: string) =>
    made.resources.find((each) => each.kind === kind && each.metadata.name === name)?.spec;
  const told = made.report
    .filter(({ changesMeaning }) => changesMeaning)
    .map(({ key, path, reason }) => `${key} ${path}: ${reason}`);
  return { ...made, spec, told, sources: (name: string) => spec("ServiceIntentions", name)?.["sources"] };
}

test("the seed goes out with its limits at the caller, and the report names what is lost on the way", () => {
  const { document } = imported("istio", [{ text: seed }]);
  const drawn = { objects: [...document.objects, service("checkout"), line("checkout", "payment-service")] };
  const out = written(drawn);
  const verdicts = ({ report }: typeof out) =>
    Object.fromEntries(
      report
        .filter(({ key }) => key === "TrafficPolicy/production/payment-service")
        .map(({ path, verdict }) => [path.replace("spec.", ""), verdict]),
    );
  expect(verdicts(out)).toEqual({
    "connectionPool.maxConnections": "exact",
    "connectionPool.maxPendingRequests": "exact",
    "connectionPool.maxRequestsPerConnection": "lost",
    "outlierDetection.legacyConsecutiveErrors": "approximate",
    "outlierDetection.intervalMs": "exact",
    "outlierDetection.baseEjectionTimeMs": "exact",
  });
  const of = (kind: string) => out.report.filter(({ key }) => key.startsWith(`${kind}/`)).map(({ verdict }) => verdict);
  expect(of("Route")).toEqual(["exact", "exact"]);
  expect(of("Subset")).toEqual(["exact", "exact"]);
  expect(out.spec("ServiceDefaults", "checkout")).toMatchObject({
    upstreamConfig: {
      overrides: [
        {
          name: "payment-service",
          limits: { maxConnections: 100, maxPendingRequests: 50 },
          passiveHealthCheck: { interval: "30s", maxFailures: 5, baseEjectionTime: "30s" },
        },
      ],
    },
  });
  expect(out.spec("ServiceRouter", "payment-service")).toMatchObject({
    routes: [
      {
        match: { http: { header: [{ name: "x-user-type", exact: "beta-tester" }] } },
        // the design has no limit of time, Consul's is 15 s
        destination: { serviceSubset: "v2", requestTimeout: "-1s" },
      },
      { destination: { requestTimeout: "-1s" } },
    ],
  });
  expect(out.spec("ServiceSplitter", "payment-service")).toEqual({
    splits: [
      { weight: 90, serviceSubset: "v1" },
      { weight: 10, serviceSubset: "v2" },
    ],
  });
  // without a caller there is nobody to say the limits
  expect(Object.values(verdicts(written(document))).every((verdict) => verdict === "lost")).toBe(true);
});

test("shares are hundredths of 100; rules that need the service as a whole get splitters of their own", () => {
  expect(hundredths([1, 2])).toEqual({ weights: [33.33, 66.67], isExact: false });
  expect(hundredths([9, 1])).toEqual({ weights: [90, 10], isExact: true });
  expect(hundredths([1, 1, 1]).weights.reduce((a, b) => a + b, 0)).toBeCloseTo(100, 6);
  const to = (...weights: [string | undefined, number][]) => ({
    type: "forward",
    destinations: weights.map(([subset, weight]) => ({
      service: { name: "a" },
      ...(subset ? { subset } : {}),
      weight,
    })),
  });
  const subset = (name: string) =>
    object("Subset", `a-${name}`, { service: { name: "a" }, name, labels: { version: name } });
  const path = (value: string) => [{ path: { type: "pathPrefix", value } }];
  const out = written({
    objects: [
      mesh("drawn"),
      service("a"),
      subset("v1"),
      subset("v2"),
      object("Route", "a", {
        target: { kind: "Service", name: "a" },
        rules: [
          { matches: path("/whole"), action: to([undefined, 1]), rewrite: { path: "/" } },
          { matches: path("/half"), action: to(["v1", 1], ["v2", 1]) },
          { matches: [], action: to(["v1", 1], ["v2", 2]) },
        ],
      }),
    ],
  });
  const routes = out.spec("ServiceRouter", "a")?.["routes"] as { match?: { http: object }; destination: object }[];
  expect(routes.map(({ match }) => match?.http)).toEqual([
    { pathExact: "/whole" },
    { pathPrefix: "/whole/" },
    { pathExact: "/half" },
    { pathPrefix: "/half/" },
    undefined,
  ]);
  expect(routes.map(({ destination }) => destination)).toMatchObject([
    { prefixRewrite: "/" },
    { prefixRewrite: "/" },
    { service: "a-split" },
    { service: "a-split" },
    { service: "a-split-2" },
  ]);
  expect(out.spec("ServiceDefaults", "a-split-2")).toEqual({ protocol: "http" });
  expect(out.spec("ServiceSplitter", "a")).toBeUndefined();
});

test("what Consul has no word for is told before all else", () => {
  const out = written({
    objects: [
      mesh("drawn"),
      service("a"),
      service("a", "http", "other"),
      object("Namespace", "other", {}),
      object("Route", "a", {
        target: { kind: "Service", name: "a" },
        rules: [
          { matches: [{ path: { type: "exact", value: "/old" } }], action: { type: "redirect", path: "/new" } },
          {
            matches: [{ path: { type: "exact", value: "/x" } }],
            action: { type: "forward", destinations: [{ service: { name: "a" }, weight: 1 }] },
            rewrite: { host: "other.example" },
            retries: { attempts: 2, perTryTimeoutMs: 100, on: ["5xx"] },
            fault: { abort: { percent: 1, httpStatus: 500 } },
          },
        ],
      }),
      object("MutualTls", "a", { target: { service: "a" }, mode: "disable" }),
      object("TrustBoundary", "pci", { members: [] }),
    ],
  });
  expect(out.told.map((each) => each.split(":")[0])).toEqual([
    "MutualTls/production/a spec.mode",
    "Route/production/a spec.rules[0]",
    "Route/production/a spec.rules[1]",
    "Route/production/a spec.rules[1]",
    "Route/production/a spec.rules[1]",
    "Route/production/a spec.rules",
    "Service/other/a metadata.name",
  ]);
});

test("drawn callers and policies are one intention for each service, closed to everybody else", () => {
  const out = written({
    objects: [
      mesh("drawn"),
      service("a"),
      service("b"),
      service("c"),
      line("a", "b"),
      policy("read", {
        action: "allow",
        rules: [{ from: [{ services: [{ kind: "Service", name: "c" }] }], to: [{ methods: ["GET"] }] }],
      }),
      policy("no-admin", { action: "deny", rules: [{ to: [{ paths: ["/admin*"] }] }] }),
    ],
  });
  const admin = { action: "deny", http: { pathPrefix: "/admin" } };
  expect(out.sources("b")).toEqual([
    {
      name: "c",
      permissions: [
        admin,
        { action: "allow", http: { methods: ["GET"] } },
        { action: "deny", http: { pathPrefix: "/" } },
      ],
    },
    { name: "a", permissions: [admin, { action: "allow", http: { pathPrefix: "/" } }] },
    { name: "*", action: "deny" },
  ]);
  expect(out.sources("everything")).toEqual([{ name: "*", action: "deny" }]);
  expect(out.told).toEqual([]);
});

test("nobody is let in whom the design refuses: what cannot be asked refuses more, and is told", () => {
  const id = (account: string) => `shop.mesh.local/ns/production/sa/${account}`;
  const out = written({
    objects: [
      mesh("deny"),
      service("a"),
      service("b"),
      workload("a", "v1"),
      workload("a", "v2", "robot"),
      policy("some", { action: "allow", rules: [{ from: [{ principals: [id("robot")] }] }] }),
      policy("host", { action: "allow", rules: [{ to: [{ hosts: ["x.example"] }] }] }),
      policy("not", { action: "deny", rules: [{ from: [{ principals: [id("a")] }], to: [{ hosts: ["y.example"] }] }] }),
      policy("header", {
        action: "allow",
        rules: [{ to: [{ headers: [{ name: "x-env", type: "exact", values: ["prod", "test"], invert: true }] }] }],
      }),
    ],
  });
  expect(out.sources("b")).toEqual([
    { name: "a", action: "deny" },
    {
      name: "*",
      permissions: [
        { action: "allow", http: { header: [{ name: "x-env", regex: "prod|test", invert: true }] } },
        { action: "allow", http: { header: [{ name: "x-env", present: true, invert: true }] } },
        { action: "deny", http: { pathPrefix: "/" } },
      ],
    },
  ]);
  expect(out.told.map((each) => each.split(":")[0])).toEqual([
    "AuthorizationPolicy/production/some spec.rules[0].from",
    "AuthorizationPolicy/production/host spec.rules[0].to",
    "AuthorizationPolicy/production/not spec.rules[0].to",
    "AuthorizationPolicy/production/not spec.rules[0].from",
  ]);
});

test("in an open mesh only what a policy names is closed", () => {
  const out = written({
    objects: [
      mesh("allow"),
      service("a"),
      service("b"),
      policy("not-a", { action: "deny", rules: [{ from: [{ services: [{ kind: "Service", name: "a" }] }] }] }),
    ],
  });
  expect(out.sources("everything")).toEqual([{ name: "*", action: "allow" }]);
  expect(out.sources("b")).toEqual([
    { name: "a", action: "deny" },
    { name: "*", action: "allow" },
  ]);
  expect(out.sources("a")).toBeUndefined();
});

test("a gateway leads to a service with its rules; ways out are intentions of what is outside", () => {
  const out = written({
    objects: [
      mesh("drawn"),
      service("a"),
      object("Gateway", "edge", {
        type: "ingress",
        listeners: [{ name: "http", port: 80, protocol: "http", hosts: ["shop.example"] }],
      }),
      line("edge", "a", "Gateway"),
      object("ExternalService", "carrier", {
        hosts: ["api.carrier.example"],
        ports: [{ name: "https", port: 443, protocol: "tcp" }],
      }),
      object("Egress", "carrier", {
        from: [{ kind: "Service", name: "a" }],
        to: { kind: "ExternalService", name: "carrier" },
      }),
    ],
  });
  expect(out.spec("IngressGateway", "edge")).toEqual({
    listeners: [{ port: 80, protocol: "http", services: [{ name: "a", hosts: ["shop.example"] }] }],
  });
  expect(out.sources("a")).toEqual([
    { name: "edge", action: "allow" },
    { name: "*", action: "deny" },
  ]);
  expect(out.sources("carrier")).toEqual([
    { name: "a", action: "allow" },
    { name: "*", action: "deny" },
  ]);
  expect(out.spec("ServiceDefaults", "carrier")).toMatchObject({
    destination: { addresses: ["api.carrier.example"], port: 443 },
  });
});

test("what Consul refuses is not written: a rewrite of an expression, a chain of several protocols, odd names", () => {
  const to = (name: string) => ({ type: "forward", destinations: [{ service: { name }, weight: 1 }] });
  const path = (type: string, value: string) => [{ path: { type, value } }];
  const out = written({
    objects: [
      mesh("drawn"),
      service("a"),
      service("b", "grpc"),
      object("Subset", "a-v1", { service: { name: "a" }, name: "v1", labels: { "app.kubernetes.io/part": "1.2" } }),
      object("Route", "a", {
        target: { kind: "Service", name: "a" },
        rules: [
          { matches: path("regex", "/x.*"), action: to("a"), rewrite: { path: "/y" }, timeoutMs: 1500 },
          { matches: path("exact", "/b"), action: to("b") },
          { matches: [], action: to("a"), timeoutMs: 15_000, retries: { attempts: 0 } },
        ],
      }),
    ],
  });
  expect(out.spec("ServiceRouter", "a")?.["routes"]).toMatchObject([
    { match: { http: { pathRegex: "/x.*" } }, destination: { requestTimeout: "1500ms" } },
    { destination: { requestTimeout: "15s" } },
  ]);
  expect(out.spec("ServiceResolver", "a")).toEqual({
    subsets: { v1: { filter: 'Service.Meta.app_kubernetes_io_part == "1.2"' } },
  });
  expect(out.told).toEqual([
    expect.stringContaining("Consul replaces exact paths and prefixes"),
    expect.stringContaining("Consul takes no chain of several protocols, and b speaks another one"),
  ]);
});

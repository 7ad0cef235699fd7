import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type MeshDocument, objectKey, validateDocument } from "@/lib/mesh";
import { ask, buildScene, type Question } from "@/lib/simulate";
import { exportDocument } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported, specOf } from "../testing/imported";

const text = readFileSync(new URL("fixtures/shop.yaml", import.meta.url), "utf8");
const shop = imported("consul", [{ text, file: "shop.yaml" }]);
/** Of the text what Kubernetes says: the ground that an export does not write. */
const ground = text
  .split("---\n")
  .filter((part) => !part.includes("consul.hashicorp.com/v1alpha1"))
  .join("---\n");
const call = (workload: string, host: string, path = "/", more: Partial<Question> = {}): Question => ({
  from: { kind: "workload", workload: `Workload/shop/${workload}` },
  to: { host },
  method: "GET",
  path,
  headers: {},
  ...more,
});
const KINDS = ["Route", "TrafficPolicy", "AuthorizationPolicy", "RateLimit", "Subset", "Gateway", "Egress", "Mesh"];
const policies = ({ objects }: MeshDocument, kinds = KINDS) =>
  Object.fromEntries(
    objects
      .filter(({ kind }) => kinds.includes(kind))
      .map((each) => [objectKey(each), each.spec])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );

test("a shop on Consul is a design that holds together, with the chain of each service as its rules", () => {
  const { document } = shop;
  expect(validateDocument(document)).toEqual([]);
  expect(specOf(document, "Mesh//shop")).toMatchObject({ defaults: { mutualTls: "strict", authorization: "deny" } });
  const split = [
    { service: { name: "api" }, subset: "v1", weight: 90 },
    { service: { name: "api" }, subset: "v2", weight: 10 },
  ];
  expect(specOf(document, "Route/shop/api")).toEqual({
    target: { kind: "Service", name: "api" },
    rules: [
      {
        matches: [{ path: { type: "prefix", value: "/admin" } }],
        action: { type: "forward", destinations: [{ service: { name: "admin" }, weight: 100 }] },
        timeoutMs: 60_000,
        idleTimeoutMs: 300_000,
        retries: { attempts: 0 },
        rewrite: { path: "/" },
      },
      {
        matches: [{ headers: [{ name: "x-user-type", type: "exact", value: "beta-tester" }] }],
        action: { type: "forward", destinations: [{ service: { name: "api" }, subset: "v2", weight: 100 }] },
        timeoutMs: 15_000,
        retries: { attempts: 3, on: ["connect-failure", "503"] },
      },
      {
        matches: [{ methods: ["GET", "HEAD"], query: [{ name: "slow", type: "present" }] }],
        action: { type: "forward", destinations: split },
        retries: { attempts: 0 },
        headers: { response: { set: { "x-slow": "yes" } } },
      },
      {
        matches: [],
        action: { type: "forward", destinations: split },
        timeoutMs: 15_000,
        retries: { attempts: 0 },
      },
    ],
  });
  expect(specOf(document, "TrafficPolicy/shop/api")).toMatchObject({
    connectionPool: { maxConnections: 100, maxPendingRequests: 50, maxRequests: 200, connectTimeoutMs: 2000 },
    outlierDetection: { consecutive5xxErrors: 5, intervalMs: 30_000, maxEjectionPercent: 50 },
    loadBalancing: { policy: "least-request" },
  });
  expect(specOf(document, "RateLimit/shop/api")).toMatchObject({ limits: [{ requests: 5 }, { burst: 150 }] });
  expect(specOf(document, "Egress/shop/payments")).toMatchObject({ from: [{ kind: "Service", name: "api" }] });
  expect(specOf(document, "Service/shop/db")).toMatchObject({ ports: [{ name: "pg", protocol: "tcp" }] });
});

test("the shop answers as Consul does: the first permission decides, a version by header, the rest in shares", () => {
  const scene = buildScene(shop.document);
  const outcome = (question: Question) => ask(scene, question).outcome;
  expect(outcome(call("web", "api"))).toBe("forwarded");
  expect(outcome(call("web", "api", "/internal/keys"))).toBe("denied");
  expect(outcome(call("web", "admin"))).toBe("forwarded");
  // a route to another service asks the intentions of that one
  expect(ask(scene, call("web", "api", "/admin/users")).destinations.map(({ service }) => service)).toEqual([
    "Service/shop/admin",
  ]);
  const shares = (question: Question) =>
    ask(scene, question).destinations.map(({ subset, probability }) => [subset, probability]);
  expect(shares(call("web", "api"))).toEqual([
    ["v1", 0.9],
    ["v2", 0.1],
  ]);
  expect(shares(call("web", "api", "/", { headers: { "x-user-type": "beta-tester" } }))).toEqual([["v2", 1]]);
  const outside: Question = { ...call("web", "shop.example"), from: { kind: "outside", gateway: "Gateway/shop/edge" } };
  expect(outcome(outside)).toBe("forwarded");
});

test("what the model has no word for is told with its place, and comes back on export", () => {
  const told = shop.warnings.map(
    ({ source, path, changesMeaning }) => `${changesMeaning ? "! " : ""}${source} ${path}`,
  );
  expect(told).toEqual(
    expect.arrayContaining([
      "! ServiceIntentions shop/api spec.sources[1].permissions[1]",
      "! ServiceResolver shop/api spec.failover",
      "! ServiceDefaults shop/web spec.upstreamConfig",
      "! JWTProvider consul/okta kind",
      "Mesh consul/mesh spec.tls",
      "ServiceDefaults shop/api spec.maxInboundConnections",
    ]),
  );
  const made = exportDocument("consul", shop.document);
  expect(schemaErrors(made.resources, "consul")).toEqual([]);
  const spec = (kind: string, name: string) =>
    made.resources.find((each) => each.kind === kind && each.metadata.name === name)?.spec;
  expect(spec("ServiceRouter", "api")).toMatchObject({
    routes: [{ destination: { service: "admin", idleTimeout: "300s" } }, {}, {}, {}],
  });
  expect(spec("ServiceSplitter", "api")).toEqual({
    splits: [
      { weight: 90, serviceSubset: "v1" },
      { weight: 10, serviceSubset: "v2" },
    ],
  });
  expect(spec("ServiceResolver", "api")).toMatchObject({
    failover: { v2: { serviceSubset: "v1" } },
    subsets: { v2: { filter: "Service.Meta.version == v2", onlyPassing: true } },
    loadBalancer: { policy: "least_request", leastRequestConfig: { choiceCount: 3 } },
  });
  expect(spec("ServiceDefaults", "web")).toMatchObject({
    upstreamConfig: { overrides: [{ name: "api", limits: { maxConnections: 100 }, meshGateway: { mode: "local" } }] },
  });
  expect(spec("ServiceDefaults", "api")).toMatchObject({ balanceInboundConnections: "exact_balance" });
  expect(spec("Mesh", "mesh")).toMatchObject({ tls: { incoming: { tlsMinVersion: "TLSv1_2" } } });
  // what import refuses for want of words is allowed again there
  expect(made.report.find(({ key, changesMeaning }) => key === "Service/shop/api" && changesMeaning)).toMatchObject({
    changesMeaning: true,
    reason: expect.stringContaining("allows calls that the design refuses") as string,
  });
  expect(spec("ServiceIntentions", "api")).toMatchObject({
    sources: [
      { name: "web", permissions: [{ action: "deny", http: { pathPrefix: "/internal" } }, { action: "allow" }] },
      {
        name: "reports",
        description: "reads, and nothing else",
        permissions: [
          { action: "allow", http: { pathExact: "/export" }, jwt: { providers: [{ name: "okta" }] } },
          { action: "allow", http: { pathPrefix: "/reports", methods: ["GET"] } },
          { action: "deny", http: { pathPrefix: "/" } },
        ],
      },
      { name: "*", action: "deny" },
    ],
  });
});

test("what went out to Consul comes in as the same design", () => {
  const made = exportDocument("consul", shop.document);
  const back = imported("consul", [{ text: `${ground}---\n${made.text}` }]);
  expect(validateDocument(back.document)).toEqual([]);
  // the gateway's own headers are in a router of their own
  const own = (document: MeshDocument) =>
    Object.fromEntries(Object.entries(policies(document)).filter(([key]) => !key.includes("edge")));
  expect(own(back.document)).toEqual(own(shop.document));
  expect(exportDocument("consul", back.document).resources.length).toBeGreaterThanOrEqual(made.resources.length);
});

test("the shop goes out to Istio, and calls have the same answers there", () => {
  const istio = exportDocument("istio", shop.document);
  expect(schemaErrors(istio.resources, "istio")).toEqual([]);
  const moved = imported("auto", [{ text: `${ground}---\n${istio.text}` }]);
  // a manifest of Istio draws nothing
  const lines = shop.document.objects.filter(({ kind }) => kind === "Dependency");
  const drawn = { objects: [...moved.document.objects, ...lines] };
  const [here, there] = [buildScene(shop.document), buildScene(drawn)];
  const questions = [
    call("web", "api"),
    call("web", "api", "/internal"),
    call("web", "admin"),
    call("api-v1", "admin"),
    call("web", "api", "/", { headers: { "x-user-type": "beta-tester" } }),
    call("web", "api", "/admin/x", { method: "POST" }),
  ];
  for (const question of questions) {
    const [expected, answer] = [ask(here, question), ask(there, question)];
    expect([question.path, answer.outcome]).toEqual([question.path, expected.outcome]);
    if (expected.outcome !== "forwarded") continue;
    const shares = ({ destinations }: typeof answer) =>
      destinations.map(({ service, subset, probability }) => [service, subset, probability.toFixed(4)]);
    expect(shares(answer)).toEqual(shares(expected));
  }
});

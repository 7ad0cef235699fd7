import { expect, test } from "vitest";
import { emptyMesh } from "@/lib/mesh";
import { importDocuments } from "..";
import { takesAnyValue } from "../testing/any-value";
import { imported, specOf } from "../testing/imported";
import { spelled } from "./documents";

const resource = (kind: string, name: string, spec: string) =>
  `---\napiVersion: consul.hashicorp.com/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;
const TEXT = [
  resource(
    "ServiceDefaults",
    "api",
    "{protocol: http, upstreamConfig: {overrides: [{name: db, limits: {maxConnections: 3}}]}}",
  ),
  resource("ServiceResolver", "api", "{subsets: {v1: {filter: Service.Meta.version == v1}}, requestTimeout: 3s}"),
  resource("ServiceSplitter", "api", "{splits: [{weight: 60, serviceSubset: v1}, {weight: 40, service: db}]}"),
  resource("ServiceRouter", "api", "{routes: [{match: {http: {pathPrefix: /a}}, destination: {service: db}}]}"),
  resource(
    "ServiceIntentions",
    "api",
    "{destination: {name: api}, sources: [{name: web, permissions: [{action: allow, http: {pathExact: /a}}]}]}",
  ),
  resource("IngressGateway", "edge", "{listeners: [{port: 80, protocol: http, services: [{name: api}]}]}"),
].join("");

test.each([
  ["ServiceDefaults", "{protocol: gopher}", "spec.protocol"],
  ["ServiceDefaults", "{upstreamConfig: {overrides: [{limits: {}}]}}", "spec.upstreamConfig.overrides[0].name"],
  [
    "ServiceDefaults",
    "{upstreamConfig: {defaults: {limits: {maxConnections: ten}}}}",
    "spec.upstreamConfig.defaults.limits.maxConnections",
  ],
  ["ServiceRouter", "{routes: {}}", "spec.routes"],
  ["ServiceRouter", "{routes: [{match: {http: {pathExact: /a, pathPrefix: /b}}}]}", "spec.routes[0].match.http"],
  ["ServiceRouter", "{routes: [{match: {http: {header: [{name: x}]}}}]}", "spec.routes[0].match.http.header[0]"],
  ["ServiceRouter", "{routes: [{destination: {requestTimeout: soon}}]}", "spec.routes[0].destination.requestTimeout"],
  ["ServiceSplitter", "{splits: [{weight: 50}]}", "spec.splits"],
  ["ServiceResolver", "{subsets: []}", "spec.subsets"],
  ["ServiceIntentions", "{sources: [{name: web}]}", "spec.sources[0].action"],
  ["ServiceIntentions", "{sources: [{action: allow}]}", "spec.sources[0].name"],
  ["ServiceIntentions", "{sources: [{name: web, action: allow, permissions: []}]}", "spec.sources[0].action"],
  [
    "ServiceIntentions",
    "{sources: [{name: web, permissions: [{action: maybe}]}]}",
    "spec.sources[0].permissions[0].action",
  ],
  ["ProxyDefaults", "{config: {protocol: http}}", "spec"],
  ["IngressGateway", "{listeners: [{protocol: http}]}", "spec.listeners[0].port"],
])("a %s like %s is a problem at %s, with its line", (kind, spec, path) => {
  const text = resource(kind, "bad", spec);
  const { violations, commands } = importDocuments("consul", [{ text, file: "bad.yaml" }], {
    document: emptyMesh("shop"),
  });
  expect(violations[0]).toMatchObject({ path: `${kind} shop/bad#${path}`, file: "bad.yaml", line: 5 });
  expect(violations[0]?.fix).not.toBe("");
  expect(commands).toEqual([]);
});

const NATIVE = [
  {
    Kind: "service-router",
    Name: "api",
    CreateIndex: 7,
    Routes: [
      {
        Match: { HTTP: { PathPrefix: "/a", Header: [{ Name: "x-Env", Exact: "Prod" }] } },
        Destination: { Service: "db", RequestTimeout: "7s", RequestHeaders: { Set: { "X-Some_Name": "1" } } },
      },
    ],
  },
  { kind: "service-defaults", name: "api", protocol: "http", mutual_tls_mode: "permissive" },
  { Kind: "proxy-defaults", Name: "global", Config: { protocol: "http", envoy_prometheus_bind_addr: "0.0.0.0:9102" } },
  {
    Kind: "service-intentions",
    Name: "api",
    Sources: [{ Name: "web", Action: "allow", Precedence: 9, Type: "consul", LegacyID: "" }],
  },
];

test("native entries are read in both spellings, with their own place told where they are wrong", () => {
  const { document, kept } = imported("auto", [{ text: JSON.stringify(NATIVE) }]);
  expect(specOf(document, "Route/default/api")).toMatchObject({
    rules: [
      {
        matches: [{ path: { value: "/a" }, headers: [{ name: "x-Env", value: "Prod" }] }],
        timeoutMs: 7000,
        headers: { request: { set: { "X-Some_Name": "1" } } },
      },
      { matches: [] },
    ],
  });
  expect(specOf(document, "MutualTls/default/api")).toMatchObject({ mode: "permissive" });
  expect(specOf(document, "AuthorizationPolicy/default/api")).toMatchObject({ action: "allow" });
  expect(kept.map(({ value }) => value)).toMatchObject([
    { kind: "ProxyDefaults", spec: { config: { envoy_prometheus_bind_addr: "0.0.0.0:9102" } } },
  ]);
  const bad =
    '{\n "Kind": "service-router",\n "Name": "api",\n "Routes": [\n  {"Destination": {\n   "RequestTimeout": "soon"}}]}';
  const { violations } = importDocuments("consul", [{ text: bad }], { document: emptyMesh("shop") });
  expect(violations).toMatchObject([{ path: expect.stringContaining("requestTimeout") as string, line: 6 }]);
  const names = ["TLSMinVersion", "HTTP", "SourceIP", "CAFile", "external_sni", "PathExact", "num_retries", "JWT"];
  expect(names.map(spelled)).toEqual([
    "tlsMinVersion",
    "http",
    "sourceIP",
    "caFile",
    "externalSNI",
    "pathExact",
    "numRetries",
    "jwt",
  ]);
});

test("HCL is refused with what to do", () => {
  const text = 'Kind = "service-router"\nName = "api"\nRoutes = [\n  {\n    Destination { Service = "db" }\n  }\n]\n';
  const { violations } = importDocuments("auto", [{ text, file: "router.hcl" }], { document: emptyMesh("shop") });
  expect(violations).toMatchObject([
    {
      path: "router.hcl",
      line: 1,
      message: "is HCL, which is not read",
      fix: expect.stringContaining("consul config read") as string,
    },
  ]);
});

test("no value at any place makes reading or writing throw, and what is read can be applied", () => {
  takesAnyValue("consul", TEXT, ["*", "deny", "a/b", "", 0, "web", -1]);
}, 30_000);

// Who Istio asks: providers of the mesh configuration, policies with CUSTOM, and both of them out again.
import { expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { applyCommand, demoMesh, type MeshDocument, type MeshObject, validateDocument } from "@/lib/mesh";
import { exportDocument, importDocuments } from "..";
import { importIstio } from "./import";

const GRPC = {
  service: "ext-authz.platform.svc.cluster.local",
  port: 9000,
  timeout: "2s",
  failOpen: true,
  statusOnError: "503",
};
const HTTP = {
  service: "production/oauth",
  port: 8000,
  pathPrefix: "/check",
  includeRequestHeadersInCheck: ["cookie", "x-*"],
  includeAdditionalHeadersInCheck: { "x-from": "mesh" },
  headersToUpstreamOnAllow: ["x-user"],
  headersToDownstreamOnDeny: ["set-cookie"],
  headersToDownstreamOnAllow: ["x-told"],
  includeRequestBodyInCheck: { maxRequestBytes: 1024, allowPartialMessage: true },
};
const extensionProviders = [
  { name: "by-grpc", envoyExtAuthzGrpc: GRPC },
  { name: "by-http", envoyExtAuthzHttp: HTTP },
  { name: "otel", opentelemetry: { service: "otel", port: 4317 } },
];
const custom = (provider: object | undefined, more: object = {}) => ({
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "ask", namespace: "production", ...more },
  spec: {
    selector: { matchLabels: { app: "catalog" } },
    action: "CUSTOM",
    ...(provider ? { provider } : {}),
    rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }],
  },
});

function read(...documents: object[]) {
  const document = demoMesh();
  const result = importIstio(documents.map((each) => stringify(each)).join("---\n"), { document });
  const applied = applyCommand(document, {}, { type: "batch", commands: result.commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return { ...result, document: applied.document };
}
const authorizersOf = ({ objects }: MeshDocument) =>
  objects.flatMap((each) => (each.kind === "Mesh" ? (each.spec.authorizers ?? []) : []));

const CONFIG_MAP = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "istio", namespace: "istio-system" },
  data: { mesh: stringify({ ingressClass: "istio", extensionProviders }) },
};

test("a provider is an authorizer of the mesh, and a policy with CUSTOM names it", () => {
  const { document, warnings } = read(CONFIG_MAP, custom({ name: "by-grpc" }));
  expect(validateDocument(document)).toEqual([]);
  expect(authorizersOf(document)).toEqual([
    {
      name: "by-grpc",
      address: { target: { kind: "Service", namespace: "platform", name: "ext-authz" }, port: 9000, protocol: "grpc" },
      timeoutMs: 2000,
      whenAway: "allow",
      statusOnError: 503,
    },
    {
      name: "by-http",
      address: {
        target: { kind: "Service", namespace: "production", name: "oauth" },
        port: 8000,
        protocol: "http",
        pathPrefix: "/check",
      },
      requestHeaders: ["cookie", "x-*"],
      addedHeaders: [{ name: "x-from", value: "mesh" }],
      upstreamHeaders: ["x-user"],
      allowedResponseHeaders: ["x-told"],
      deniedResponseHeaders: ["set-cookie"],
      body: { maxBytes: 1024, allowPartial: true },
    },
  ]);
  const policy = document.objects.find(({ kind }) => kind === "AuthorizationPolicy");
  expect(policy?.spec).toEqual({
    target: { service: "catalog" },
    action: "custom",
    authorizer: "by-grpc",
    rules: [{ to: [{ paths: ["/admin*"] }] }],
  });
  expect(warnings.filter(({ changesMeaning }) => changesMeaning)).toEqual([]);
  expect(warnings.map(({ message }) => message)).toContainEqual(expect.stringContaining("ingressClass"));
});

test.each([
  [
    "an IstioOperator",
    {
      apiVersion: "install.istio.io/v1alpha1",
      kind: "IstioOperator",
      metadata: { name: "x" },
      spec: { meshConfig: { extensionProviders } },
    },
  ],
  ["Helm values", { meshConfig: { extensionProviders } }],
  ["the configuration by itself", { extensionProviders }],
])("%s says the same as the ConfigMap", (_, config) => {
  expect(authorizersOf(read(config).document)).toEqual(authorizersOf(read(CONFIG_MAP).document));
});

test("a provider that nobody described is known by name, which is told as a change of meaning", () => {
  const { document, warnings } = read(custom({ name: "sample" }));
  expect(validateDocument(document)).toEqual([]);
  expect(authorizersOf(document)).toEqual([{ name: "sample" }]);
  const [told] = warnings.filter(({ changesMeaning }) => changesMeaning);
  expect(told).toMatchObject({ path: "spec.provider.name", fix: expect.stringContaining("ConfigMap istio") });
});

test("a host that nothing answers to gives an authorizer without an address; one of a ServiceEntry is that", () => {
  const config = {
    extensionProviders: [{ name: "far", envoyExtAuthzHttp: { service: "authz.example.com", port: 443 } }],
  };
  const alone = read(config);
  expect(authorizersOf(alone.document)).toEqual([{ name: "far" }]);
  expect(alone.warnings).toContainEqual(expect.objectContaining({ changesMeaning: true }));
  const entry = {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "authz", namespace: "production" },
    spec: { hosts: ["authz.example.com"], ports: [{ number: 443, name: "http", protocol: "HTTP" }], resolution: "DNS" },
  };
  const target = { kind: "ExternalService", namespace: "production", name: "authz" };
  expect(authorizersOf(read(config, entry).document)).toMatchObject([{ address: { target, port: 443 } }]);
});

test.each([
  ["without a provider", custom(undefined)],
  ["in a dry run", custom({ name: "by-grpc" }, { annotations: { "istio.io/dry-run": "true" } })],
])("CUSTOM %s is left out whole and kept", (_, policy) => {
  const { document, kept, warnings } = read(CONFIG_MAP, policy);
  expect(document.objects.some(({ kind }) => kind === "AuthorizationPolicy")).toBe(false);
  expect(kept).toHaveLength(1);
  expect(warnings).toContainEqual(expect.objectContaining({ verdict: "lost", changesMeaning: true }));
});

test("two providers about one workload are told both ways: Istio refuses there unless it was told otherwise", () => {
  const other = { ...custom({ name: "by-http" }), metadata: { name: "other", namespace: "production" } };
  const { document, warnings } = read(CONFIG_MAP, custom({ name: "by-grpc" }), other);
  const isTold = expect.stringContaining("PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS");
  expect(warnings).toContainEqual(expect.objectContaining({ message: isTold, changesMeaning: true }));
  const told = exportDocument("istio", document).report.filter(({ path }) => path === "spec.authorizer");
  expect(told).toHaveLength(2);
  expect(told).toContainEqual(expect.objectContaining({ reason: isTold, changesMeaning: true }));
});

const GATEWAY = {
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { name: "front", namespace: "production" },
  spec: {
    selector: { istio: "front-gateway" },
    servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
  },
};
const atPods = {
  ...custom({ name: "by-http" }),
  metadata: { name: "ask", namespace: "istio-system" },
  spec: { ...custom({ name: "by-http" }).spec, selector: { matchLabels: { istio: "front-gateway" } } },
};
const policyIn = ({ objects }: MeshDocument) => objects.find(({ kind }) => kind === "AuthorizationPolicy");

test("a policy on the pods of a gateway is for that gateway, and goes out where it was", () => {
  const { document, warnings } = read(CONFIG_MAP, GATEWAY, atPods);
  expect(validateDocument(document)).toEqual([]);
  expect(warnings.filter(({ changesMeaning }) => changesMeaning)).toEqual([]);
  expect(policyIn(document)?.spec).toMatchObject({
    target: { namespace: "production", gateway: "front" },
    action: "custom",
    authorizer: "by-http",
  });
  const { resources, report, text } = exportDocument("istio", document);
  const written = resources.find(({ metadata }) => metadata.name === "ask");
  expect(written).toMatchObject({ metadata: { namespace: "istio-system" }, spec: atPods.spec });
  const told = report.filter(({ key }) => key === "AuthorizationPolicy/istio-system/ask");
  expect(told.map(({ verdict }) => verdict)).toEqual(["exact"]);
  expect(policyIn(read(CONFIG_MAP, ...parseAllDocuments(text).map((each) => each.toJS())).document)?.spec).toEqual(
    policyIn(document)?.spec,
  );
});

test("a policy on one of two gateways that the same pods serve is for both in Istio, which is told", () => {
  const { document } = read(CONFIG_MAP, GATEWAY, atPods);
  const other = document.objects.map((each) =>
    each.kind === "Gateway" ? { ...each, metadata: { ...each.metadata, name: "back" } } : each,
  );
  const twice = { objects: [...document.objects, ...other.filter(({ metadata }) => metadata.name === "back")] };
  expect(exportDocument("istio", twice).report).toContainEqual(
    expect.objectContaining({
      key: "AuthorizationPolicy/istio-system/ask",
      verdict: "approximate",
      changesMeaning: true,
      reason: expect.stringContaining("back"),
    }),
  );
});

test("a gateway of a design that did not come from Istio is selected by the labels that its pods most likely have", () => {
  const { document } = read(CONFIG_MAP);
  const policy = {
    apiVersion: "meshwright.dev/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "ask", namespace: "production" },
    spec: { target: { gateway: "shop-gateway" }, action: "custom", authorizer: "by-http", rules: [{}] },
  } as unknown as MeshObject;
  const { resources, report } = exportDocument("istio", { objects: [...document.objects, policy] });
  expect(resources.find(({ metadata }) => metadata.name === "ask")).toMatchObject({
    metadata: { namespace: "istio-system" },
    spec: { selector: { matchLabels: { istio: "ingressgateway" } } },
  });
  expect(report).toContainEqual(
    expect.objectContaining({ key: "AuthorizationPolicy/production/ask", verdict: "approximate", path: "spec.target" }),
  );
});

test("a Gateway of Gateway API is named, both ways", () => {
  const group = "gateway.networking.k8s.io";
  const named = {
    ...custom({ name: "by-http" }),
    spec: {
      targetRefs: [{ group, kind: "Gateway", name: "edge" }],
      action: "CUSTOM",
      provider: { name: "by-http" },
      rules: [{}],
    },
  };
  const gateway = {
    apiVersion: `${group}/v1`,
    kind: "Gateway",
    metadata: { name: "edge", namespace: "production" },
    spec: { gatewayClassName: "istio", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
  };
  const texts = [CONFIG_MAP, gateway, named].map((each) => stringify(each)).join("---\n");
  const { commands } = importDocuments("auto", [{ text: texts }], { document: demoMesh() });
  const applied = applyCommand(demoMesh(), {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  expect(policyIn(applied.document)?.spec).toMatchObject({ target: { gateway: "edge" }, action: "custom" });
  const { resources } = exportDocument("istio", applied.document);
  expect(resources.find(({ metadata }) => metadata.name === "ask")).toMatchObject({
    metadata: { namespace: "production" },
    spec: { targetRefs: [{ group, kind: "Gateway", name: "edge" }] },
  });
});

test.each([
  ["two gateways", [GATEWAY, { ...GATEWAY, metadata: { name: "other", namespace: "production" } }, atPods]],
  ["a gateway that is not there", [atPods]],
  [
    "another action than CUSTOM",
    [GATEWAY, { ...atPods, spec: { ...atPods.spec, action: "DENY", provider: undefined } }],
  ],
])("a policy on %s is left out whole, kept and told", (_, documents) => {
  const { document, warnings } = read(CONFIG_MAP, ...documents);
  expect(policyIn(document)).toBeUndefined();
  expect(warnings).toContainEqual(
    expect.objectContaining({ path: "spec.selector", verdict: "lost", changesMeaning: true }),
  );
});

test("mesh configuration that is no YAML is refused with its place", () => {
  const result = importIstio(stringify({ ...CONFIG_MAP, data: { mesh: "a: [" } }), { document: demoMesh() });
  expect(result.violations).toMatchObject([{ message: "must be an object" }]);
});

test("what goes out comes back: the policy as it is, the provider as the report says it", () => {
  const first = read(CONFIG_MAP, custom({ name: "by-http" }));
  const { resources, report } = exportDocument("istio", first.document);
  expect(resources.find(({ metadata }) => metadata.name === "ask")?.spec).toEqual(custom({ name: "by-http" }).spec);
  const told = report.filter(({ path }) => path.startsWith("spec.authorizers"));
  const entries = told.map(({ reason }) => JSON.parse(reason.slice(reason.indexOf("{"))));
  expect(authorizersOf(read({ extensionProviders: entries }).document)).toEqual(authorizersOf(first.document));
});

test.each(["linkerd", "consul", "kuma", "cilium", "gateway-api", "kubernetes", "app-mesh"] as const)(
  "an export to %s asks nobody, denies what would be asked about where it can, and says so",
  (id) => {
    const { document } = read(CONFIG_MAP, custom({ name: "by-http" }));
    const { text, report } = exportDocument(id, document);
    const told = report.find(({ path }) => path === "spec.authorizer");
    expect(told).toMatchObject({ key: "AuthorizationPolicy/production/ask", verdict: "lost", changesMeaning: true });
    expect(told?.reason).toContain(["consul", "kuma", "cilium"].includes(id) ? "is denied" : "goes on");
    const others = report.filter(({ key }) => key === "AuthorizationPolicy/production/ask");
    if (told?.reason.includes("goes on")) expect(others).toEqual([told]);
    expect(report).toContainEqual(expect.objectContaining({ path: "spec.authorizers", verdict: "lost" }));
    expect(text).not.toContain("by-http");
  },
);

test.each(["linkerd", "consul", "kuma", "cilium", "gateway-api", "kubernetes", "app-mesh"] as const)(
  "an export to %s asks nobody at a gateway, and says that it goes on",
  (id) => {
    const { document } = read(CONFIG_MAP, GATEWAY, atPods);
    const { text, report } = exportDocument(id, document);
    const told = report.filter(({ key }) => key === "AuthorizationPolicy/istio-system/ask");
    expect(told).toMatchObject([{ path: "spec", verdict: "lost", changesMeaning: true }]);
    expect(told[0]?.reason).toContain("goes on");
    expect(text).not.toContain("by-http");
  },
);

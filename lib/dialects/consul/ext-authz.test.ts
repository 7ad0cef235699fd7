// Consul's extension builtin/ext-authz: whom a service asks, in and out, and what of it has no place in a design.
import { expect, test } from "vitest";
import { type MeshDocument, type MeshObject, validateDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { exportDocument, importDocuments } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported, specOf } from "../testing/imported";
import { entry, intentions, read, running } from "./testing/resources";

const authz = (config: object, more: object = {}) => ({
  name: "builtin/ext-authz",
  required: true,
  arguments: { proxyType: "connect-proxy", config },
  ...more,
});
const GRPC = { grpcService: { target: { service: { name: "authz" }, timeout: "2s" } }, statusOnError: 503 };
const HTTP = {
  httpService: {
    target: { service: { name: "oauth" } },
    pathPrefix: "/check",
    authorizationRequest: {
      allowedHeaders: [{ exact: "cookie" }, { prefix: "x-" }],
      headersToAdd: [{ key: "x-from", value: "mesh" }],
    },
    authorizationResponse: {
      allowedUpstreamHeaders: [{ suffix: "-user" }],
      allowedClientHeaders: [{ exact: "set-cookie" }],
      allowedClientHeadersOnSuccess: [{ exact: "x-told" }],
    },
  },
  withRequestBody: { maxRequestBytes: 1024, allowPartialMessage: true },
};
const asking = (extensions: object[], more: object = {}) =>
  entry("ServiceDefaults", "api", { protocol: "http", envoyExtensions: extensions, ...more });
const ground = [
  ...running("web"),
  ...running("api").slice(0, 2),
  ...running("oauth"),
  ...running("authz").slice(0, 2),
  entry("ServiceDefaults", "authz", { protocol: "grpc" }),
  intentions("api", [{ name: "web", action: "allow" }]),
  intentions("*", [{ name: "*", action: "deny" }]),
];
const policiesOf = ({ objects }: MeshDocument) =>
  objects.flatMap((each) => (each.kind === "AuthorizationPolicy" && each.spec.action === "custom" ? [each] : []));
const authorizersOf = (document: MeshDocument) =>
  (specOf(document, "Mesh//shop") as { authorizers?: object[] }).authorizers;

test("an extension is an authorizer of the mesh, and a policy that asks it about every request", () => {
  const { document, warnings } = read([...ground, asking([authz(GRPC), authz(HTTP, { required: false })])]);
  expect(validateDocument(document)).toEqual([]);
  expect(warnings.filter(({ path }) => path.includes("envoyExtensions"))).toEqual([]);
  expect(authorizersOf(document)).toEqual([
    {
      name: "authz",
      address: { target: { kind: "Service", namespace: "shop", name: "authz" }, port: 80, protocol: "grpc" },
      timeoutMs: 2000,
      statusOnError: 503,
    },
    {
      name: "oauth",
      address: {
        target: { kind: "Service", namespace: "shop", name: "oauth" },
        port: 80,
        protocol: "http",
        pathPrefix: "/check",
      },
      // Envoy's, where nothing is said
      timeoutMs: 200,
      whenAway: "allow",
      requestHeaders: ["cookie", "x-*"],
      addedHeaders: [{ name: "x-from", value: "mesh" }],
      upstreamHeaders: ["*-user"],
      allowedResponseHeaders: ["x-told"],
      deniedResponseHeaders: ["set-cookie"],
      body: { maxBytes: 1024, allowPartial: true },
    },
  ]);
  expect(policiesOf(document).map(({ spec }) => spec)).toEqual([
    { target: { service: "api" }, action: "custom", authorizer: "authz", rules: [{}] },
    { target: { service: "api" }, action: "custom", authorizer: "oauth", rules: [{}] },
  ]);
  const answer = ask(buildScene(document), {
    from: { kind: "workload", workload: "Workload/shop/web-v1" },
    to: { host: "api" },
    method: "GET",
    path: "/",
    headers: {},
    authorizers: { authz: "away" },
  });
  expect(answer).toMatchObject({ outcome: "denied", status: 503 });
});

test("what goes out is what the published schema takes, and comes back as the same design", () => {
  const { document } = read([...ground, asking([authz(GRPC), authz(HTTP, { required: false })])]);
  const { resources, report, text } = exportDocument("consul", document);
  expect(schemaErrors(resources, "consul")).toEqual([]);
  const written = resources.find(({ kind, metadata }) => kind === "ServiceDefaults" && metadata.name === "api");
  expect(written?.spec["envoyExtensions"]).toMatchObject([
    {
      name: "builtin/ext-authz",
      required: true,
      arguments: {
        InsertOptions: { Location: "First" },
        Config: { GrpcService: { Target: { Service: { Name: "authz" }, Timeout: "2s" } }, StatusOnError: 503 },
      },
    },
    { required: false, arguments: { Config: { HttpService: { PathPrefix: "/check" } } } },
  ]);
  const intention = resources.find(({ kind, metadata }) => kind === "ServiceIntentions" && metadata.name === "api");
  expect(intention?.spec["sources"]).toEqual([
    { name: "web", action: "allow" },
    { name: "*", action: "deny" },
  ]);
  const told = report.filter(({ key }) => key.startsWith("AuthorizationPolicy/shop/ext-authz"));
  expect(told.map(({ verdict, changesMeaning }) => [verdict, changesMeaning])).toEqual([
    ["approximate", undefined],
    ["approximate", undefined],
  ]);
  const ofKubernetes = ground.filter(({ apiVersion }) => apiVersion !== "consul.hashicorp.com/v1alpha1");
  const again = imported("consul", [
    { text: ofKubernetes.map((each) => JSON.stringify(each)).join("\n---\n") },
    { text },
  ]).document;
  expect(authorizersOf(again)).toEqual(authorizersOf(document));
  expect(policiesOf(again).map(({ spec }) => spec)).toEqual(policiesOf(document).map(({ spec }) => spec));
});

test("ProxyDefaults ask for every service, native entries in their own spelling say the same", () => {
  const native = {
    Kind: "proxy-defaults",
    Name: "global",
    Config: { protocol: "http" },
    EnvoyExtensions: [
      {
        Name: "builtin/ext-authz",
        Required: true,
        Arguments: { ProxyType: "connect-proxy", Config: { GrpcService: { Target: { Service: { Name: "authz" } } } } },
      },
    ],
  };
  const { document } = read([...ground, asking([]), native]);
  expect(policiesOf(document).map(({ spec }) => spec)).toEqual([
    { target: {}, action: "custom", authorizer: "authz", rules: [{}] },
  ]);
  const { resources } = exportDocument("consul", document);
  const written = resources.find(({ kind }) => kind === "ProxyDefaults");
  expect(written?.spec["envoyExtensions"]).toMatchObject([{ name: "builtin/ext-authz", required: true }]);
  expect(JSON.stringify(resources.filter(({ kind }) => kind === "ServiceDefaults"))).not.toContain("ext-authz");
});

const LOCAL = { grpcService: { target: { uri: "127.0.0.1:9191" } } };
test.each<[string, object[], object?]>([
  ["a program beside the app", [authz(LOCAL)]],
  [
    "an expression",
    [
      authz({
        httpService: {
          target: { service: { name: "oauth" } },
          authorizationRequest: { allowedHeaders: [{ safeRegex: "a.*" }] },
        },
      }),
    ],
  ],
  ["a field that the model lacks", [authz({ ...GRPC, includePeerCertificate: true })]],
  ["an authorizer of another protocol", [authz({ grpcService: { target: { service: { name: "oauth" } } } })]],
  ["a service of tcp", [authz(GRPC)], { protocol: "tcp" }],
  ["one that is read beside one that is not", [authz(GRPC), authz(LOCAL)]],
])("%s is kept, told as a change of meaning, and comes back", (_, extensions, more) => {
  const { document, warnings } = read([...ground, asking(extensions, more)]);
  expect(validateDocument(document)).toEqual([]);
  expect(policiesOf(document)).toEqual([]);
  expect(warnings).toContainEqual(
    expect.objectContaining({
      source: "ServiceDefaults shop/api",
      path: "spec.envoyExtensions",
      verdict: "lost",
      changesMeaning: true,
    }),
  );
  const { resources } = exportDocument("consul", document);
  const written = resources.find(({ kind, metadata }) => kind === "ServiceDefaults" && metadata.name === "api");
  expect(written?.spec["envoyExtensions"]).toEqual(extensions);
});

test("another extension is kept beside those that are read", () => {
  const lua = { name: "builtin/lua", arguments: { proxyType: "connect-proxy", listener: "inbound", script: "" } };
  const { document } = read([...ground, asking([lua, authz(GRPC)])]);
  expect(policiesOf(document)).toHaveLength(1);
  const { resources } = exportDocument("consul", document);
  const written = resources.find(({ kind, metadata }) => kind === "ServiceDefaults" && metadata.name === "api");
  expect(written?.spec["envoyExtensions"]).toEqual([expect.objectContaining({ name: "builtin/ext-authz" }), lua]);
});

test("a policy with conditions is denied on the way out, and told: Consul asks about everything or nothing", () => {
  const { document } = read([...ground, asking([authz(GRPC)])]);
  const narrow: MeshDocument = {
    objects: document.objects.map(
      (each): MeshObject =>
        each.kind === "AuthorizationPolicy" && each.spec.action === "custom"
          ? { ...each, spec: { ...each.spec, rules: [{ to: [{ paths: ["/admin*"] }] }] } }
          : each,
    ),
  };
  const { report, text } = exportDocument("consul", narrow);
  expect(report).toContainEqual(
    expect.objectContaining({ path: "spec.authorizer", verdict: "lost", changesMeaning: true }),
  );
  expect(text).not.toContain("ext-authz\n");
  expect(text).toContain("pathPrefix: /admin");
});

test("no value at the place of extensions makes reading throw", () => {
  for (const value of [1, "x", {}, [1], [null], [{ name: "builtin/ext-authz" }], [authz({ grpcService: [] })]]) {
    const text = JSON.stringify(entry("ServiceDefaults", "api", { protocol: "http", envoyExtensions: value }));
    const { commands } = importDocuments("consul", [{ text }], { document: read(ground).document });
    expect(JSON.stringify(commands)).not.toContain('"custom"');
  }
});

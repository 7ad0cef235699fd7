import { expect, test } from "vitest";
import { emptyMesh, objectKey } from "@/lib/mesh";
import { importDocuments } from "..";
import { imported, specOf } from "../testing/imported";

const GROUND = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: http-admin, port: 81, targetPort: 8081}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{name: grpc, port: 90}]}
`;
const SERVER = `
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: api, namespace: shop}
spec: {podSelector: {matchLabels: {app: api}}, port: 90, proxyProtocol: gRPC}
`;
const read = (text: string) => imported("linkerd", [{ text: GROUND + text, file: "shop.yaml" }]);
const resource = (kind: string, name: string, spec: string, version = "policy.linkerd.io/v1alpha1") =>
  `---\napiVersion: ${version}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;
const policy = (name: string, target: string, refs: string) =>
  resource("AuthorizationPolicy", name, `{targetRef: ${target}, requiredAuthenticationRefs: [${refs}]}`);
const onApi = "{group: policy.linkerd.io, kind: Server, name: api}";
const server = (accessPolicy: string) =>
  resource(
    "Server",
    "api",
    `{podSelector: {matchLabels: {app: api}}, port: 90, accessPolicy: ${accessPolicy}}`,
    "policy.linkerd.io/v1beta3",
  );
const said = ({ document }: ReturnType<typeof read>, name: string) =>
  specOf(document, `AuthorizationPolicy/shop/${name}`);
const kept = ({ document }: ReturnType<typeof read>) =>
  document.objects
    .flatMap(({ metadata }) => metadata.origin?.kept ?? [])
    .map(({ path }) => path.split(" ").slice(-2).join(" "));

test.each([
  ["deny", [], undefined, "strict"],
  ["all-authenticated", [{ from: [{ principals: ["*"] }] }], undefined, "strict"],
  ["cluster-authenticated", [{ from: [{ principals: ["*"] }] }], undefined, "strict"],
  ["all-unauthenticated", [{}], undefined, "permissive"],
  ["audit", [], true, "permissive"],
])("accessPolicy %s", (access, rules, shadow, mode) => {
  const result = read(server(access));
  expect(said(result, "server-api")).toEqual({
    target: { service: "api" },
    action: "allow",
    ...(shadow ? { shadow } : {}),
    rules,
  });
  expect(specOf(result.document, "MutualTls/shop/api")).toMatchObject({ mode });
});

test("a port without a Server is closed with the others of its service, and that is told", () => {
  const result = read(
    resource("Server", "web", "{podSelector: {matchLabels: {app: web}}, port: 8080}", "policy.linkerd.io/v1beta3"),
  );
  expect(said(result, "server-web")).toEqual({ target: { service: "web" }, action: "allow", rules: [] });
  expect(result.warnings.find(({ message }) => message.includes("81"))).toMatchObject({ changesMeaning: true });
});

test("two Servers of one service keep their ports apart", () => {
  const web = (port: number, access: string) =>
    resource(
      "Server",
      `web-${port}`,
      `{podSelector: {matchLabels: {app: web}}, port: ${port}, accessPolicy: ${access}}`,
      "policy.linkerd.io/v1beta3",
    );
  const result = read(web(8080, "all-authenticated") + web(8081, "deny"));
  expect(said(result, "server-web-web-8080")).toMatchObject({ rules: [{ to: [{ ports: [80] }] }] });
  expect(said(result, "server-web-web-8081")).toMatchObject({ rules: [] });
});

test("identities, references, whole namespaces and everybody have their words; nobody else's name has", () => {
  const tls = (name: string, spec: string) => resource("MeshTLSAuthentication", name, spec);
  const ref = (name: string) => `{group: policy.linkerd.io, kind: MeshTLSAuthentication, name: ${name}}`;
  const result = read(
    SERVER +
      tls(
        "named",
        '{identities: ["web.shop.serviceaccount.identity.linkerd.cluster.local", "*.ops.serviceaccount.identity.linkerd.cluster.local"]}',
      ) +
      tls("all", '{identities: ["*"]}') +
      tls("other", '{identities: ["spiffe://elsewhere/vm"]}') +
      policy("named", onApi, ref("named")) +
      policy("all", onApi, ref("all")) +
      policy("other", onApi, ref("other")) +
      policy("account", onApi, "{kind: ServiceAccount, name: web}") +
      policy("anybody", onApi, ""),
  );
  const from = (name: string) => said(result, name);
  expect(from("named")).toMatchObject({
    rules: [{ from: [{ principals: ["shop.mesh.local/ns/shop/sa/web"] }, { namespaces: ["ops"] }] }],
  });
  expect(from("all")).toMatchObject({ rules: [{ from: [{ principals: ["*"] }] }] });
  expect(from("account")).toMatchObject({ rules: [{ from: [{ principals: ["shop.mesh.local/ns/shop/sa/web"] }] }] });
  expect(from("anybody")).toMatchObject({ rules: [{}] });
  expect(from("other")).toBeUndefined();
  expect(kept(result)).toEqual(expect.arrayContaining(["AuthorizationPolicy other", "MeshTLSAuthentication other"]));
});

test("an address is a condition that the model lacks: the grant is left out, unless it is every address", () => {
  const network = (name: string, networks: string) =>
    resource("NetworkAuthentication", name, `{networks: ${networks}}`);
  const ref = (name: string) => `{group: policy.linkerd.io, kind: NetworkAuthentication, name: ${name}}`;
  const result = read(
    SERVER +
      network("everywhere", '[{cidr: 0.0.0.0/0}, {cidr: "::/0"}]') +
      network("office", "[{cidr: 10.0.0.0/8}]") +
      policy("open", onApi, ref("everywhere")) +
      policy("office", onApi, ref("office")),
  );
  expect(said(result, "open")).toMatchObject({ rules: [{}] });
  expect(said(result, "office")).toBeUndefined();
  expect(kept(result)).toEqual(expect.arrayContaining(["AuthorizationPolicy office", "NetworkAuthentication office"]));
  expect(result.warnings.find(({ source }) => source.endsWith("office"))).toMatchObject({
    verdict: "lost",
    changesMeaning: true,
  });
});

const route = (name: string, matches: string) =>
  resource("HTTPRoute", name, `{parentRefs: [${onApi}], rules: [{matches: ${matches}}]}`, "policy.linkerd.io/v1beta3");
const onRoute = (name: string) => `{group: policy.linkerd.io, kind: HTTPRoute, name: ${name}}`;

test("a policy for a route whose calls a more specific one takes is left out: it would grant more", () => {
  const result = read(
    SERVER +
      route("all", "[{path: {type: PathPrefix, value: /}}]") +
      route("admin", "[{path: {type: PathPrefix, value: /admin}}]") +
      policy("everything", onRoute("all"), "{kind: ServiceAccount, name: web}") +
      policy("admins", onRoute("admin"), "{kind: ServiceAccount, name: ops}"),
  );
  expect(said(result, "everything")).toBeUndefined();
  expect(said(result, "admins")).toMatchObject({ rules: [{ to: [{ paths: ["/admin", "/admin/*"] }] }] });
});

test("where a Server has routes, a policy for the Server is for the calls of these routes", () => {
  const result = read(
    SERVER +
      route("read", "[{path: {type: Exact, value: /items}, method: GET}]") +
      policy("web", onApi, "{kind: ServiceAccount, name: web}"),
  );
  expect(said(result, "web")).toMatchObject({ rules: [{ to: [{ methods: ["GET"], paths: ["/items"] }] }] });
});

test("a policy of the namespace is for its Servers, and leaves services without one open", () => {
  const result = read(
    SERVER + policy("everywhere", "{kind: Namespace, name: shop}", "{kind: ServiceAccount, name: web}"),
  );
  expect(said(result, "everywhere")).toMatchObject({ target: { service: "api" } });
});

test("the default policy of a namespace is its mode of mutual TLS, and deny closes it", () => {
  const namespace = (value: string) =>
    `---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {config.linkerd.io/default-inbound-policy: ${value}}}\n`;
  const open = read(namespace("all-authenticated"));
  expect(specOf(open.document, "MutualTls/shop/default-inbound-policy")).toEqual({
    target: { namespace: "shop" },
    mode: "strict",
  });
  const closed = read(namespace("deny"));
  expect(said(closed, "default-inbound-policy")).toEqual({ target: { namespace: "shop" }, action: "allow", rules: [] });
  expect(read(namespace("sometimes")).warnings).toContainEqual(
    expect.objectContaining({
      verdict: "ignored",
      path: 'metadata.annotations["config.linkerd.io/default-inbound-policy"]',
    }),
  );
});

test("a service profile takes the place of routes, with its budget", () => {
  const result = read(
    resource(
      "ServiceProfile",
      "api.shop.svc.cluster.local",
      '{routes: [{name: get, condition: {method: GET, pathRegex: "/items/.*"}, isRetryable: true, timeout: 300ms}, {name: odd, condition: {not: {method: GET}}}], retryBudget: {retryRatio: 0.2, minRetriesPerSecond: 10, ttl: 10s}}',
      "linkerd.io/v1alpha2",
    ),
  );
  expect(specOf(result.document, "Route/shop/api")).toMatchObject({
    rules: [
      {
        matches: [{ path: { type: "regex", value: "/items/.*" }, methods: ["GET"] }],
        timeoutMs: 300,
        retries: { attempts: 3 },
      },
      { matches: [], retries: { attempts: 0 } },
    ],
  });
  expect(specOf(result.document, "TrafficPolicy/shop/api")).toEqual({
    service: { name: "api" },
    retryBudget: { percent: 20 },
  });
  expect(result.warnings.find(({ path }) => path === "spec.routes[1]")).toMatchObject({ changesMeaning: true });
});

test("annotations of a route replace those of its service, family by family; what cannot be read is named", () => {
  const annotated = `---
apiVersion: v1
kind: Service
metadata:
  name: api
  namespace: shop
  annotations: {retry.linkerd.io/http: 5xx, timeout.linkerd.io/request: 1s, config.linkerd.io/opaque-ports: "9000,many"}
spec: {selector: {app: api}, ports: [{name: http, port: 90}, {name: http-2, port: 9000}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api, namespace: shop, annotations: {retry.linkerd.io/grpc: "unavailable", retry.linkerd.io/limit: three}}
spec: {parentRefs: [{group: core, kind: Service, name: api}], rules: [{backendRefs: [{name: api, port: 90}], retry: {attempts: 9}}]}
`;
  const result = imported("linkerd", [{ text: annotated }]);
  expect(specOf(result.document, "Route/shop/api")).toMatchObject({
    rules: [{ timeoutMs: 1000, retries: { attempts: 1, on: ["unavailable"] } }],
  });
  expect(specOf(result.document, "Service/shop/api")).toMatchObject({
    ports: [{ protocol: "http" }, { protocol: "tcp" }],
  });
  const ignored = result.warnings.filter(({ verdict }) => verdict === "ignored").map(({ path }) => path);
  expect(ignored).toEqual([
    'metadata.annotations["retry.linkerd.io/limit"]',
    "spec.rules[0].retry",
    'metadata.annotations["config.linkerd.io/opaque-ports"]',
  ]);
});

test("a design that has services keeps its defaults, and is told what Linkerd's are", () => {
  const document = {
    objects: [...emptyMesh("shop").objects, ...read("").document.objects.filter(({ kind }) => kind === "Service")],
  };
  const { warnings, commands } = importDocuments("linkerd", [{ text: GROUND + SERVER }], { document });
  expect(warnings.find(({ message }) => message.includes("refuses calls that are not drawn"))).toMatchObject({
    changesMeaning: true,
  });
  expect(commands.some((each) => "key" in each && each.key === objectKey(document.objects[0] as never))).toBe(false);
});

test("routes of Gateway API stay Gateway API's where nothing is Linkerd's", () => {
  const plain = `${GROUND}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api, namespace: shop}
spec: {parentRefs: [{group: "", kind: Service, name: api}], rules: [{backendRefs: [{name: api, port: 90}]}]}
`;
  const origin = (choice: "auto" | "linkerd") =>
    imported(choice, [{ text: plain }]).document.objects.find(({ kind }) => kind === "Route")?.metadata.origin?.dialect;
  expect(origin("auto")).toBe("gateway-api");
  expect(origin("linkerd")).toBe("linkerd");
});

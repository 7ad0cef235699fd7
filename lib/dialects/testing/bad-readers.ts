// A good text of every product that can be read, and of ours, with what can be done to it that makes it bad.
// The rule: `mistyped`, `unknown` and `circle` are written as that product writes such things.
import { readFileSync } from "node:fs";
import { demoMesh, emptyMesh, fromYaml, toYaml } from "@/lib/mesh";
import { importDocuments } from "..";
import type { DialectId } from "../catalogue";

/** Of the first finding that speaks of a place; a warning, or why the text is refused. */
export type Found = { message: string; fix: string; line?: number | undefined; column?: number | undefined };
export type BadReader = {
  name: string;
  good: string;
  /** A text that stands in `good`, and the same with a value of a type that is none there. */
  mistyped: [is: string, as: string];
  /** A document with a field of a wrong type that its importer does not read, and that field; a language without a schema has none. */
  unread?: [text: string, field: string];
  /** The word in `good` that makes another world of it when it is another one. */
  place: string;
  /** A field that stands in `good`, to be written a second time beside itself. */
  twice: string;
  /** A document of a kind that nobody knows. */
  unknown: string;
  /** Things that lead to each other in a circle. */
  circle: string;
  /** `changes`: what would be changed, as text. */
  read(text: string): { refused: Found[]; warned: Found[]; changes: string };
};

const fixture = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

type Bad = Pick<BadReader, "mistyped" | "place" | "twice" | "circle"> & Partial<BadReader>;
function importer(id: DialectId, file: string, bad: Bad): BadReader {
  const read = (text: string) => {
    const result = importDocuments(id, [{ text, file: "bad.yaml" }], { document: emptyMesh("shop") });
    return { refused: result.violations, warned: result.warnings, changes: JSON.stringify(result.commands) };
  };
  const unknown = "apiVersion: nobody.example/v1\nkind: Nothing\nmetadata: {name: x, namespace: shop}\nspec: {a: 1}\n";
  return { name: id, good: fixture(`${id}/fixtures/${file}`), unknown, read, ...bad };
}

const inTheMesh: BadReader["read"] = (text) => {
  const result = fromYaml(text, { file: "bad.yaml" });
  const refused = result.ok ? [] : result.violations;
  return { refused, warned: [], changes: JSON.stringify(result.ok ? result.document.objects : []) };
};

const resource = (apiVersion: string, kind: string, name: string, spec: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;
const service = (name: string) =>
  resource("v1", "Service", name, `{selector: {app: ${name}}, ports: [{name: http, port: 80}]}`);
/** The same of a and b, each with the other. */
const both = (one: (name: string, other: string) => string[]) => [...one("a", "b"), ...one("b", "a")].join("---\n");
const routeTo = (name: string, other: string) =>
  resource(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    name,
    `{parentRefs: [{group: "", kind: Service, name: ${name}, port: 80}], rules: [{backendRefs: [{name: ${other}, port: 80}]}]}`,
  );
const node = (name: string, other: string) =>
  `{"virtualNode": {"meshName": "shop", "virtualNodeName": "${name}", "spec": {"listeners": [{"portMapping": {"port": 80, "protocol": "http"}}], "backends": [{"virtualService": {"virtualServiceName": "${other}.local"}}]}}},
   {"virtualService": {"meshName": "shop", "virtualServiceName": "${name}.local", "spec": {"provider": {"virtualNode": {"virtualNodeName": "${name}"}}}}}`;

export const BAD_READERS: readonly BadReader[] = [
  importer("istio", "everything.yaml", {
    place: "books",
    mistyped: ["timeout: 2.5s", "timeout: [2.5]"],
    unread: [
      resource("networking.istio.io/v1", "VirtualService", "typed", "{hosts: [typed], exportTo: nobody, http: []}"),
      "exportTo: nobody",
    ],
    twice: "kind: VirtualService",
    circle: both((name, other) => [
      service(name),
      resource(
        "networking.istio.io/v1",
        "VirtualService",
        name,
        `{hosts: [${name}], http: [{delegate: {name: ${other}, namespace: shop}}]}`,
      ),
    ]),
  }),
  importer("gateway-api", "corpus/filters.yaml", {
    place: "shop",
    mistyped: ["port: 8080", 'port: "8080"'],
    unread: [
      resource(
        "gateway.networking.k8s.io/v1",
        "ListenerSet",
        "typed",
        "{parentRef: {name: a}, listeners: {name: b, port: 80, protocol: HTTP}}",
      ),
      "listeners: {name: b, port: 80, protocol: HTTP}",
    ],
    twice: "kind: Gateway",
    circle: both((name, other) => [service(name), routeTo(name, other)]),
  }),
  importer("kubernetes", "shop.yaml", {
    place: "shop",
    mistyped: ["port: 9080", "port: [9080]"],
    unread: [
      resource(
        "v1",
        "Service",
        "typed",
        "{ports: [{port: 80}], sessionAffinityConfig: {clientIP: {timeoutSeconds: soon}}}",
      ),
      "timeoutSeconds: soon",
    ],
    twice: "kind: Service",
    circle: both((name, other) => [
      `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop, ownerReferences: [{kind: Service, name: ${other}}]}\nspec: {ports: [{name: http, port: 80}]}\n`,
    ]),
  }),
  importer("linkerd", "bookshop.yaml", {
    place: "bookshop",
    mistyped: ["port: 7000", "port: {}"],
    unread: [
      resource("policy.linkerd.io/v1alpha1", "EgressNetwork", "typed", "{trafficPolicy: [Allow], networks: []}"),
      "trafficPolicy: [Allow]",
    ],
    twice: "kind: Service",
    circle: both((name, other) => [service(name), routeTo(name, other)]),
  }),
  importer("consul", "shop.yaml", {
    place: "shop",
    mistyped: ["maxInboundConnections: 512", "maxInboundConnections: many"],
    unread: [
      resource(
        "consul.hashicorp.com/v1alpha1",
        "ServiceDefaults",
        "typed",
        "{protocol: http, expose: {checks: always}}",
      ),
      "checks: always",
    ],
    twice: "kind: ServiceResolver",
    circle: both((name, other) => [
      service(name),
      resource("consul.hashicorp.com/v1alpha1", "ServiceResolver", name, `{redirect: {service: ${other}}}`),
    ]),
  }),
  importer("kuma", "counter-demo.yaml", {
    place: "kuma-demo",
    mistyped: ["weight: 90", "weight: {}"],
    unread: [
      resource(
        "kuma.io/v1alpha1",
        "MeshProxyPatch",
        "typed",
        "{targetRef: {kind: Mesh}, default: {appendModifications: none}}",
      ),
      "appendModifications: none",
    ],
    twice: "kind: Service",
    circle: both((name, other) => [
      service(name),
      resource(
        "kuma.io/v1alpha1",
        "MeshHTTPRoute",
        name,
        `{targetRef: {kind: Mesh}, to: [{targetRef: {kind: MeshService, name: ${name}}, rules: [{matches: [{path: {type: PathPrefix, value: /}}], default: {backendRefs: [{kind: MeshService, name: ${other}, port: 80}]}}]}]}`,
      ),
    ]),
  }),
  importer("cilium", "harbour.yaml", {
    place: "harbour",
    mistyped: ['port: "8080"', "port: {}"],
    unread: [
      resource(
        "cilium.io/v2",
        "CiliumNetworkPolicy",
        "typed",
        "{endpointSelector: {}, ingress: [{icmps: [{fields: 8}]}]}",
      ),
      "fields: 8",
    ],
    twice: "kind: Service",
    circle: both((name, other) => [service(name), routeTo(name, other)]),
  }),
  importer("app-mesh", "shop.json", {
    place: "shop",
    mistyped: ['"maxServerErrors": 5', '"maxServerErrors": "many"'],
    unread: [
      '[{"virtualNode": {"meshName": "shop", "virtualNodeName": "typed", "spec": {"logging": {"accessLog": "stdout"}}}}]',
      '"accessLog": "stdout"',
    ],
    twice: '"meshName": "shop"',
    unknown: '[{"virtualNothing": {"meshName": "shop", "virtualNothingName": "x", "spec": {}}}]',
    circle: `[${node("a", "b")}, ${node("b", "a")}]`,
  }),
  importer("compose", "votes.yaml", {
    place: "votes",
    mistyped: ["replicas: 2", "replicas: many"],
    unread: ["name: typed\nservices:\n  a: {image: x, cap_add: NET_ADMIN}\n", "cap_add: NET_ADMIN"],
    twice: "name: votes",
    unknown: "nothing:\n  x: 1\n",
    circle:
      "name: ring\nservices:\n  a: {image: x, depends_on: [b], extends: {service: b}}\n  b: {image: x, depends_on: [a], extends: {service: a}}\n",
  }),
  {
    name: "our own YAML",
    good: toYaml(demoMesh()),
    place: "production",
    mistyped: ["port: 8080", "port: [8080]"],
    twice: "kind: Mesh",
    unknown: "apiVersion: meshwright.dev/v1\nkind: Nothing\nmetadata: {name: x, namespace: production}\nspec: {a: 1}\n",
    circle: both((name, other) => [
      `apiVersion: meshwright.dev/v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {ports: [{name: http, port: 80, protocol: http}]}\n`,
      `apiVersion: meshwright.dev/v1\nkind: Dependency\nmetadata: {name: of-${name}, namespace: shop}\nspec: {from: {kind: Service, name: ${name}}, to: {kind: Service, name: ${other}}}\n`,
    ]),
    read: inTheMesh,
  },
];

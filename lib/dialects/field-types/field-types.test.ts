import { expect, test } from "vitest";
import { emptyMesh } from "@/lib/mesh";
import { importDocuments } from "..";
import { dialectEntries } from "../catalogue";
import { typedKinds, wrongValues } from ".";

/** Kinds whose documents are in a form of their own, or whose schema nobody publishes with the product's. */
const UNTYPED = [
  "istio MeshConfig",
  // native entries of Consul, which takes texts for numbers and the other way round
  "consul api-gateway",
  "consul http-route",
  "consul tcp-route",
  // told of by name, and kept whole
  "cilium CiliumLocalRedirectPolicy",
  "cilium CiliumEgressGatewayPolicy",
  "cilium CiliumCIDRGroup",
  "cilium CiliumLoadBalancerIPPool",
  "cilium CiliumL2AnnouncementPolicy",
  "cilium CiliumBGPClusterConfig",
  "cilium CiliumBGPPeerConfig",
  "cilium CiliumBGPAdvertisement",
  "cilium CiliumBGPNodeConfigOverride",
  "cilium CiliumBGPPeeringPolicy",
];

test("every kind that is read has types, but for those that are named here with why", () => {
  const typed = new Set(typedKinds.map((each) => each.split(" ").at(-1)));
  const without = dialectEntries.flatMap(({ id, kinds }) =>
    kinds.filter((kind) => !typed.has(kind)).map((kind) => `${id} ${kind}`),
  );
  expect(without.sort()).toEqual([...UNTYPED].sort());
});

const typed = (group: string, kind: string, value: unknown) => wrongValues({ group, kind, value, most: 10 });

test.each([
  [
    "a text for a number",
    { http: [{ retries: { attempts: "3" } }] },
    "spec.http.0.retries.attempts",
    "a whole number",
    "Write 3 without quotes.",
  ],
  ["a number for a text", { hosts: [1] }, "spec.hosts.0", "a text", "Put it in quotes: YAML reads it as 1."],
  ["a text for a list", { gateways: "mesh" }, "spec.gateways", "a list", "Write a list."],
  ["a list for an object", { http: [{ headers: [] }] }, "spec.http.0.headers", "an object", "Write an object."],
  [
    "a part for a whole number",
    { http: [{ retries: { attempts: 1.5 } }] },
    "spec.http.0.retries.attempts",
    "a whole number",
    "Write a whole number.",
  ],
  [
    "a text for a flag",
    { http: [{ retries: { retryRemoteLocalities: "true" } }] },
    "spec.http.0.retries.retryRemoteLocalities",
    "true or false",
    "Write true without quotes.",
  ],
  [
    "a value of a map",
    { http: [{ headers: { request: { set: { a: true } } } }] },
    "spec.http.0.headers.request.set.a",
    "a text",
    "Put it in quotes: YAML reads it as true.",
  ],
])("%s is found where it stands", (_, spec, path, wanted, fix) => {
  const found = typed("networking.istio.io", "VirtualService", { spec });
  expect(found.map((each) => ({ ...each, path: each.path.join(".") }))).toMatchObject([{ path, wanted, fix }]);
});

test("labels and annotations are texts, of every kind", () => {
  const metadata = { labels: { version: 1 }, annotations: { "a.b/c": true } };
  const found = typed("", "Service", { metadata });
  expect(found.map(({ path }) => path.join(" "))).toEqual(["metadata labels version", "metadata annotations a.b/c"]);
});

test("what a schema leaves open, nothing and what nobody knows is right", () => {
  expect(typed("", "Service", { spec: { ports: null, nobody: [1] } })).toEqual([]);
  expect(
    typed("", "Service", {
      spec: {
        ports: [
          { port: 1, targetPort: 80 },
          { port: 2, targetPort: "http" },
        ],
      },
    }),
  ).toEqual([]);
  expect(
    typed("networking.istio.io", "EnvoyFilter", { spec: { configPatches: [{ patch: { value: { a: [1] } } }] } }),
  ).toEqual([]);
  expect(typed("nobody.example", "Nothing", { spec: 3 })).toEqual([]);
  expect(typed("compose", "Project", { services: { a: { command: "x" }, b: { command: ["x"] } } })).toEqual([]);
});

test("no more is told of one document than a person can mend at once", () => {
  const text = JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "a", namespace: "shop" },
    spec: { ports: [{ port: 80, name: "http" }], externalIPs: Array.from({ length: 300 }, (_, i) => i) },
  });
  const { warnings, violations } = importDocuments("auto", [{ text }], { document: emptyMesh("shop") });
  expect(violations).toEqual([]);
  expect(warnings.filter(({ message }) => message.includes("by the product's schema"))).toHaveLength(50);
  expect(warnings.filter(({ message }) => message.includes("more than 50"))).toHaveLength(1);
});

test("what an importer refused is not told again", () => {
  const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec: {hosts: [a], http: [{timeout: [1], route: [{destination: {host: a}}]}]}
`;
  const { warnings, violations } = importDocuments("auto", [{ text }], { document: emptyMesh("shop") });
  expect(violations.map(({ line, column }) => [line, column])).toEqual([[4, 28]]);
  expect(warnings.filter(({ message }) => message.includes("by the product's schema"))).toEqual([]);
});

const DR = ["networking.istio.io", "DestinationRule"] as const;
const HTTP_ROUTE = ["gateway.networking.k8s.io", "HTTPRoute"] as const;
const withRule = (rule: object) => ({ spec: { rules: [rule] } });
const names = (count: number) => Array.from({ length: count }, (_, i) => `a${i}.example.com`);

test.each([
  [
    "a text of no enumeration",
    DR,
    { spec: { host: "a", trafficPolicy: { tls: { mode: "strict" } } } },
    "spec.trafficPolicy.tls.mode",
    "one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL",
    'the text "strict"',
    "Write one of these.",
  ],
  [
    "one in other letters",
    DR,
    { spec: { host: "a", trafficPolicy: { tls: { mode: "Istio-Mutual" } } } },
    "spec.trafficPolicy.tls.mode",
    "one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL",
    'the text "Istio-Mutual"',
    "Write ISTIO_MUTUAL.",
  ],
  [
    "a number above the range",
    HTTP_ROUTE,
    withRule({ backendRefs: [{ name: "a", port: 70_000 }] }),
    "spec.rules.0.backendRefs.0.port",
    "from 1 to 65535",
    "70000",
    "Write a number from 1 to 65535.",
  ],
  [
    "a number below it",
    HTTP_ROUTE,
    withRule({ backendRefs: [{ name: "a", port: 80, weight: -1 }] }),
    "spec.rules.0.backendRefs.0.weight",
    "from 0 to 1000000",
    "-1",
    "Write a number from 0 to 1000000.",
  ],
  [
    "a text that is too long",
    HTTP_ROUTE,
    withRule({ matches: [{ path: { type: "Exact", value: `/${"a".repeat(1_024)}` } }] }),
    "spec.rules.0.matches.0.path.value",
    "a text of at most 1024 characters",
    "one of 1025",
    "Shorten it.",
  ],
  [
    "an empty text where one is asked for",
    HTTP_ROUTE,
    withRule({ backendRefs: [{ name: "", port: 80 }] }),
    "spec.rules.0.backendRefs.0.name",
    "a text of 1 to 253 characters",
    "empty",
    "Write it out, or take the field away.",
  ],
  [
    "a text unlike its pattern",
    HTTP_ROUTE,
    { spec: { hostnames: ["Shop.example.com"] } },
    "spec.hostnames.0",
    'a DNS name in lower case, or one after "*."',
    'the text "Shop.example.com"',
    "Use lower-case letters, digits and dashes, first and last no dash.",
  ],
  [
    "more entries than fit",
    HTTP_ROUTE,
    { spec: { hostnames: names(17) } },
    "spec.hostnames",
    "a list of at most 16 entries",
    "one of 17",
    "Take 1 out.",
  ],
  [
    "what has to be there",
    HTTP_ROUTE,
    withRule({ backendRefs: [{ port: 80 }] }),
    "spec.rules.0.backendRefs.0.name",
    "there",
    "missing",
    "Add name, a text.",
  ],
])("%s is found with what would be right", (_, [group, kind], value, path, wanted, is, fix) => {
  const found = typed(group, kind, value);
  expect(found.map((each) => ({ ...each, path: each.path.join(".") }))).toEqual([{ path, wanted, is, fix }]);
});

test("what is within the limits is right: at each end, with a default, in one of several versions, as a variable", () => {
  const rule = { backendRefs: [{ name: "a", port: 65_535, weight: 1_000_000 }], matches: [{ path: { value: "/" } }] };
  expect(typed(...HTTP_ROUTE, { spec: { hostnames: names(16), rules: [rule] } })).toEqual([]);
  // 1.31 has a mode that 1.30 has not, or none is missing: both are the enumeration
  expect(typed(...DR, { spec: { host: "a", trafficPolicy: { tls: { mode: "SIMPLE" } } } })).toEqual([]);
  expect(typed("compose", "Project", { services: { a: { image: "x", pull_policy: "$" + "{PULL}" } } })).toEqual([]);
  const [found] = typed("compose", "Project", { services: { a: { image: "x", pull_policy: "sometimes" } } });
  expect(found).toMatchObject({ path: ["services", "a", "pull_policy"], fix: "Write it as the pattern says." });
});

test("a pattern that backtracking engines take for ever is matched at once, and long texts have none", () => {
  const hostnames = [`${"a-".repeat(120)}!`, "b".repeat(100_000)];
  const found = typed(...HTTP_ROUTE, { spec: { hostnames } });
  expect(found.map(({ path, is }) => [path.at(-1), is])).toEqual([
    [0, expect.stringMatching(/^the text "a-a-/)],
    [1, "one of 100000"],
  ]);
});

test("a warning stands at the line and column of the value, and of what lacks one", () => {
  const text = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a, namespace: shop}
spec:
  parentRefs: [{kind: Service, group: "", name: web, port: 80}]
  rules:
  - name: First
    backendRefs:
    - {name: web, port: 80}
    sessionPersistence:
      type: Token
      cookieConfig: {lifetimeType: Permanent}
      absoluteTimeout: 1 hour
`;
  const { warnings } = importDocuments("gateway-api", [{ text }], { document: emptyMesh("shop") });
  const told = warnings.filter(({ message }) => message.includes("by the product's schema"));
  expect(told.map(({ path, line, column, message }) => [path, line, column, message])).toEqual([
    ["spec.rules[0].name", 7, 5, `must be a DNS name in lower case by the product's schema, and is the text "First"`],
    [
      "spec.rules[0].sessionPersistence.type",
      11,
      7,
      `must be one of Cookie, Header by the product's schema, and is the text "Token"`,
    ],
    [
      "spec.rules[0].sessionPersistence.absoluteTimeout",
      13,
      7,
      `must be a duration like 1h30m, 10s or 500ms by the product's schema, and is the text "1 hour"`,
    ],
  ]);
});

test("what is missing stands where it would have to be added", () => {
  const text = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        env:
        - name: A
          value: a
        - value: b
`;
  const { warnings } = importDocuments("auto", [{ text }], { document: emptyMesh("shop") });
  const told = warnings.filter(({ message }) => message.includes("by the product's schema"));
  expect(told.map(({ path, line, column, message, fix }) => [path, line, column, message, fix])).toEqual([
    [
      "spec.template.spec.containers[0].env[1].name",
      14,
      11,
      "must be there by the product's schema, and is missing",
      "Add name, a text.",
    ],
  ]);
});

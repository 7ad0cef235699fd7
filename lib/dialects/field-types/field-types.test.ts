import { expect, test } from "vitest";
import { emptyMesh } from "@/lib/mesh";
import { importDocuments } from "..";
import { dialectEntries } from "../catalogue";
import { typedKinds, wrongTypes } from ".";

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

const typed = (group: string, kind: string, value: unknown) => wrongTypes({ group, kind, value, most: 10 });

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
  const found = typed("apps", "Deployment", { metadata });
  expect(found.map(({ path }) => path.join(" "))).toEqual(["metadata labels version", "metadata annotations a.b/c"]);
});

test("what a schema leaves open, nothing and what nobody knows is right", () => {
  expect(typed("apps", "Deployment", { spec: { replicas: null, nobody: [1] } })).toEqual([]);
  expect(typed("", "Service", { spec: { ports: [{ targetPort: 80 }, { targetPort: "http" }] } })).toEqual([]);
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

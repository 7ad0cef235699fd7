import { expect, test } from "vitest";
import { object, withObjects } from "@/lib/compile/testing/rich";
import { applyCommand, demoMesh, type MeshDocument, type Mirror, type Route } from "@/lib/mesh";
import type { ImportChoice } from "../catalogue";
import { exportDocument, importDocuments } from "../index";

const to = { service: { name: "inventory" }, weight: 1 };
const rule = (mirrors: Mirror[]): Route["spec"]["rules"][number] => ({
  name: "copied",
  matches: [{ path: { type: "pathPrefix", value: "/stock" } }],
  action: { type: "forward", destinations: [to] },
  mirrors,
});
const routed = (...mirrors: Mirror[]): MeshDocument => {
  const rest = { matches: [], action: { type: "forward" as const, destinations: [to] } };
  const spec = { target: { kind: "Service" as const, name: "inventory" }, rules: [rule(mirrors), rest] };
  return withObjects(demoMesh(), [object("Route", "inventory", spec)]);
};
const mirrorsIn = ({ objects }: MeshDocument) =>
  objects.flatMap((each) =>
    each.kind === "Route" && each.metadata.name === "inventory" ? each.spec.rules.flatMap((r) => r.mirrors ?? []) : [],
  );
const toPayment: Mirror = { service: { name: "payment-service" }, port: 8080, percent: 10 };
const some: Mirror[] = [
  toPayment,
  { ...toPayment, service: { name: "shipping" }, percent: 12.5 },
  { ...toPayment, percent: 100 },
];
function there(choice: ImportChoice, text: string, document: MeshDocument) {
  const read = importDocuments(choice, [{ text }], { document, defaultNamespace: "production" });
  const applied = applyCommand(document, {}, { type: "batch", commands: read.commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return { ...read, document: applied.document };
}

test.each([
  ["istio", {}],
  ["gateway-api", { channel: "standard" }],
  ["cilium", {}],
  ["kuma", { channel: "3.x" }],
  ["kuma", { channel: "2.x" }],
] as const)("mirrors go out to %s %o and come back as they were", (dialect, options) => {
  const document = routed(...some);
  const out = exportDocument(dialect, document, options);
  const back = there(dialect, out.text, document);
  expect(mirrorsIn(back.document)).toEqual(some);
});

test.each(["linkerd", "consul", "app-mesh"] as const)("%s loses mirrors, and says so", (dialect) => {
  const out = exportDocument(dialect, routed(...some), {});
  const losses = JSON.stringify(out.report);
  expect(losses).toMatch(/mirror|cop(y|ies)/);
  expect(out.text).not.toContain("irror");
});

const virtualService = (mirror: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: inventory, namespace: production}
spec:
  hosts: [inventory]
  http:
  - route: [{destination: {host: inventory}}]
${mirror}`;

test("Istio's older spellings, and a share that is not written, are read; what leaves the mesh is kept", () => {
  const read = (mirror: string) => there("istio", virtualService(mirror), demoMesh());
  const place = { service: { name: "payment-service" } };
  const host = "    mirror: {host: payment-service}\n";
  expect(mirrorsIn(read(host).document)).toEqual([{ ...place, percent: 100 }]);
  expect(mirrorsIn(read(`${host}    mirrorPercent: 5\n`).document)).toEqual([{ ...place, percent: 5 }]);
  expect(mirrorsIn(read(`${host}    mirror_percent: 7\n`).document)).toEqual([{ ...place, percent: 7 }]);
  expect(mirrorsIn(read(`${host}    mirrorPercentage: {value: 0.1}\n`).document)).toEqual([{ ...place, percent: 0.1 }]);
  const outside = read("    mirror: {host: api.example.com}\n");
  expect(mirrorsIn(outside.document)).toEqual([]);
  expect(outside.kept.map(({ path }) => path)).toEqual(["spec.http[0].mirror"]);
});

const httpRoute = (mirror: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: inventory, namespace: production}
spec:
  parentRefs: [{group: "", kind: Service, name: inventory, port: 8080}]
  rules:
  - filters: [{type: RequestMirror, requestMirror: ${mirror}}]
    backendRefs: [{name: inventory, port: 8080}]
`;

test("Gateway API's fractions are shares, and a mirror that is no Service is kept", () => {
  const read = (mirror: string) => there("gateway-api", httpRoute(mirror), demoMesh());
  const ref = "backendRef: {name: payment-service, port: 8080}";
  expect(mirrorsIn(read(`{${ref}, fraction: {numerator: 1, denominator: 3}}`).document)).toEqual([
    { ...toPayment, percent: 33.3333 },
  ]);
  expect(mirrorsIn(read(`{${ref}}`).document)).toEqual([{ ...toPayment, percent: 100 }]);
  const strange = read("{backendRef: {group: x.example, kind: Bucket, name: copies}}");
  expect(mirrorsIn(strange.document)).toEqual([]);
  expect(JSON.stringify(strange.kept)).toContain("Bucket");
});

// Authorizers of the mesh and the policies that name them: what is impossible, and what becomes of them when their service goes.
import { expect, test } from "vitest";
import { applyCommand } from "../commands/apply";
import { diffDocuments } from "../diff/diff";
import { demoMesh } from "../samples/demo";
import type { Authorizer, MeshDocument, SpecOf } from "../types";
import { parseObject } from "../violations";
import { validateDocument } from "./validate";

const address = {
  target: { kind: "Service", namespace: "production", name: "inventory" },
  port: 8080,
  protocol: "http",
} as const;
type PolicySpec = Partial<SpecOf<"AuthorizationPolicy">>;

function meshWith(authorizers: Authorizer[], policy: PolicySpec = {}): MeshDocument {
  const { objects } = demoMesh();
  const spec = { target: { service: "catalog" }, action: "custom" as const, authorizer: "opa", rules: [{}], ...policy };
  return {
    objects: [
      ...objects.map((each) => (each.kind === "Mesh" ? { ...each, spec: { ...each.spec, authorizers } } : each)),
      {
        apiVersion: "meshwright.dev/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "ask", namespace: "production" },
        spec,
      },
    ],
  };
}
const problems = (document: MeshDocument) =>
  validateDocument(document).map(({ path, message }) => `${path} ${message}`);
const POLICY = "AuthorizationPolicy/production/ask#spec";
const MESH = "Mesh//shop#spec.authorizers[0]";

test("a policy may be for a gateway that is there, and goes with it", () => {
  const document = meshWith([{ name: "opa", address }], { target: { gateway: "shop-gateway" } });
  expect(problems(document)).toEqual([]);
  expect(problems(meshWith([{ name: "opa", address }], { target: { gateway: "other" } }))).toEqual([
    `${POLICY}.target.gateway names Gateway production/other, which does not exist`,
  ]);
  const key = "Gateway/production/shop-gateway";
  const renamed = applyCommand(document, {}, { type: "renameObject", key, name: "front" });
  if (!renamed.ok) throw new Error(JSON.stringify(renamed.violations));
  const policy = renamed.document.objects.find(({ kind }) => kind === "AuthorizationPolicy");
  expect(policy?.spec).toMatchObject({ target: { gateway: "front" } });
  const removed = applyCommand(document, {}, { type: "removeObject", key });
  if (!removed.ok) throw new Error(JSON.stringify(removed.violations));
  expect(removed.document.objects.some(({ kind }) => kind === "AuthorizationPolicy")).toBe(false);
  const changes = diffDocuments(meshWith([{ name: "opa", address }]), document);
  expect(changes.map(({ sentence }) => sentence).join(" ")).toContain("gateway");
});

test("a policy asks an authorizer that the mesh has", () => {
  expect(problems(meshWith([{ name: "opa", address }]))).toEqual([]);
  expect(problems(meshWith([{ name: "opa" }]))).toEqual([]);
});

test.each<[string, PolicySpec, string]>([
  ["another name", { authorizer: "other" }, `${POLICY}.authorizer names authorizer other, which does not exist`],
  ["no name", { authorizer: undefined }, `${POLICY}.authorizer is missing: custom asks somebody`],
  ["another action", { action: "deny" }, `${POLICY}.authorizer is for the action custom, not deny`],
  [
    "a gateway and another action",
    { target: { gateway: "shop-gateway" }, action: "deny", authorizer: undefined },
    `${POLICY}.target.gateway is for the action custom, not deny: a gateway knows no callers of the mesh`,
  ],
  [
    "a gateway beside a service",
    { target: { gateway: "shop-gateway", service: "catalog" } },
    `${POLICY}.target.gateway stands beside a service, and a policy is for one of them`,
  ],
  ["in shadow", { shadow: true }, `${POLICY}.shadow cannot be said of the action custom`],
])("a policy with %s is refused", (_, policy, problem) => {
  expect(problems(meshWith([{ name: "opa", address }], policy))).toEqual([problem]);
});

test.each<[string, Partial<Authorizer>, string]>([
  [
    "a port that is not there",
    { address: { ...address, port: 81 } },
    `${MESH}.address.port is no HTTP port of inventory`,
  ],
  [
    "gRPC on a port of HTTP",
    { address: { ...address, protocol: "grpc" } },
    `${MESH}.address.protocol is grpc, and port 8080 of inventory speaks http`,
  ],
  ["bytes by HTTP", { body: { maxBytes: 1, asBytes: true } }, `${MESH}.body.asBytes is for the protocol grpc only`],
  [
    "a service that is not there",
    { address: { ...address, target: { ...address.target, name: "nobody" } } },
    `${MESH}.address.target.name names Service production/nobody, which does not exist`,
  ],
])("an authorizer with %s is refused", (_, more, problem) => {
  expect(problems(meshWith([{ name: "opa", address, ...more }]))).toEqual([problem]);
});

test("by gRPC nothing is said of single headers", () => {
  const document = meshWith([{ name: "opa", address: { ...address, pathPrefix: "/x" }, upstreamHeaders: ["x-user"] }]);
  const asGrpc: MeshDocument = {
    objects: document.objects.map((each) => {
      if (each.kind === "Service" && each.metadata.name === "inventory")
        return {
          ...each,
          spec: { ...each.spec, ports: each.spec.ports.map((port) => ({ ...port, protocol: "grpc" as const })) },
        };
      if (each.kind !== "Mesh") return each;
      const [own] = each.spec.authorizers ?? [];
      if (!own?.address) return each;
      return {
        ...each,
        spec: { ...each.spec, authorizers: [{ ...own, address: { ...own.address, protocol: "grpc" as const } }] },
      };
    }),
  };
  expect(problems(asGrpc)).toEqual([
    `${MESH}.address.pathPrefix is for the protocol http only`,
    `${MESH}.upstreamHeaders is for the protocol http only`,
  ]);
});

test.each([
  ["two of one name", [{ name: "a" }, { name: "a" }]],
  ["a status that is no error", [{ name: "a", statusOnError: 200 }]],
  ["a status that Envoy does not know", [{ name: "a", statusOnError: 418 }]],
  ["more of a body than is held", [{ name: "a", body: { maxBytes: 2_000_000 } }]],
  ["a value with a line break", [{ name: "a", addedHeaders: [{ name: "x", value: "a\nb" }] }]],
  ["a name with a space", [{ name: "a b" }]],
])("the schema refuses %s", (_, authorizers) => {
  const mesh = demoMesh().objects.find(({ kind }) => kind === "Mesh");
  const parsed = parseObject({ ...mesh, spec: { ...mesh?.spec, authorizers } });
  expect(parsed.ok).toBe(false);
});

test("when its service goes an authorizer is known by name only, so more is refused and not less", () => {
  const applied = applyCommand(
    meshWith([{ name: "opa", address, timeoutMs: 500 }]),
    {},
    {
      type: "removeObject",
      key: "Service/production/inventory",
    },
  );
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const mesh = applied.document.objects.find(({ kind }) => kind === "Mesh");
  expect(mesh?.spec).toMatchObject({ authorizers: [{ name: "opa", timeoutMs: 500 }] });
  expect(JSON.stringify(mesh)).not.toContain("inventory");
});

test("a renamed service takes the authorizer's address with it", () => {
  const applied = applyCommand(
    meshWith([{ name: "opa", address }]),
    {},
    {
      type: "renameObject",
      key: "Service/production/inventory",
      name: "stock",
    },
  );
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const mesh = applied.document.objects.find(({ kind }) => kind === "Mesh");
  expect(mesh?.spec).toMatchObject({ authorizers: [{ address: { target: { name: "stock" } } }] });
});

test("a new policy and a changed authorizer are told in words", () => {
  const before = meshWith([{ name: "opa", address }]);
  const without = { objects: before.objects.slice(0, -1) };
  const added = diffDocuments(without, before).map(({ sentence }) => sentence);
  expect(added.join(" ")).toContain("where authorizer opa lets it");
  const after = meshWith([{ name: "opa", address, whenAway: "allow" }]);
  const [changed] = diffDocuments(before, after);
  expect(changed?.sentence).toContain("whenAway");
});

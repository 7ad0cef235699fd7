// Any Gateway API documents: in, out and in again is the same design, and what goes out is what the published schema takes.
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyCommand, emptyMesh, type MeshDocument, objectKey, valuesToYaml } from "@/lib/mesh";
import { exportDocument, importDocuments } from "..";
import { schemaErrors } from "./testing/schemas";

const value = (names: string[]) =>
  fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...names),
      type: fc.constantFrom("Exact", "RegularExpression"),
      value: fc.constantFrom("1", "a.*", "[0-9]+"),
    }),
    { minLength: 1, maxLength: 2, selector: ({ name }) => name },
  );
const match = fc.record(
  {
    path: fc.oneof(
      fc.record({ type: fc.constantFrom("PathPrefix", "Exact"), value: fc.constantFrom("/", "/a", "/a/b", "/api") }),
      fc.record({ type: fc.constant("RegularExpression"), value: fc.constantFrom("/a.*", "/v[0-9]+") }),
    ),
    method: fc.constantFrom("GET", "POST"),
    headers: value(["x-a", "x-b"]),
    queryParams: value(["q", "r"]),
  },
  { requiredKeys: [] },
);
const changes = fc.record(
  {
    set: fc.constant([{ name: "x-1", value: "1" }]),
    add: fc.constant([{ name: "x-2", value: "2" }]),
    remove: fc.constant(["x-3"]),
  },
  { requiredKeys: ["set"] },
);
const filter = fc.oneof(
  changes.map((requestHeaderModifier) => ({ type: "RequestHeaderModifier", requestHeaderModifier })),
  changes.map((responseHeaderModifier) => ({ type: "ResponseHeaderModifier", responseHeaderModifier })),
  fc.constant({ type: "RequestMirror", requestMirror: { backendRef: { name: "mirror", port: 80 } } }),
  fc
    .record(
      {
        allowOrigins: fc.constantFrom(
          ["*"],
          ["https://shop.example", "http://localhost:3000"],
          ["https://*.shop.example:8443", "https://*"],
        ),
        allowMethods: fc.constantFrom(["*"], ["GET", "PUT"]),
        allowHeaders: fc.constantFrom(["*"], ["x-a", "x-b"]),
        exposeHeaders: fc.constantFrom(["*"], ["x-c"]),
        allowCredentials: fc.boolean(),
        maxAge: fc.integer({ min: 1, max: 86_400 }),
      },
      { requiredKeys: ["allowOrigins"] },
    )
    .map((cors) => ({ type: "CORS", cors })),
  fc.constantFrom(
    { type: "URLRewrite", urlRewrite: { hostname: "inside.example.com" } },
    { type: "URLRewrite", urlRewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "/one" } } },
  ),
);
const backends = fc.uniqueArray(
  fc.record(
    {
      name: fc.constantFrom("web", "web-v1", "web-v2"),
      port: fc.constant(8080),
      weight: fc.integer({ min: 0, max: 9 }),
    },
    { requiredKeys: ["name", "port"] },
  ),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
);
const plain = fc.record(
  {
    matches: fc.array(match, { minLength: 1, maxLength: 3 }),
    filters: fc.uniqueArray(filter, { maxLength: 3, selector: ({ type }) => type }),
    backendRefs: backends,
    timeouts: fc.constantFrom({ request: "10s" }, { request: "1m", backendRequest: "2s500ms" }, { request: "0s" }),
    retry: fc.constantFrom(
      { attempts: 3, codes: [500, 503] },
      { attempts: 1 },
      { attempts: 2, codes: [504], backoff: "100ms" },
    ),
  },
  { requiredKeys: ["backendRefs"] },
);
const redirect = fc.record(
  {
    matches: fc.array(match, { minLength: 1, maxLength: 2 }),
    filters: fc.constantFrom(
      [{ type: "RequestRedirect", requestRedirect: { scheme: "https", port: 443, statusCode: 301 } }],
      [{ type: "RequestRedirect", requestRedirect: { hostname: "new.example.com" } }],
    ),
  },
  { requiredKeys: ["filters"] },
);
const rules = fc.array(fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: redirect }), {
  minLength: 1,
  maxLength: 4,
});
const parent = fc.constantFrom({ group: "", kind: "Service", name: "web" }, { name: "front" });

const ground = [
  ...["web", "web-v1", "web-v2"].map((name) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "shop" },
    spec: {
      selector: { app: "web", ...(name === "web" ? {} : { version: name.slice(4) }) },
      ports: [{ name: "http", port: 8080 }],
    },
  })),
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "front", namespace: "shop" },
    spec: { gatewayClassName: "example", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
  },
];

function read(text: string): MeshDocument {
  const document = emptyMesh("shop");
  const { violations, commands } = importDocuments("auto", [{ text }], { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return { objects: [...applied.document.objects].sort((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1)) };
}

const withoutOrigin = ({ objects }: MeshDocument) =>
  objects.map((each) => ({ ...each, metadata: { ...each.metadata, origin: undefined } }));

test("generated routes of a service and of a gateway come back as the same design", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ parent, rules }), { minLength: 1, maxLength: 3 }), (routes) => {
      const documents = routes.map((each, i) => ({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: { name: `route-${i}`, namespace: "shop" },
        spec: { parentRefs: [each.parent], rules: each.rules },
      }));
      const services = valuesToYaml(ground.slice(0, 3));
      const first = read(valuesToYaml([...ground, ...documents]));
      const out = exportDocument("gateway-api", first, { channel: "experimental" });
      expect(schemaErrors(out.resources, "experimental")).toEqual([]);
      expect(withoutOrigin(read(`${services}---\n${out.text}`))).toEqual(withoutOrigin(first));
    }),
    { numRuns: 30, endOnFailure: true },
  );
}, 60_000);

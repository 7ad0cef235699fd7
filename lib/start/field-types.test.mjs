import { expect, test } from "vitest";
import { stringify } from "yaml";
import { fieldTypes, kindsOf, tableText } from "./field-types.mjs";

const definition = (versions) =>
  stringify({
    kind: "CustomResourceDefinition",
    spec: {
      group: "a.example",
      names: { kind: "Thing" },
      versions: versions.map((spec) => ({
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { apiVersion: { type: "string" }, status: { type: "object" }, spec },
          },
        },
      })),
    },
  });
const object = (properties) => ({ type: "object", properties });

test("a definition becomes letters, lists, shapes by place and choices; what may be anything is left out", () => {
  const port = { "x-kubernetes-int-or-string": true };
  const spec = object({
    name: { type: "string" },
    ports: { type: "array", items: object({ port }) },
    others: { type: "array", items: object({ port }) },
    labels: { type: "object", additionalProperties: { type: "string" } },
    share: { type: "number" },
    isOn: { type: "boolean" },
    command: { oneOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
    free: { "x-kubernetes-preserve-unknown-fields": true },
    // conditions beside a type, and parts of one object
    both: {
      type: "object",
      properties: { a: { type: "string" } },
      allOf: [object({ b: { type: "boolean" } }), { minProperties: 1 }],
    },
  });
  expect(fieldTypes("istio", [definition([spec])], ["Thing"])).toEqual({
    shapes: [
      { a: "s", b: "b" },
      { "*": "s" },
      { port: "is" },
      { both: 0, command: { "|": ["s", ["s"]] }, isOn: "b", labels: 1, name: "s", others: [2], ports: [2], share: "n" },
      { spec: 3 },
    ],
    kinds: { "a.example Thing": 4 },
  });
});

test("of two versions of a kind any type counts, and kinds that nobody takes are not there", () => {
  const first = object({ weight: { type: "integer" }, at: { type: "string" } });
  const second = object({ weight: { type: "string" }, to: { type: "array", items: { type: "string" } } });
  const table = fieldTypes("istio", [definition([first, second])], ["Thing"]);
  expect(table).toEqual({
    shapes: [{ at: "s", to: ["s"], weight: "is" }, { spec: 0 }],
    kinds: { "a.example Thing": 1 },
  });
  expect(fieldTypes("istio", [definition([first])], ["Other"])).toEqual({ shapes: [], kinds: {} });
});

test("a service model has the spec of what creates the kind", () => {
  const text = JSON.stringify({
    shapes: {
      CreateMeshInput: { type: "structure", members: { spec: { shape: "MeshSpec" } } },
      ...Object.fromEntries(
        ["VirtualNode", "VirtualService", "VirtualRouter", "Route", "VirtualGateway", "GatewayRoute"].map((kind) => [
          `Create${kind}Input`,
          { type: "structure", members: { spec: { shape: "Text" } } },
        ]),
      ),
      MeshSpec: { type: "structure", members: { names: { shape: "Texts" }, count: { shape: "Long" } } },
      Texts: { type: "list", member: { shape: "Text" } },
      Text: { type: "string" },
      Long: { type: "long" },
    },
  });
  expect(fieldTypes("app-mesh", [text], ["Mesh"])).toEqual({
    shapes: [{ count: "i", names: ["s"] }, { spec: 0 }],
    kinds: { "appmesh Mesh": 1 },
  });
});

test("the kinds are those of the catalogue, and a table is one shape a line", async () => {
  expect(await kindsOf("gateway-api")).toContain("TCPRoute");
  const text = tableText({ shapes: [{ a: "s" }, { spec: 0 }], kinds: { "a b": 1 } }, "of a");
  expect(JSON.parse(text)).toEqual({ $comment: "of a", shapes: [{ a: "s" }, { spec: 0 }], kinds: { "a b": 1 } });
  expect(text.split("\n")).toContain('    {"a":"s"},');
});

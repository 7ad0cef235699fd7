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

test("limits stand beside the type, and of two versions the wider counts; a default is as good as a value", () => {
  const version = (port, mode, more) =>
    object({
      port: { type: "integer", minimum: 1, ...port },
      mode: { type: "string", enum: mode },
      name: { type: "string", pattern: "^[a-z]+$", minLength: 1, maxLength: 63 },
      names: { type: "array", minItems: 1, maxItems: 4, items: { type: "string", maxLength: 8 } },
      either: { "x-kubernetes-int-or-string": true },
      kind: { type: "string", default: "Service" },
      ...more,
    });
  const first = { ...version({ maximum: 9 }, ["A"], {}), required: ["kind", "name", "port"] };
  const second = {
    ...version({ minimum: 0, maximum: 99 }, ["B", "A"], {
      name: { type: "string", pattern: "^[a-z0-9]+$", maxLength: 253 },
      names: { type: "array", maxItems: 16, items: { type: "string" } },
    }),
    required: ["name"],
  };
  const [shape] = fieldTypes("istio", [definition([first, second])], ["Thing"]).shapes;
  expect(shape).toEqual({
    "!": ["name"],
    either: "is",
    kind: "s",
    mode: { "=": "s", enum: ["A", "B"] },
    name: { "=": "s", longest: 253 },
    names: { "=": ["s"], most: 16 },
    port: { "=": "i", min: 0, max: 99 },
  });
});

test("a pattern that does not run in linear time is left out, and null is no name of an enumeration", () => {
  const spec = object({
    a: { type: "string", pattern: "^(?=a)" },
    b: { type: "string", enum: ["x", null] },
    c: { type: "string", enum: ["x", 1] },
  });
  expect(fieldTypes("istio", [definition([spec])], ["Thing"]).shapes[0]).toEqual({
    a: "s",
    b: { "=": "s", enum: ["x"] },
    c: "s",
  });
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

import { expect, test } from "vitest";
import { parse } from "yaml";
import { digestOf } from "../digest/digest";
import { demoMesh } from "../samples/demo";
import { fromYaml } from "./from-yaml";
import { readYaml } from "./read";
import { toYaml } from "./to-yaml";
import { valuesToYaml } from "./values-to-yaml";

function violations(text: string) {
  const result = fromYaml(text, { file: "mesh.yaml" });
  return result.ok ? [] : result.violations;
}

test("a document survives the way to YAML and back, and the text does not depend on the order of objects", () => {
  const text = toYaml(demoMesh());
  const back = fromYaml(text);
  if (!back.ok) throw new Error(JSON.stringify(back.violations));
  expect(digestOf(back.document)).toBe(digestOf(demoMesh()));
  expect(toYaml({ objects: demoMesh().objects.reverse() })).toBe(text);
  expect(text.startsWith("apiVersion: meshwright.dev/v1\nkind: Mesh\nmetadata:\n  name: shop\n")).toBe(true);
});

test("text that YAML 1.1 reads as something else is quoted", () => {
  const text = valuesToYaml([{ a: "on", b: "1.10", c: "yes", d: "0x1f", e: "plain" }]);
  expect(parse(text, { version: "1.1" })).toEqual({ a: "on", b: "1.10", c: "yes", d: "0x1f", e: "plain" });
  expect(text).toContain("e: plain");
});

const service = (extra: string) => `apiVersion: meshwright.dev/v1
kind: Service
metadata: {name: cart, namespace: production}
spec:
  ports:
  - {name: http, port: 8080, protocol: http}
${extra}`;

test("every problem is reported with file, line, path and fix", () => {
  const text = `${service("  ownr: orders\n")}---\n${service("  criticality: huge\n").replace("8080", "99999")}---\nkind: Servis\n`;
  expect(violations(text)).toMatchObject([
    {
      file: "mesh.yaml",
      line: 7,
      column: 3,
      path: "Service/production/cart#spec.ownr",
      message: '"ownr" is not a field here',
    },
    { line: 14, path: "Service/production/cart#spec.ports[0].port", message: "must be a port from 1 to 65535" },
    { line: 15, fix: 'Use "critical" or "high" or "medium" or "low".' },
    { line: 17, message: 'has the unknown kind "Servis"' },
  ]);
});

test("a name that is written twice and a number where text is meant are named", () => {
  expect(violations(`${service("")}---\n${service("")}`)[0]).toMatchObject({
    line: 8,
    message: expect.stringContaining("mesh.yaml:1"),
  });
  expect(violations(service("  owner: 1.10\n"))[0]).toMatchObject({ line: 7, fix: "Put the value in quotes." });
});

test("syntax errors and duplicate keys carry their line", () => {
  expect(violations("kind: [\n")[0]).toMatchObject({
    file: "mesh.yaml",
    message: expect.stringContaining("not valid YAML"),
  });
  expect(violations("kind: a\nkind: b\n")[0]).toMatchObject({ line: 2 });
});

test("bombs are refused quickly: aliases, nesting, size", () => {
  const levels = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
  for (let i = 1; i < 10; i++) {
    const [from, to] = [String.fromCharCode(96 + i), String.fromCharCode(97 + i)];
    levels.push(`${to}: &${to} [${Array(10).fill(`*${from}`).join(",")}]`);
  }
  expect(violations(levels.join("\n"))[0]?.message).toBe("uses too many aliases");
  expect(violations("[".repeat(1_000_000))[0]?.message).toContain("nested deeper");
  expect(violations("- ".repeat(100_000))[0]?.message).toContain("nested deeper");
  expect(violations("a".repeat(5_000_000))[0]?.message).toContain("larger than 4 MiB");
});

test("Kubernetes text is read as YAML 1.1 with merge keys", () => {
  const text = "base: &b {x: 1}\nitem: {<<: *b, y: yes}\n";
  expect(readYaml(text, { kubernetes: true }).documents[0]?.value).toEqual({ base: { x: 1 }, item: { x: 1, y: true } });
});

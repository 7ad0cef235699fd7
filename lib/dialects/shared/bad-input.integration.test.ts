import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyCommand, emptyMesh } from "@/lib/mesh";
import { EXPORT_IDS, exportDocument, importDocuments } from "..";
import { documentsOf, placesOf, textWith } from "../testing/any-value";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const route = read("gateway-api/fixtures/corpus/precedence.yaml");
const texts = {
  "gateway-api": read("gateway-api/fixtures/corpus/filters.yaml") + route.replace(/^/, "---\n"),
  "app-mesh": read("app-mesh/fixtures/shop.json"),
  kubernetes: `${read("kubernetes/fixtures/shop.yaml")}---\n${read("kubernetes/fixtures/policies.yaml")}`,
};
const violationsOf = (text: string) =>
  importDocuments("auto", [{ text, file: "bad.yaml" }], { document: emptyMesh("shop") });

test.each([
  ["truncated", route.slice(0, route.indexOf("backendRefs") + 30), 8],
  ["a duplicate key", route.replace("kind: HTTPRoute", "kind: HTTPRoute\nkind: HTTPRoute"), 3],
  ["a wrong type", route.replace("port: 8080", 'port: "8080"'), 8],
  ["a version that nobody knows", route.replace("k8s.io/v1", "k8s.io/v9"), 1],
  ["a namespace that is no text", route.replace("namespace: shop", "namespace: no"), 3],
  ["a text that is not UTF-8", route.replace("everything", "every\uFFFDthing"), 7],
])("%s is a problem with file, line and column, and changes nothing", (_, text, line) => {
  const { violations, commands } = violationsOf(text);
  expect(violations[0]).toMatchObject({ file: "bad.yaml", line, column: expect.any(Number) });
  expect(violations[0]?.fix).not.toBe("");
  expect(commands).toEqual([]);
});

test("a byte-order mark and line ends of Windows are no problem", () => {
  const plain = violationsOf(route);
  const other = violationsOf(`\uFEFF${route.replaceAll("\n", "\r\n")}`);
  expect(other.violations).toEqual([]);
  expect(other.commands).toEqual(plain.commands);
  expect(other.warnings).toEqual(plain.warnings);
});

test("deep nesting, alias bombs and ten megabytes are refused before they cost anything", () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x]\n${[..."bcdefghi"].map((name, i) => `${name}: &${name} [${Array(8).fill(`*${"abcdefghi"[i]}`).join(", ")}]`).join("\n")}\n`;
  const begun = performance.now();
  for (const text of [
    bomb,
    "[".repeat(10_000),
    "a: ".concat("{b: ".repeat(200)),
    `x: ${"y".repeat(10 * 1024 * 1024)}`,
  ]) {
    expect(violationsOf(text).violations[0]).toMatchObject({ line: expect.any(Number) });
  }
  expect(performance.now() - begun).toBeLessThan(5_000);
});

test("thousands of documents are read in time that grows with them", () => {
  const one = (i: number) => `apiVersion: v1
kind: Service
metadata: {name: s${i}, namespace: shop}
spec: {selector: {app: s${i}}, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: s${i}, namespace: shop}
spec: {parentRefs: [{group: "", kind: Service, name: s${i}}], rules: [{backendRefs: [{name: s${i}, port: 80}]}]}
`;
  const timeOf = (count: number) => {
    const text = Array.from({ length: count }, (_, i) => one(i)).join("---\n");
    const begun = performance.now();
    expect(violationsOf(text).violations).toEqual([]);
    return performance.now() - begun;
  };
  timeOf(50);
  const [few, many] = [timeOf(50), timeOf(400)];
  // eight times as many documents: far from the sixty-four times of a quadratic walk
  expect(many / few).toBeLessThan(30);
}, 60_000);

test("a kind that nobody knows is named and left out", () => {
  const { warnings, violations } = violationsOf(
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n",
  );
  expect(violations).toEqual([]);
  expect(warnings).toMatchObject([
    { line: 2, column: 1, verdict: "lost", message: expect.stringContaining("left out") },
  ]);
});

test.each(Object.entries(texts))(
  "no value at any place of %s makes reading or writing throw",
  (_, text) => {
    const base = documentsOf(text);
    const before = emptyMesh("shop");
    fc.assert(
      fc.property(fc.constantFrom(...placesOf(base)), fc.jsonValue({ maxDepth: 3 }), (place, value) => {
        const result = importDocuments("auto", [{ text: textWith(base, place, value) }], { document: before });
        const applied = applyCommand(before, {}, { type: "batch", commands: result.commands });
        expect(applied.ok).toBe(true);
        if (!applied.ok) return;
        for (const id of EXPORT_IDS) exportDocument(id, applied.document, {});
      }),
      { numRuns: 40 },
    );
  },
  60_000,
);

// docs/reference/capabilities.md against the JSON Schema that `meshwright schema object` prints: a field that is not there fails.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dialectEntries } from "@/lib/dialects";
import { jsonSchemaOf } from "./schemas";

const page = readFileSync(new URL("../../docs/reference/capabilities.md", import.meta.url), "utf8");
type Row = { what: string; fields: string[]; model: string; products: string[]; elsewhere: string };
const rows: Row[] = page.split("\n").flatMap((line): Row[] => {
  const cells = line.split("|").map((cell) => cell.trim());
  const [, what = "", model = "", products = "", elsewhere = ""] = cells;
  if (!line.startsWith("|") || what === "what" || /^-+$/.test(what)) return [];
  expect(cells, line).toHaveLength(6);
  const fields = [...model.matchAll(/`([^`]+)`/g)].map(([, field = ""]) => field);
  return [{ what, model, fields, products: products === "-" ? [] : products.split(", "), elsewhere }];
});

type Schema = {
  $ref?: string;
  const?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
};
const root = jsonSchemaOf("object") as Schema;

/** What a schema may be, through references and alternatives. */
function alternatives(schema: Schema): Schema[] {
  if (schema.$ref !== undefined) {
    const path = schema.$ref.replace(/^#\/?/, "").split("/").filter(Boolean);
    const target = path.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], root);
    return alternatives(target as Schema);
  }
  return [schema, ...[schema.anyOf, schema.oneOf, schema.allOf].flatMap((list) => (list ?? []).flatMap(alternatives))];
}

/** `Route.rules[].matches[]`: a kind, then fields of its spec; `[]` is the entry of a list. */
function isThere(field: string): boolean {
  const [kind, ...steps] = field.split(".");
  let found = alternatives(root)
    .filter(({ properties }) => properties?.["kind"]?.const === kind)
    .flatMap(({ properties }) => alternatives(properties?.["spec"] ?? {}));
  for (const step of steps) {
    const name = step.replace("[]", "");
    found = found.flatMap(({ properties }) => (properties?.[name] ? alternatives(properties[name]) : []));
    if (step.endsWith("[]")) found = found.flatMap(({ items }) => (items ? alternatives(items) : []));
  }
  return steps.length > 0 && found.length > 0;
}

test("every field that the page names is in the published schema", () => {
  expect(rows.length).toBeGreaterThan(70);
  expect(rows.flatMap(({ fields }) => fields).filter((field) => !isThere(field))).toEqual([]);
});

test("a field that is not there is found out", () => {
  expect(isThere("TrafficPolicy.outlierDetection.successRate")).toBe(true);
  expect(isThere("TrafficPolicy.outlierDetection.successRates")).toBe(false);
  expect(isThere("Route.rules.matches")).toBe(false);
  expect(isThere("Route.rules[].matches[].path.type")).toBe(true);
  expect(isThere("Rout.rules[]")).toBe(false);
  expect(isThere("Route")).toBe(false);
});

test("a row has fields, or says that it has none and why; it stands once and names products that are read", () => {
  const whats = rows.map(({ what }) => what);
  expect(new Set(whats).size).toBe(whats.length);
  const titles = dialectEntries.map(({ title }) => title);
  for (const { what, model, fields, products, elsewhere } of rows) {
    expect(fields.length > 0 || model === "-", what).toBe(true);
    expect(elsewhere.length, what).toBeGreaterThan(10);
    if (fields.length === 0) expect(products, what).toEqual([]);
    for (const product of products)
      expect(
        titles.some((title) => title.includes(product)),
        `${what}: ${product}`,
      ).toBe(true);
  }
});

// Import, export and import again give the same design, for every kind that Istio has.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { digestOf, type MeshDocument } from "@/lib/mesh";
import { dialectOf, exportDocument } from "..";
import { imported } from "../testing/imported";

const text = readFileSync(new URL("fixtures/every-kind.yaml", import.meta.url), "utf8");
const all = parseAllDocuments(text).map((each) => each.toJS() as { apiVersion: string; kind: string });
const ground = all.filter(({ apiVersion }) => !apiVersion.includes("istio.io"));
/** Mesh configuration is no resource: authorizers.test.ts takes it out and back. */
const kinds = dialectOf("istio").kinds.filter((kind) => kind !== "MeshConfig");

const read = (documents: readonly object[]) =>
  imported("istio", [{ text: documents.map((each) => JSON.stringify(each)).join("\n---\n") }]).document;

/** Defaults of the mesh go out as resources of their own and are objects then. */
const withoutDefaults = (document: MeshDocument): MeshDocument => ({
  objects: document.objects.filter(({ metadata }) => metadata.labels?.["meshwright.dev/generated"] === undefined),
});

test("the fixture has every kind that is read", () => {
  expect([...new Set(all.map(({ kind }) => kind))].filter((kind) => kinds.includes(kind)).sort()).toEqual(
    [...kinds].sort(),
  );
});

test.each([...kinds, "all of them"])("%s: import, export, import is the same design", (kind) => {
  const own = all.filter((each) => each.apiVersion.includes("istio.io") && (each.kind === kind || kind.includes(" ")));
  const first = read([...ground, ...own]);
  const { resources } = exportDocument("istio", first);
  const second = read([...ground, ...resources]);
  expect(withoutDefaults(second).objects).toEqual(withoutDefaults(first).objects);
  expect(digestOf(withoutDefaults(second))).toBe(digestOf(withoutDefaults(first)));
  const names = resources.map((each) => each.kind);
  expect(names).toContain(own[0]?.kind);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { migration as shape } from "@/lib/api/schema";
import { applyCommand, type MeshDocument } from "@/lib/mesh";
import { object, withObjects } from "../../compile/testing/rich";
import { seedMesh } from "../../simulate/testing/designs";
import { dialectOf, exportDocument, importDocuments, migrationFiles, migrationOf } from "..";
import type { ExportId } from "../catalogue";
import { asSentence, decidedOf, OPTIONS } from "./migration-words";

const move = (to: ExportId, document: MeshDocument, more: Partial<Parameters<typeof migrationOf>[0]> = {}) =>
  migrationOf({ dialect: dialectOf(to), document, made: exportDocument(to, document), ...more });
const deny = (name: string) =>
  object("AuthorizationPolicy", name, {
    target: { service: "catalog" },
    action: "deny",
    rules: [{ to: [{ paths: ["/admin"] }] }],
  });

test("what gives calls another answer stands first, then what is lost, then what is nearly the same", () => {
  const { decisions } = move("linkerd", withObjects(seedMesh(), [deny("no-admin")]));
  const groups = decisions.map(({ group }) => group);
  const order = ["meaning", "lost", "approximate", "by-hand"];
  expect(groups).toEqual([...groups].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
  expect(new Set(groups)).toContain("meaning");
  const [denial] = decisions.filter(({ parts }) =>
    parts.some(({ key }) => key === "AuthorizationPolicy/production/no-admin"),
  );
  expect(denial).toMatchObject({ group: "meaning", step: "writing", verdict: "lost" });
  expect(denial?.options.map(({ id }) => id)).toEqual(OPTIONS.map(({ id }) => id));
  expect(denial?.options.find(({ id }) => id === "by-hand")?.means).toContain(
    "manual/authorizationpolicy-production-no-admin.md",
  );
});

test("what is alike is one decision, with all of its parts, and every part of the report is in one or done", () => {
  const document = withObjects(seedMesh(), [deny("no-admin"), deny("no-debug")]);
  const { report } = exportDocument("linkerd", document);
  const { decisions, done } = move("linkerd", document);
  const both = decisions.find(({ parts }) => parts.some(({ key }) => key?.endsWith("no-admin")));
  expect(both?.parts.map(({ object: name, path }) => [name, path])).toEqual([
    ["AuthorizationPolicy production/no-admin", "spec"],
    ["AuthorizationPolicy production/no-debug", "spec"],
  ]);
  const decided = decisions.reduce((sum, { parts }) => sum + parts.length, 0);
  const moved = done.moved.reduce((sum, { parts }) => sum + parts, 0);
  expect(decided + moved + done.exact).toBe(report.length);
});

test.each([
  ["spec.selector of the Gateway has no place", "spec.selector of the Gateway has no place."],
  ["gatewayClassName stands for a class.", "gatewayClassName stands for a class."],
  ["retries are lost", "Retries are lost."],
])("%s: a field keeps its spelling", (reason, said) => {
  expect(asSentence(reason)).toBe(said);
});

test("the same design has the same decisions; one more part makes it another decision, so that none is decided unseen", () => {
  const idOf = (document: MeshDocument) =>
    move("linkerd", document).decisions.find(({ parts }) => parts.some(({ key }) => key?.endsWith("/no-admin")))?.id;
  const one = withObjects(seedMesh(), [deny("no-admin")]);
  expect(idOf(one)).toBe(idOf({ objects: [...one.objects].reverse() }));
  expect(idOf(one)).not.toBe(idOf(withObjects(one, [deny("no-debug")])));
});

test("documents of a product: what reading them told is decided too, with file and line", () => {
  const text = readFileSync(new URL("../app-mesh/fixtures/shop.json", import.meta.url), "utf8");
  const empty: MeshDocument = { objects: seedMesh().objects.filter(({ kind }) => kind === "Mesh") };
  const { commands, warnings } = importDocuments("app-mesh", [{ text, file: "shop.json" }], { document: empty });
  const applied = applyCommand(empty, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error("the fixture does not come in");
  const moved = move("istio", applied.document, { from: dialectOf("app-mesh").title, warnings });
  expect(shape.parse(moved)).toEqual(moved);
  const limits = moved.decisions.find(({ about }) => about.includes("over all callers there"));
  expect(limits).toMatchObject({
    group: "meaning",
    step: "reading",
    parts: [{ object: "VirtualNode default/payments_v1", file: "shop.json", line: 11 }],
  });
  expect(limits?.options[0]?.means).toContain("calls get another answer than from AWS App Mesh");
  // it is no more, so nothing stays there
  expect(limits?.options.map(({ id }) => id)).toEqual(["as-exported", "change-design", "by-hand"]);
});

test("the product that a design came from is told from its objects, and a retired one is named", () => {
  const text = readFileSync(new URL("../istio/fixtures/seed.yaml", import.meta.url), "utf8");
  const { commands } = importDocuments("istio", [{ text }], { document: seedMesh() });
  const applied = applyCommand(seedMesh(), {}, { type: "batch", commands });
  if (!applied.ok) throw new Error("the seed does not come in");
  expect(move("app-mesh", applied.document)).toMatchObject({ from: "Istio", retired: expect.stringContaining("2026") });
  expect(move("istio", seedMesh()).from).toBe("the design");
});

test("the text has a box for each decision, ticked where something was chosen that this decision offers", () => {
  const migration = move("linkerd", withObjects(seedMesh(), [deny("no-admin")]));
  const [first, second] = migration.decisions;
  if (!first || !second) throw new Error("two decisions are expected");
  const choices = { [first.id]: "by-hand", [second.id]: "something else", gone: "stay" };
  expect(decidedOf(migration.decisions, choices)).toBe(1);
  const [{ text } = { text: "" }, recorded] = migrationFiles(migration, choices);
  expect(recorded).toEqual({ path: "decisions.yaml", text: `# ${first.about}\n${first.id}: by-hand\n` });
  expect(migrationFiles(migration, {}).map(({ path }) => path)).toEqual(["MIGRATION.md"]);
  expect(text).toContain(`1 of ${migration.decisions.length} decided.`);
  expect(text).toContain(`- [x] ${first.about} \`${first.id}\``);
  expect(text).toContain(`- [ ] ${second.about} \`${second.id}\``);
  expect(text).toContain("**Do by hand**: Write it in Linkerd yourself");
});

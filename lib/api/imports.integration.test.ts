// What an import was told stays: kept with the change that it made, told again to whoever asks, gone with neither undo nor time.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boundedWarnings, MAX_CHARACTERS, MAX_REPORTS, MAX_WARNINGS } from "@/lib/data/import-reports";
import type { Draft, ImportReportDto, ImportSummaryDto } from "./schema";
import { importReport, importSummary } from "./schema";
import { startTestApi, type TestApi } from "./testing/api";

let api: TestApi;
let author: string;
beforeAll(async () => {
  api = await startTestApi();
  author = await api.tokenFor("author");
});
afterAll(() => api?.stop());

const virtualService = (timeout: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart}
spec:
  hosts: [cart]
  exportTo: ["."]
  http:
  - timeout: ${timeout}
    route:
    - destination: {host: cart}
`;

const draftVersion = async () => (await api.call<Draft>("GET", "/meshes/shop/draft", { token: author })).body.version;
async function importText(text: string, file?: string) {
  return api.call<{ applied: boolean; version: number; warnings: { message: string }[] }>(
    "POST",
    "/meshes/shop/import",
    {
      token: author,
      headers: { "if-match": `"v${await draftVersion()}"` },
      body: { text, apply: true, clientId: "importer", ...(file === undefined ? {} : { file }) },
    },
  );
}
const list = async (token = author) =>
  (await api.call<{ items: ImportSummaryDto[] }>("GET", "/meshes/shop/imports", { token })).body.items;
const read = (version: number | string, token = author) =>
  api.call<ImportReportDto>("GET", `/meshes/shop/imports/${version}`, { token });

describe("the report of an import", () => {
  test("is kept with who, what and every warning, and whoever may read the mesh reads it", async () => {
    const made = await importText(virtualService("7s"), "cart.yaml");
    expect(made.body).toMatchObject({ applied: true });
    expect(made.body.warnings.length).toBeGreaterThan(0);
    const viewer = await api.tokenFor("viewer", { mesh: "shop" });
    const [newest] = await list(viewer);
    expect(importSummary.parse(newest)).toEqual(newest);
    expect(newest).toMatchObject({
      version: made.body.version,
      dialect: "auto",
      products: [{ dialect: "istio", versions: ["networking.istio.io/v1"], documents: 1 }],
      source: "cart.yaml",
      characters: virtualService("7s").length,
      understood: 1,
      warnings: made.body.warnings.length,
      isUndone: false,
      revision: null,
    });
    const { body } = await read(made.body.version, viewer);
    expect(importReport.parse(body)).toEqual(body);
    expect(body.warningsTotal).toBe(made.body.warnings.length);
    expect(body.warnings.map(({ message }) => message).sort()).toEqual(
      made.body.warnings.map(({ message }) => message).sort(),
    );
    expect(body.warnings[0]).toMatchObject({ path: expect.any(String), verdict: expect.any(String) });
    expect((await read(`v${made.body.version}`)).body).toEqual(body);
  });

  test("says in which revision it went, and that it was taken back", async () => {
    const frozen = await api.call<{ number: number }>("POST", "/meshes/shop/revisions", {
      token: author,
      body: { message: "with the import" },
    });
    expect((await list())[0]).toMatchObject({ revision: frozen.body.number });
    const second = await importText(virtualService("9s"));
    expect((await list())[0]).toMatchObject({ version: second.body.version, source: null, revision: null });
    const step = (direction: string) =>
      api.call("POST", `/meshes/shop/draft/${direction}`, {
        token: author,
        headers: { "if-match": "*" },
        body: { clientId: "importer" },
      });
    await step("undo");
    expect((await list())[0]).toMatchObject({ version: second.body.version, isUndone: true });
    await step("redo");
    expect((await list())[0]).toMatchObject({ version: second.body.version, isUndone: false });
  });

  test("is not made by looking, by what changes nothing, or by what is refused", async () => {
    const before = await list();
    const ask = (body: object, version: number) =>
      api.call("POST", "/meshes/shop/import", { token: author, headers: { "if-match": `"v${version}"` }, body });
    const version = await draftVersion();
    expect((await ask({ text: virtualService("11s"), apply: false }, version)).status).toBe(200);
    expect((await ask({ text: virtualService("9s"), apply: true }, version)).body).toMatchObject({ applied: false });
    expect((await ask({ text: "kind: [", apply: true }, version)).status).toBe(422);
    await importText(virtualService("12s"));
    const late = await ask({ text: virtualService("13s"), apply: true }, version);
    expect(late.status).toBe(409);
    expect(await list()).toHaveLength(before.length + 1);
  });

  test("is named by a version that an import made", async () => {
    expect((await read(999_999)).status).toBe(404);
    expect((await read("newest")).status).toBe(404);
  });

  test("of the last ones is kept, of the others none", async () => {
    const { database } = api.runtime;
    const mesh = await database.mesh.findUniqueOrThrow({ where: { slug: "shop" } });
    const kept = await database.importReport.count({ where: { meshId: mesh.id } });
    // older than all: what the limit takes first
    await database.importReport.createMany({
      data: Array.from({ length: MAX_REPORTS }, (_, i) => ({
        meshId: mesh.id,
        draftVersion: -i,
        dialect: "auto",
        characters: 1,
        understood: 1,
        kept: 0,
        changes: 1,
        warningsTotal: 0,
        meaningTotal: 0,
        importedByName: "somebody",
      })),
    });
    await importText(virtualService("14s"));
    expect(await database.importReport.count({ where: { meshId: mesh.id } })).toBe(MAX_REPORTS);
    const [last] = await database.importReport.findMany({
      where: { meshId: mesh.id },
      orderBy: { draftVersion: "asc" },
      take: 1,
    });
    expect(last?.draftVersion).toBe(-(MAX_REPORTS - kept - 2));
  });
});

test("a report has a limit in number and in size, and leaves out what matters least", () => {
  const warning = (message: string, changesMeaning = false) => ({
    source: "VirtualService production/cart",
    path: "spec.hosts",
    message,
    fix: "",
    line: 1,
    column: 2,
    verdict: "lost" as const,
    changesMeaning,
  });
  const many = Array.from({ length: MAX_WARNINGS + 5 }, (_, i) => warning(`${i}`));
  const kept = boundedWarnings([...many, warning("loud", true)]);
  expect(kept).toHaveLength(MAX_WARNINGS);
  expect(kept[0]).toMatchObject({ message: "loud" });
  expect(kept[1]).toMatchObject({ message: "0" });
  expect(kept[0]).not.toHaveProperty("column");
  const long = boundedWarnings(many.map((each) => ({ ...each, message: "x".repeat(5_000) })));
  expect(JSON.stringify(long).length).toBeLessThan(MAX_CHARACTERS + long.length + 2);
  expect(long.length).toBeGreaterThan(100);
  expect(long[0]?.message.endsWith("…")).toBe(true);
});

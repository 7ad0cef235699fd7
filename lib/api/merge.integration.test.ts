// Two people who started from one design: what each changed, the conflicts between them, and one step that holds both.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Command, MeshDocument, MeshObject } from "@/lib/mesh";
import { diffDocuments, toYaml } from "@/lib/mesh";
import type { Draft, DraftAnswer, MergeAnswer, ProblemDto } from "./schema";
import { mergeAnswer } from "./schema";
import { startTestApi, type TestApi } from "./testing/api";

let api: TestApi;
let anna: string;
let ben: string;
beforeAll(async () => {
  api = await startTestApi();
  anna = await api.tokenFor("author");
  ben = await api.tokenFor("author");
});
afterAll(() => api?.stop());

const readDraft = async () => (await api.call<Draft>("GET", "/meshes/shop/draft", { token: anna })).body;
const cart = "Service/production/cart";
const set = (field: string, value: unknown, key = cart): Command => ({ type: "patchSpec", key, path: [field], value });

async function edit(token: string, clientId: string, version: number, ...commands: Command[]) {
  const answer = await api.call<DraftAnswer & ProblemDto>("POST", "/meshes/shop/draft/commands", {
    token,
    body: { commands, clientId },
    headers: { "if-match": `"v${version}"` },
  });
  return answer;
}

async function merge(token: string, body: Record<string, unknown>, version?: number) {
  const headers: Record<string, string> = version === undefined ? {} : { "if-match": `"v${version}"` };
  return api.call<MergeAnswer & ProblemDto>("POST", "/meshes/shop/draft/merge", { token, body, headers });
}

const specOf = (document: MeshDocument, name: string) =>
  document.objects.find(({ kind, metadata }) => kind === "Service" && metadata.name === name)?.spec as
    | Record<string, unknown>
    | undefined;

describe("a change whose start has moved on", () => {
  test("what fits goes in by itself, what conflicts is told with three values and by whom, and decides what is saved as one step", async () => {
    const { version: start, document: before } = await readDraft();
    const mine = [
      set("owner", "team-ben"),
      set("description", "what ben says"),
      set("owner", "ben-too", "Service/production/catalog"),
    ];
    expect((await edit(anna, "anna", start, set("owner", "team-anna"), set("criticality", "high"))).status).toBe(200);
    expect((await edit(ben, "ben", start, ...mine)).body).toMatchObject({ code: "draft-conflict" });

    const asked = { base: `v${start}`, mine: { commands: mine } };
    const { status, body } = await merge(ben, asked);
    expect(status).toBe(200);
    expect(mergeAnswer.parse(body)).toEqual(body);
    expect(body).toMatchObject({ version: start + 1, applied: false, mine: { total: 3 }, theirs: { total: 2 } });
    expect(body.conflicts).toMatchObject({ total: 1, open: 1 });
    expect(body.conflicts.items).toMatchObject([
      { key: cart, path: "spec.owner", kind: "changed", mine: "team-ben", theirs: "team-anna", theirsBy: {} },
    ]);
    expect(body.conflicts.items[0]?.base).toEqual(specOf(before, "cart")?.["owner"]);
    expect(body.theirs.by).toEqual([body.conflicts.items[0]?.theirsBy?.name]);
    // so far theirs stands where it is open
    expect(body.result.total).toBe(2);

    const open = await merge(ben, { ...asked, apply: true }, body.version);
    expect([open.status, open.body.code]).toEqual([409, "merge-open"]);
    expect(open.body.violations).toMatchObject([{ path: `${cart}#spec.owner`, key: cart }]);

    const wrong = { ...asked, choices: [{ key: cart, path: "spec.owner", value: 7 }] };
    const refused = await merge(ben, wrong);
    expect(refused.body.conflicts).toMatchObject({ open: 1, items: [{ problem: { fix: expect.any(String) } }] });

    const choices = [{ key: cart, path: "spec.owner", value: "team-both" }];
    const ready = await merge(ben, { ...asked, choices });
    expect(ready.body.conflicts).toMatchObject({ open: 0, items: [{ taken: "value" }] });
    const saved = await merge(ben, { ...asked, choices, apply: true, clientId: "ben" }, ready.body.version);
    expect(saved.body).toMatchObject({ applied: true, version: start + 2 });
    const after = await readDraft();
    expect(specOf(after.document, "cart")).toMatchObject({
      owner: "team-both",
      description: "what ben says",
      criticality: "high",
    });
    expect(specOf(after.document, "catalog")).toMatchObject({ owner: "ben-too" });

    const undone = await api.call<DraftAnswer>("POST", "/meshes/shop/draft/undo", {
      token: ben,
      body: { clientId: "ben" },
      headers: { "if-match": "*" },
    });
    expect(undone.body.version).toBe(start + 3);
    expect(specOf((await readDraft()).document, "cart")).toMatchObject({ owner: "team-anna", criticality: "high" });
  });

  test("the version that it started from is rebuilt through edits, undo and redo", async () => {
    const seen = new Map<number, MeshDocument>();
    const note = async () => {
      const { version, document } = await readDraft();
      seen.set(version, document);
      return version;
    };
    const step = (direction: string, clientId: string) =>
      api.call("POST", `/meshes/shop/draft/${direction}`, {
        token: anna,
        body: { clientId },
        headers: { "if-match": "*" },
      });
    const first = await note();
    await edit(anna, "walk", await note(), set("description", "one"));
    await edit(ben, "other", await note(), set("description", "two", "Service/production/shipping"));
    await note();
    await step("undo", "walk");
    await edit(ben, "other", await note(), {
      type: "removeObject",
      key: "Dependency/production/shipping-to-carrier-api",
    });
    await note();
    await step("redo", "walk");
    const last = await note();
    expect(seen.size).toBe(last - first + 1);
    const { document } = await readDraft();
    const mine = { text: toYaml(document) };
    for (const [version, then] of seen) {
      const { body } = await merge(anna, { base: `v${version}`, mine });
      expect(body.theirs.items, `v${version}`).toEqual(diffDocuments(then, document));
      // both sides went the same way
      expect([version, body.conflicts.total, body.result.total]).toEqual([version, 0, 0]);
    }
    expect(diffDocuments(seen.get(first) as MeshDocument, document)).toHaveLength(3);
  });

  test("a revision and a file are brought the same way; a side can be taken for all that is open", async () => {
    const frozen = await api.call<{ number: number }>("POST", "/meshes/shop/revisions", {
      token: anna,
      body: { message: "start" },
    });
    const base = `r${frozen.body.number}`;
    const { version, document } = await readDraft();
    const theirs = [set("owner", "x"), set("owner", "x", "Service/production/catalog")];
    await edit(anna, "anna", version, ...theirs);
    const mine = {
      objects: document.objects.map((object) =>
        object.kind === "Service" ? { ...object, spec: { ...object.spec, owner: "of the file" } } : object,
      ),
    } as MeshDocument;
    const asked = { base, mine: { text: toYaml(mine) } };
    expect((await merge(ben, asked)).body.conflicts).toMatchObject({ total: 2, open: 2 });
    const decided = { ...asked, choices: [{ key: cart, path: "spec.owner", take: "mine" }], otherwise: "theirs" };
    const { body } = await merge(ben, decided);
    expect(body.conflicts.items.map(({ key, taken }) => [key, taken]).sort()).toEqual([
      [cart, "mine"],
      ["Service/production/catalog", "theirs"],
    ]);
    // the revision is what it started from: it brings nothing
    expect((await merge(ben, { base, mine: { at: base } })).body).toMatchObject({
      mine: { total: 0 },
      result: { total: 0 },
    });
  });

  test("two changes that fit each alone and not together are told before they are saved", async () => {
    const { version } = await readDraft();
    const from = { kind: "Service", name: "storefront" };
    const to = { kind: "Service", name: "shipping" };
    const added = await edit(anna, "anna", version, {
      type: "addObject",
      object: {
        apiVersion: "meshwright.dev/v1",
        kind: "Dependency",
        metadata: { name: "storefront-to-shipping", namespace: "production" },
        spec: { from, to, port: 8080, protocol: "http", interaction: "sync" },
      } as MeshObject,
    });
    expect(added.status).toBe(200);
    const { body } = await merge(ben, {
      base: `v${version}`,
      mine: { commands: [{ type: "removeObject", key: "Service/production/shipping" }] },
    });
    expect(body.conflicts.total).toBe(0);
    expect(body.problems.map(({ path }) => path).join(" ")).toContain("storefront-to-shipping");
  });
});

describe("what is refused", () => {
  const commands = [set("owner", "z")];

  test("a start that is newer than the draft, and one that is not there, by field", async () => {
    const { version } = await readDraft();
    const newer = await merge(anna, { base: `v${version + 1}`, mine: { commands } });
    expect([newer.status, newer.body.violations]).toMatchObject([400, [{ path: "base" }]]);
    expect((await merge(anna, { base: "r999", mine: { commands } })).status).toBe(404);
    const wrong = await merge(anna, { base: "main", mine: { commands } });
    expect([wrong.status, wrong.body.violations]).toMatchObject([400, [{ path: expect.stringContaining("base") }]]);
  });

  test("a change that cannot be repeated where it is said to start, and a text that is no design", async () => {
    const { version } = await readDraft();
    const lost = await merge(anna, {
      base: `v${version}`,
      mine: { commands: [set("owner", "z", "Service/production/none")] },
    });
    expect(lost.body).toMatchObject({ status: 422, violations: [{ path: "Service/production/none" }] });
    const text = await merge(anna, { base: `v${version}`, mine: { text: "kind: Nothing" } });
    expect(text.body).toMatchObject({ status: 422, code: "model-violation" });
  });

  test("saving without the version that was looked at, or with one that the draft has left", async () => {
    const { version } = await readDraft();
    const asked = { base: `v${version}`, mine: { commands: [set("description", "saved")] }, apply: true };
    expect((await merge(anna, asked)).status).toBe(428);
    await edit(ben, "ben", version, set("description", "elsewhere", "Service/production/catalog"));
    const late = await merge(anna, asked, version);
    expect([late.status, late.body.code]).toEqual([412, "version-mismatch"]);
    expect((await readDraft()).version).toBe(version + 1);
  });

  test("a role in one namespace saves no change of another", async () => {
    const token = await api.tokenFor("author", { mesh: "shop", namespace: "elsewhere" });
    const { version } = await readDraft();
    const answer = await merge(token, { base: `v${version}`, mine: { commands }, apply: true }, version);
    expect(answer.status).toBe(403);
  });
});

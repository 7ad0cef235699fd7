import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MeshObject } from "@/lib/mesh";
import { type Draft, type DraftAnswer, exportAnswer, type Topology } from "./schema";
import { startTestApi, type TestApi } from "./testing/api";

let api: TestApi;
let author: string;
let operator: string;
beforeAll(async () => {
  api = await startTestApi();
  author = await api.tokenFor("author");
  operator = await api.tokenFor("operator");
});
afterAll(() => api?.stop());

const service = (name: string): MeshObject =>
  ({
    apiVersion: "meshwright.dev/v1",
    kind: "Service",
    metadata: { name, namespace: "production" },
    spec: { ports: [{ name: "http", port: 8080, protocol: "http" }] },
  }) as MeshObject;

const readDraft = async (mesh = "shop") =>
  (await api.call<Draft>("GET", `/meshes/${mesh}/draft`, { token: author })).body;

async function edit(
  commands: unknown[],
  { version, clientId = "tab-1", token = author }: { version?: number; clientId?: string; token?: string } = {},
) {
  const base = version ?? (await readDraft()).version;
  return api.call<DraftAnswer & Record<string, unknown>>("POST", "/meshes/shop/draft/commands", {
    token,
    body: { commands, clientId },
    headers: { "if-match": `"v${base}"` },
  });
}

const names = (draft: Draft) => draft.document.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

describe("the draft", () => {
  test("an edit raises the version, and the ETag says so", async () => {
    const before = await readDraft();
    const answer = await edit([{ type: "addObject", object: service("reviews"), position: { x: 1, y: 2 } }]);
    expect(answer.status).toBe(200);
    expect(answer.body.version).toBe(before.version + 1);
    expect(answer.headers.get("etag")).toBe(`"v${before.version + 1}"`);
    const after = await readDraft();
    expect(names(after)).toContain("Service reviews");
    expect(after.positions["Service/production/reviews"]).toEqual({ x: 1, y: 2 });
  });

  test("undo survives a reload: only the client's name is needed", async () => {
    await edit([{ type: "addObject", object: service("wishlist") }], { clientId: "tab-undo" });
    const step = async (direction: string) =>
      api.call<DraftAnswer>("POST", `/meshes/shop/draft/${direction}`, {
        token: author,
        body: { clientId: "tab-undo" },
        headers: { "if-match": "*" },
      });
    const undone = await step("undo");
    expect(undone.body).toMatchObject({ canUndo: false, canRedo: true });
    expect(names(await readDraft())).not.toContain("Service wishlist");
    expect((await step("redo")).body).toMatchObject({ canUndo: true, canRedo: false });
    expect(names(await readDraft())).toContain("Service wishlist");
    expect((await step("redo")).body).toMatchObject({ code: "nothing-to-redo" });
    await step("undo");
    expect((await step("undo")).body).toMatchObject({ code: "nothing-to-undo" });
  });

  test("a late edit of other objects is merged, one of the same object is refused by name", async () => {
    const { version } = await readDraft();
    const patch = (name: string, description: string) => ({
      type: "patchSpec",
      key: `Service/production/${name}`,
      path: ["description"],
      value: description,
    });
    expect((await edit([patch("cart", "first")], { version, clientId: "tab-a" })).body.merged).toBe(false);
    const other = await edit([patch("catalog", "second")], { version, clientId: "tab-b" });
    expect(other.body.merged).toBe(true);
    const same = await edit([patch("cart", "third")], { version, clientId: "tab-c" });
    expect(same.status).toBe(409);
    expect(same.body).toMatchObject({ code: "draft-conflict", conflicts: [{ key: "Service/production/cart" }] });
    const { document } = await readDraft();
    const text = JSON.stringify(document);
    expect(text).toContain('"first"');
    expect(text).toContain('"second"');
    expect(text).not.toContain('"third"');
  });

  test("undo is refused when somebody else changed the same object since", async () => {
    const patch = (value: string) => ({
      type: "patchSpec",
      key: "Service/production/shipping",
      path: ["description"],
      value,
    });
    await edit([patch("mine")], { clientId: "tab-mine" });
    await edit([patch("theirs")], { clientId: "tab-theirs" });
    const undone = await api.call("POST", "/meshes/shop/draft/undo", {
      token: author,
      body: { clientId: "tab-mine" },
      headers: { "if-match": "*" },
    });
    expect(undone.body).toMatchObject({ status: 409, code: "draft-conflict" });
  });

  test("a refused batch changes nothing and lists every problem with its path", async () => {
    const before = await readDraft();
    const answer = await edit([
      { type: "addObject", object: service("half") },
      {
        type: "addObject",
        object: { ...service("broken"), spec: { ports: [{ name: "http", port: 99999, protocol: "smoke" }] } },
      },
    ]);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: "model-violation" });
    expect(JSON.stringify(answer.body)).toContain("Service/production/broken#spec.ports[0]");
    expect(await readDraft()).toEqual(before);
  });

  test("twenty edits at once all land, one after the other", async () => {
    const { version } = await readDraft();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        edit([{ type: "addObject", object: service(`many-${i}`) }], { version, clientId: `many-${i}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.version)).size).toBe(20);
    expect((await readDraft()).version).toBe(version + 20);
  });

  test("somebody with a role in one namespace changes objects of that namespace only", async () => {
    const token = await api.tokenFor("author", { mesh: "shop", namespace: "production" });
    expect((await edit([{ type: "addObject", object: service("of-team") }], { token, clientId: "ns" })).status).toBe(
      200,
    );
    const outside = { ...service("of-others"), metadata: { name: "of-others", namespace: "default" } };
    const refused = await edit([{ type: "addObject", object: outside }], { token, clientId: "ns" });
    expect([refused.status, refused.body["code"]]).toEqual([403, "forbidden"]);
  });

  test("an export with its bundle says what has to be decided, of the published shape", async () => {
    const query = "format=envoy&channel=one-machine&bundle=true";
    const { status, body } = await api.call("GET", `/meshes/shop/export?${query}`, { token: author });
    expect(status).toBe(200);
    const { migration, files = [], text } = exportAnswer.parse(body);
    expect(migration?.decisions.length).toBeGreaterThan(0);
    expect([text, files.map(({ path }) => path)]).toEqual(["", expect.arrayContaining(["README.md", "report.json"])]);
  });

  test("the whole draft can be pushed as YAML and taken back in one step", async () => {
    const before = await readDraft();
    const yaml = (await api.call("GET", "/meshes/shop/export?format=yaml", { token: author })).body["text"] as string;
    const pushed = await api.call("PUT", "/meshes/shop/draft", {
      token: author,
      body: { text: yaml.replace("name: reviews", "name: ratings"), clientId: "cli" },
      headers: { "if-match": `"v${before.version}"` },
    });
    expect(pushed.status).toBe(200);
    expect(names(await readDraft())).toContain("Service ratings");
    await api.call("POST", "/meshes/shop/draft/undo", {
      token: author,
      body: { clientId: "cli" },
      headers: { "if-match": "*" },
    });
    expect((await readDraft()).digest).toBe(before.digest);
  });
});

describe("from a draft to a deployment", () => {
  test("freeze, deploy, list and roll back", async () => {
    await edit([{ type: "addObject", object: service("frozen") }]);
    const revision = await api.call("POST", "/meshes/shop/revisions", { token: author, body: { message: "one more" } });
    expect(revision.status).toBe(201);
    expect(revision.body["number"]).toBe(2);
    const again = await api.call("POST", "/meshes/shop/revisions", { token: author, body: {} });
    expect(again.body).toMatchObject({ code: "nothing-changed", revision: 2 });
    const diff = await api.call<{ changes: { key: string }[] }>("GET", "/meshes/shop/diff?from=r1&to=r2", {
      token: author,
    });
    expect(diff.body.changes.map(({ key }) => key)).toContain("Service/production/frozen");

    expect(
      (await api.call("POST", "/meshes/shop/environments/local/deployments", { token: author, body: { revision: 2 } }))
        .status,
    ).toBe(403);
    // What the control plane would do with the seed's own deployment.
    await api.runtime.database.deployment.updateMany({
      where: { state: "queued" },
      data: { state: "done", finishedAt: new Date() },
    });
    const deployment = await api.call<{ id: string }>("POST", "/meshes/shop/environments/local/deployments", {
      token: operator,
      body: { revision: 2 },
    });
    expect(deployment.status).toBe(201);
    expect(deployment.body).toMatchObject({ state: "queued", revision: 2, environment: "local" });
    await api.runtime.database.deployment.update({
      where: { id: deployment.body.id },
      data: { state: "done", finishedAt: new Date() },
    });
    const back = await api.call("POST", `/meshes/shop/environments/local/deployments/${deployment.body.id}/rollback`, {
      token: operator,
    });
    expect(back.body).toMatchObject({ state: "queued", revision: 1, rollbackOf: deployment.body.id });
    const environments = await api.call<{ items: unknown[] }>("GET", "/meshes/shop/environments", { token: author });
    expect(environments.body.items).toMatchObject([
      { name: "local", running: { revision: 2 }, open: { revision: 1, state: "queued" } },
    ]);
    const events = await api.call<{ items: { kind: string }[] }>("GET", "/meshes/shop/events", { token: author });
    expect(events.body.items[0]?.kind).toBe("deployment.rollback");
    await api.runtime.database.deployment.update({
      where: { id: String(back.body["id"]) },
      data: { state: "done", finishedAt: new Date() },
    });
    const further = await api.call(
      "POST",
      `/meshes/shop/environments/local/deployments/${String(back.body["id"])}/rollback`,
      { token: operator },
    );
    expect(further.body).toMatchObject({ code: "conflict", detail: expect.stringContaining("nothing to go back to") });
  });

  test("a binding is written against the version that was read", async () => {
    const path = "/meshes/shop/environments/local/binding";
    const read = await api.call<{ version: number; binding: { instances: unknown[] } }>("GET", path, {
      token: operator,
    });
    const write = (ifMatch: string) =>
      api.call("PUT", path, {
        token: operator,
        body: { binding: read.body.binding },
        headers: { "if-match": ifMatch },
      });
    expect((await write(`"v${read.body.version}"`)).status).toBe(200);
    expect((await write(`"v${read.body.version}"`)).body).toMatchObject({ code: "version-mismatch" });
  });

  test("without a control plane a plan says so, and the canvas still answers with the design", async () => {
    const plan = await api.call("POST", "/meshes/shop/environments/local/plan", {
      token: operator,
      body: { revision: 1 },
    });
    expect([plan.status, plan.body["code"]]).toEqual([503, "control-plane-unavailable"]);
    const topology = await api.call<Topology>("GET", "/meshes/shop/topology?at=r1", { token: author });
    expect(topology.status).toBe(200);
    const dependency = topology.body.dependencies.find(
      ({ key }) => key === "Dependency/production/checkout-to-payment-service",
    );
    expect(dependency).toMatchObject({
      drawn: true,
      granted: true,
      seen: false,
      state: "no-data",
      now: { requestsPerSecond: null },
    });
    const signals = await api.call("GET", "/meshes/shop/environments/local/signals?scope=mesh&range=15m", {
      token: author,
    });
    expect(signals.body).toMatchObject({ state: "no-data", now: { requestsPerSecond: null } });
  });
});

describe("people and tokens", () => {
  test("an invitation works once and gives its role", async () => {
    const administrator = await api.tokenFor("administrator");
    const made = await api.call<{ url: string }>("POST", "/invites", {
      token: administrator,
      body: { email: "New@Example.org", role: "author", mesh: "shop" },
    });
    expect(made.status).toBe(201);
    const token = new URL(made.body.url).searchParams.get("token");
    const accept = () =>
      api.call("POST", "/invites/accept", { body: { token, name: "New", password: "correct horse battery" } });
    expect((await accept()).body).toMatchObject({ email: "new@example.org" });
    expect((await accept()).status).toBe(410);
  });

  test("a token does no more than its role, and nothing after it was revoked", async () => {
    const person = await api.runtime.database.user.findFirstOrThrow({ where: { email: "admin@meshwright.local" } });
    const principal = {
      kind: "person" as const,
      userId: person.id,
      tokenId: null,
      name: "a",
      email: "a",
      bindings: [{ role: "administrator" as const, meshId: null, namespace: null }],
      limit: null,
    };
    const { createToken } = await import("@/lib/data/tokens");
    const made = await createToken(api.runtime.database, principal, {
      name: "ci",
      role: "viewer",
      mesh: "shop",
      expiresInDays: 1,
    });
    expect((await api.call("GET", "/meshes/shop", { token: made.token })).status).toBe(200);
    expect((await api.call("GET", "/users", { token: made.token })).status).toBe(403);
    expect((await edit([{ type: "addObject", object: service("no") }], { token: made.token })).status).toBe(403);
    expect((await api.call("DELETE", `/tokens/${made.row.id}`, { token: made.token })).status).toBe(204);
    expect((await api.call("GET", "/meshes/shop", { token: made.token })).status).toBe(401);
  });

  test("the last administrator cannot be taken away", async () => {
    const token = await api.tokenFor("administrator");
    const { database } = api.runtime;
    const administrators = await database.user.findMany({
      where: { roleBindings: { some: { role: "administrator" } } },
    });
    const results: number[] = [];
    for (const { id } of administrators.reverse()) {
      const { headers } = await api.call("GET", `/users/${id}`, { token });
      const answer = await api.call("PATCH", `/users/${id}`, {
        token,
        body: { isDisabled: true },
        headers: { "if-match": headers.get("etag") ?? "" },
      });
      results.push(answer.status);
    }
    const left = await database.user.count({
      where: { disabledAt: null, roleBindings: { some: { role: "administrator" } } },
    });
    expect(left).toBeGreaterThan(0);
    expect(results.some((status) => status !== 200)).toBe(true);
  });
});

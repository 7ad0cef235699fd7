import { afterAll, beforeAll, expect, test } from "vitest";
import type { Principal } from "@/lib/auth/permissions";
import { applyCommand, type Command, digestOf, type MeshDocument, objectKey } from "@/lib/mesh";
import { startTestPostgres, type TestPostgres } from "@/lib/start/testing/postgres";
import { type Database, openDatabase } from "./client";
import { editDraft, readDraft } from "./drafts";
import { toJson } from "./json";
import { seedDemo } from "./seed/design";
import { seedPeople } from "./seed/people";

let postgres: TestPostgres;
let database: Database;
let principal: Principal;
beforeAll(async () => {
  postgres = await startTestPostgres();
  database = openDatabase({ url: postgres.url, poolSize: 2 });
  await seedPeople(database, { demo: true });
  await seedDemo(database, {});
  const { id, name, email } = await database.user.findFirstOrThrow();
  const bindings = [{ role: "administrator" as const, meshId: null, namespace: null }];
  principal = { kind: "person", userId: id, tokenId: null, name, email, bindings, limit: null };
});
afterAll(async () => {
  await database?.$disconnect();
  await postgres?.stop();
});

const draft = () => readDraft(database, principal, "shop");
const edit = (...commands: Command[]) =>
  editDraft(database, principal, { slug: "shop", base: null, clientId: "one", commands });
const labelled = (key: string, team: string): Command => ({ type: "setMetadata", key, metadata: { labels: { team } } });
const teamsOf = ({ objects }: MeshDocument) =>
  Object.fromEntries(objects.flatMap((each) => Object.entries({ [objectKey(each)]: each.metadata.labels?.["team"] })));

test.each([1, 8, 9, 40])("an edit of %i objects is what is read afterwards, each in its place", async (count) => {
  const before = await draft();
  const keys = before.document.objects.filter(({ kind }) => kind !== "Mesh").map(objectKey);
  const changed = keys.slice(0, count);
  const { digest } = await edit(...changed.map((key) => labelled(key, `of ${count}`.replace(" ", "-"))));
  const after = await draft();
  expect(after.document.objects.map(objectKey)).toEqual(before.document.objects.map(objectKey));
  expect(teamsOf(after.document)).toEqual({
    ...teamsOf(before.document),
    ...Object.fromEntries(changed.map((key) => [key, `of-${count}`])),
  });
  expect([digest, after.digest]).toEqual([digestOf(after.document), digest]);
});

test("objects that come and go are there and gone, and places of others stay", async () => {
  const before = await draft();
  const [gone] = before.document.objects.filter(({ kind }) => kind === "Dependency").map(objectKey);
  const service = before.document.objects.find(({ kind }) => kind === "Service");
  if (gone === undefined || service?.kind !== "Service") throw new Error("the demo has both");
  const added = { ...service, metadata: { ...service.metadata, name: "newcomer" } };
  await edit({ type: "addObject", object: added, position: { x: 7, y: 8 } });
  await edit({ type: "removeObject", key: gone });
  const after = await draft();
  expect(after.document.objects).toEqual([
    ...before.document.objects.filter((each) => objectKey(each) !== gone),
    expect.objectContaining({ metadata: expect.objectContaining({ name: "newcomer" }) }),
  ]);
  expect(after.positions).toEqual({ ...before.positions, [objectKey(added)]: { x: 7, y: 8 } });
  expect(after.digest).toBe(digestOf(after.document));
});

test("an edit stands on what another process wrote meanwhile", async () => {
  const { document } = await draft();
  const [mine, theirs] = document.objects.filter(({ kind }) => kind === "Workload").map(objectKey);
  if (mine === undefined || theirs === undefined) throw new Error("the demo has two");
  await edit(labelled(mine, "first"));
  const known = await draft();
  const other = applyCommand(known.document, known.positions, labelled(theirs, "theirs"));
  if (!other.ok) throw new Error(JSON.stringify(other.violations));
  const { id } = await database.mesh.findUniqueOrThrow({ where: { slug: "shop" } });
  await database.draft.update({
    where: { meshId: id },
    data: { document: toJson(other.document), digest: digestOf(other.document), version: known.version + 1 },
  });
  await edit(labelled(mine, "second"));
  const after = await draft();
  expect(after.version).toBe(known.version + 2);
  expect(teamsOf(after.document)).toMatchObject({ [mine]: "second", [theirs]: "theirs" });
  expect(after.digest).toBe(digestOf(after.document));
});

test("what a transaction took back is not remembered", async () => {
  const before = await draft();
  const [key] = before.document.objects.filter(({ kind }) => kind === "Workload").map(objectKey);
  if (key === undefined) throw new Error("the demo has one");
  const fails = editDraft(database, principal, {
    slug: "shop",
    base: null,
    clientId: "one",
    commands: [labelled(key, "never")],
    also: () => Promise.reject(new Error("did not happen")),
  });
  await expect(fails).rejects.toThrow("did not happen");
  await edit({ type: "moveObjects", positions: { [key]: { x: 1, y: 2 } } });
  const after = await draft();
  expect(after.document).toEqual(before.document);
  expect(after.digest).toBe(before.digest);
});

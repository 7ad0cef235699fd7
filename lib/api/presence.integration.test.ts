// Who else is here, and whether the log was touched: over the API, on a real database.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ChainDto, PresenceDto } from "./schema";
import { startTestApi, type TestApi } from "./testing/api";

let api: TestApi;
let author: string;
let viewer: string;
beforeAll(async () => {
  api = await startTestApi();
  author = await api.tokenFor("author");
  viewer = await api.tokenFor("viewer");
});
afterAll(() => api?.stop());

const path = "/meshes/shop/presence";
const here = (token: string, clientId: string, screen: string) =>
  api.call("PUT", path, { token, body: { clientId, screen, selection: null } });
const list = async (token: string) => (await api.call<PresenceDto>("GET", path, { token })).body;

test("people see each other where they looked last, once each, and never in another mesh", async () => {
  const elsewhere = await api.tokenFor("viewer", { mesh: "nothing" }).catch(() => undefined);
  expect(elsewhere).toBeUndefined();
  await here(author, "a", "topology");
  await here(author, "b", "reviews/3/access");
  expect((await here(viewer, "c", "overview")).status).toBe(204);
  const { items, more } = await list(viewer);
  expect(more).toBe(0);
  expect(items.map(({ name, screen, isMe }) => [name.split(" ")[0], screen, isMe])).toEqual([
    ["viewer", "overview", true],
    ["author", "reviews/3/access", false],
  ]);
});

test("a window that closes is gone at once, one that says nothing more after 45 s", async () => {
  await here(author, "a", "topology");
  await api.call("DELETE", `${path}/a`, { token: author });
  await api.call("DELETE", `${path}/b`, { token: author });
  expect((await list(viewer)).items.map(({ isMe }) => isMe)).toEqual([true]);
  await here(author, "a", "topology");
  await api.runtime.database.presence.updateMany({
    where: { clientId: "a" },
    data: { seenAt: new Date(Date.now() - 46_000) },
  });
  expect((await list(viewer)).items.map(({ isMe }) => isMe)).toEqual([true]);
});

test("nobody fills the list: windows of a person are limited", async () => {
  const answers: number[] = [];
  for (let window = 0; window < 22; window += 1)
    answers.push((await here(author, `window-${window}`, "overview")).status);
  expect(answers.filter((status) => status === 409)).toHaveLength(2);
  expect((await here(author, "x".repeat(65), "overview")).status).toBe(400);
});

const chain = async () => (await api.call<ChainDto>("GET", "/meshes/shop/events/chain", { token: viewer })).body;

test("the chain is verified to the last event, and a changed event is named", async () => {
  const { database } = api.runtime;
  const whole = await chain();
  expect(whole).toMatchObject({ broken: null, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(Number(whole.verifiedTo)).toBeGreaterThan(0);
  const victim = await database.event.findFirstOrThrow({ orderBy: { seq: "asc" } });
  // What a person with the database's own password could do.
  await database.$executeRawUnsafe('ALTER TABLE "Event" DISABLE TRIGGER ALL');
  await database.event.update({ where: { seq: victim.seq }, data: { actorName: "Somebody else" } });
  const { events } = await import("@/lib/data/system/events");
  expect(await events(database).verify()).toMatchObject({
    events: 0,
    broken: { seq: victim.seq, why: "its content is not what was written" },
  });
  await database.event.delete({ where: { seq: victim.seq } });
  const next = await events(database).verify();
  expect(next.broken?.why).toMatch(/does not follow/);
  expect(next.broken?.seq).toBeGreaterThan(victim.seq);
});

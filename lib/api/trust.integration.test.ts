// Asking for a rotation of the root over the API, on a real database. What the control plane does with it: lib/control-plane/rollout.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RootRotationDto, TrustDto } from "./schema";
import { startTestApi, type TestApi } from "./testing/api";

let api: TestApi;
let administrator: string;
beforeAll(async () => {
  api = await startTestApi();
  administrator = await api.tokenFor("administrator");
});
afterAll(() => api?.stop());

const ask = () => api.call<RootRotationDto>("POST", "/trust/rotations", { token: administrator });
const cancel = (id: string) => api.call("POST", `/trust/rotations/${id}/cancel`, { token: administrator });
const trust = async () => (await api.call<TrustDto>("GET", "/trust", { token: await api.tokenFor("viewer") })).body;

test("one rotation is open at a time; it can be cancelled until the new root signs, and events tell who asked", async () => {
  expect(await trust()).toEqual({ roots: [], rotation: null });
  const first = await ask();
  expect([first.status, first.body.state, first.body.finishedAt]).toEqual([202, "preparing", null]);
  const second = await ask();
  expect([second.status, second.body]).toMatchObject([409, { code: "conflict" }]);
  expect((await cancel("nothing")).status).toBe(404);
  expect(await cancel(first.body.id)).toMatchObject({
    status: 202,
    body: { cancelledBy: expect.stringContaining("administrator") },
  });

  const { database } = api.runtime;
  await database.rootRotation.update({
    where: { id: first.body.id },
    data: { state: "cancelled", finishedAt: new Date() },
  });
  const third = await ask();
  expect(third.status).toBe(202);
  await database.rootRotation.update({ where: { id: third.body.id }, data: { state: "renewing" } });
  expect(await cancel(third.body.id)).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining("signs already") },
  });
  expect((await trust()).rotation).toMatchObject({ id: third.body.id, state: "renewing" });

  const kinds = await database.event.findMany({
    where: { kind: { startsWith: "identity.root" } },
    orderBy: { seq: "asc" },
  });
  expect(kinds.map(({ kind }) => kind)).toEqual([
    "identity.root.asked",
    "identity.root.cancel-asked",
    "identity.root.asked",
  ]);
});

// Findings, accepted risks and adoption over the API, on a real database.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi } from "./testing/api";

interface Finding {
  id: string;
  code: string;
  message: string;
  severity: string;
  accepted?: { reason: string; owner: string };
}
interface Findings {
  counts: { error: number; warning: number; info: number; accepted: number };
  items: Finding[];
}
interface Risks {
  items: { findingId: string; isInForce: boolean }[];
}

let api: TestApi;
let token: string;
beforeAll(async () => {
  api = await startTestApi();
  token = await api.tokenFor("author");
});
afterAll(() => api?.stop());

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const findings = async () => (await api.call<Findings>("GET", "/meshes/shop/findings", { token })).body;
const accept = (body: object) => api.call("PUT", "/meshes/shop/accepted-risks", { token, body });
const risk = (finding: Finding, rest: object = {}) => ({
  findingId: finding.id,
  message: finding.message,
  reason: "a private line",
  owner: "shipping",
  expiresAt: inDays(30),
  ...rest,
});
async function plaintext(): Promise<Finding> {
  const found = (await findings()).items.find((each) => each.code === "MW1025");
  if (!found) throw new Error("the demo's plain text to the carrier is not found");
  return found;
}

test("an accepted risk is marked and not counted, can be renewed, and counts again when it is ended", async () => {
  const before = await findings();
  const finding = await plaintext();
  expect((await accept(risk(finding))).status).toBe(200);
  const after = await findings();
  expect(after.items).toHaveLength(before.items.length);
  expect(after.counts).toEqual({ ...before.counts, warning: before.counts.warning - 1, accepted: 1 });
  expect((await plaintext()).accepted).toMatchObject({ reason: "a private line", owner: "shipping" });

  expect((await accept(risk(finding, { reason: "still a private line" }))).status).toBe(200);
  expect((await plaintext()).accepted).toMatchObject({ reason: "still a private line" });
  const list = await api.call<Risks>("GET", "/meshes/shop/accepted-risks", { token });
  expect(list.body.items.map(({ findingId, isInForce }) => [findingId, isInForce])).toEqual([[finding.id, true]]);

  const path = `/meshes/shop/accepted-risks?finding=${encodeURIComponent(finding.id)}`;
  expect((await api.call("DELETE", path, { token })).status).toBe(204);
  expect((await findings()).counts).toEqual(before.counts);
  expect((await api.call("DELETE", path, { token })).status).toBe(404);
  const events = await api.call<{ items: { kind: string }[] }>("GET", "/meshes/shop/events?kind=risk", { token });
  expect(events.body.items.map((event) => event.kind)).toEqual(["risk.ended", "risk.accepted", "risk.accepted"]);
});

test("an acceptance that is over counts again", async () => {
  const finding = await plaintext();
  await accept(risk(finding));
  await api.runtime.database.acceptedRisk.updateMany({ data: { expiresAt: new Date(Date.now() - 60_000) } });
  expect((await plaintext()).accepted).toBeUndefined();
  const list = await api.call<Risks>("GET", "/meshes/shop/accepted-risks", { token });
  expect(list.body.items[0]?.isInForce).toBe(false);
});

test.each([
  ["no reason", { reason: " " }, "body.reason"],
  ["no owner", { owner: "" }, "body.owner"],
  ["an end in the past", { expiresAt: inDays(-1) }, "body.expiresAt"],
  ["an end in two years", { expiresAt: inDays(800) }, "body.expiresAt"],
  ["an end that is no time", { expiresAt: "tomorrow" }, "body.expiresAt"],
  ["an id without an end", { findingId: "x".repeat(5000) }, "body.findingId"],
  ["a field that is not there", { severity: "none" }, "body"],
])("%s is refused with its path", async (_what, rest, path) => {
  const { status, body } = await api.call<{ violations: { path: string }[] }>("PUT", "/meshes/shop/accepted-risks", {
    token,
    body: risk(await plaintext(), rest),
  });
  expect([status, body.violations[0]?.path]).toEqual([400, path]);
});

test("adoption tells each service's step, and that nobody knows what breaks before there is traffic", async () => {
  const { status, body } = await api.call<{ items: { service: string; current: string; sentence: string }[] }>(
    "GET",
    "/meshes/shop/modes?environment=local",
    { token },
  );
  expect(status).toBe(200);
  expect(body.items).toHaveLength(7);
  expect(new Set(body.items.map((each) => each.current))).toEqual(new Set(["enforced"]));
  expect((await api.call("GET", "/meshes/shop/modes?environment=nowhere", { token })).status).toBe(404);
  expect((await api.call("GET", "/meshes/shop/modes", { token })).status).toBe(400);
});

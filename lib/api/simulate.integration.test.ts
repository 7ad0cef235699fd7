// The simulator over the API: questions, policy tests and replay on a real database.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PolicyTests, ReplayAnswer, SimulateAnswer, StoredTest, TestRun } from "./schema";
import { startTestApi, type TestApi } from "./testing/api";

let api: TestApi;
let token: string;
beforeAll(async () => {
  api = await startTestApi();
  token = await api.tokenFor("author");
});
afterAll(() => api?.stop());

const question = {
  from: { kind: "workload", workload: "Workload/production/storefront-v1" },
  to: { host: "cart" },
  method: "GET",
  path: "/cart",
  headers: {},
};
const good = { name: "storefront reads carts", question, expect: { outcome: "forwarded" } };
const put = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  api.call<StoredTest>("PUT", `/meshes/shop/policy-tests/${id}`, { token, body, headers });

test("a question about the draft and about a revision is answered hop by hop", async () => {
  for (const at of ["draft", "r1"]) {
    const { status, body } = await api.call<SimulateAnswer>("POST", "/meshes/shop/simulate", {
      token,
      body: { at, question },
    });
    expect([status, body.answer.outcome]).toEqual([200, "forwarded"]);
    expect(body.answer.hops.map(({ direction }) => direction)).toEqual(["outbound", "inbound"]);
  }
});

test("tests are saved, replaced under their version, run and removed", async () => {
  const made = await put("reads-carts", good);
  expect([made.status, made.body.version, made.headers.get("etag")]).toEqual([201, 1, '"v1"']);
  const bad = { ...good, expect: { outcome: "denied", status: 403 } };
  expect((await put("reads-carts", bad, { "if-match": '"v7"' })).status).toBe(412);
  expect((await put("reads-carts", bad, { "if-match": '"v1"' })).body.version).toBe(2);
  await put("another", { ...good, name: "another" });

  const list = await api.call<PolicyTests>("GET", "/meshes/shop/policy-tests", { token });
  expect(list.body.items.map(({ id }) => id)).toEqual(["another", "reads-carts"]);
  const run = await api.call<TestRun>("POST", "/meshes/shop/policy-tests/run", { token, body: {} });
  expect(run.body).toMatchObject({ at: "draft", passed: 1, failed: 1 });
  expect(run.body.results.find(({ id }) => id === "reads-carts")?.failures).toEqual([
    "expected denied, got forwarded",
    "expected status 403, got the app's own answer",
  ]);

  for (const id of ["another", "reads-carts"]) {
    expect((await api.call("DELETE", `/meshes/shop/policy-tests/${id}`, { token })).status).toBe(204);
  }
  expect((await api.call("DELETE", "/meshes/shop/policy-tests/another", { token })).status).toBe(404);
});

test.each([
  ["an id with a slash in it", "a%2Fb", good],
  ["an id in capitals", "ABC", good],
  ["no expectation", "x", { ...good, expect: {} }],
  ["a line break in a header", "x", { ...good, question: { ...question, headers: { a: "b\r\nc: d" } } }],
  ["a path of 10,000 characters", "x", { ...good, question: { ...question, path: `/${"a".repeat(10_000)}` } }],
  [
    "65 headers",
    "x",
    {
      ...good,
      question: { ...question, headers: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`h${i}`, ""])) },
    },
  ],
  ["a draw of 2", "x", { ...good, question: { ...question, draw: 2 } }],
  ["an unknown field", "x", { ...good, more: true }],
])("%s is refused with its path, and nothing is saved", async (_, id, body) => {
  const answer = await api.call<{ code: string; violations: { path: string }[] }>(
    "PUT",
    `/meshes/shop/policy-tests/${id}`,
    {
      token,
      body,
    },
  );
  expect(answer.status).toBe(400);
  const list = await api.call<PolicyTests>("GET", "/meshes/shop/policy-tests", { token });
  expect(list.body.items).toEqual([]);
});

test("replay tells which of the seen calls a draft would answer otherwise", async () => {
  const asked = { at: "draft", environment: "local", range: "1h" };
  const early = await api.call<{ detail: string }>("POST", "/meshes/shop/replay", { token, body: asked });
  expect([early.status, early.body.detail]).toEqual([
    409,
    "Nothing was deployed to local yet: there is no traffic to replay.",
  ]);

  const { database } = api.runtime;
  const environment = await database.environment.findFirstOrThrow({ where: { name: "local" } });
  await database.deployment.updateMany({ data: { state: "done", finishedAt: new Date() } });
  const seen = (caller: string, callee: string, count: number) => ({
    environmentId: environment.id,
    minute: new Date(Math.floor(Date.now() / 60_000) * 60_000),
    caller: `Service/production/${caller}`,
    callee: `Service/production/${callee}`,
    method: "GET",
    pathPattern: "/*",
    code: 200,
    count: BigInt(count),
  });
  await database.observedShape.createMany({
    data: [seen("storefront", "cart", 12), seen("storefront", "catalog", 30)],
  });
  const draft = await api.call("GET", "/meshes/shop/draft", { token });
  await api.call("POST", "/meshes/shop/draft/commands", {
    token,
    headers: { "if-match": draft.headers.get("etag") ?? "" },
    body: { clientId: "t", commands: [{ type: "removeObject", key: "Dependency/production/storefront-to-cart" }] },
  });
  const { status, body } = await api.call<ReplayAnswer>("POST", "/meshes/shop/replay", { token, body: asked });
  expect([status, body.calls, body.requests, body.unknown]).toEqual([200, 2, 42, 0]);
  expect(body.differences).toMatchObject([
    { caller: "Service/production/storefront", callee: "Service/production/cart", count: 12, method: "GET" },
  ]);
  expect(body.differences[0]?.sentence).toContain("would fail");
});

// The evaluation of mesh products over the API: what is saved, who said it, what is refused, and what comes of it.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import type * as schema from "./schema";
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

const path = "/meshes/shop/selection";
const read = () => api.call<schema.SelectionDto>("GET", path, { token: viewer });
const put = (body: unknown, ifMatch: string, token = author) =>
  api.call<schema.SelectionDto & { violations?: { path: string }[] }>("PUT", path, {
    token,
    body,
    headers: { "if-match": ifMatch },
  });
const override = {
  product: "linkerd",
  criterion: "mirroring",
  verdict: "partly",
  reason: "our gateway copies requests",
};

test("before anything is saved nothing is weighed, at version 0", async () => {
  const { status, body, headers } = await read();
  expect([status, headers.get("etag")]).toEqual([200, '"v0"']);
  expect(body).toMatchObject({ version: 0, weights: {}, overrides: [], decision: null, updatedBy: null });
});

test("what is saved is read again, with who said it and on which day", async () => {
  const decision = { product: "meshwright", reason: "No Kubernetes here." };
  const body = { weights: { mirroring: 5 }, constraints: { "without-kubernetes": "yes" }, overrides: [override] };
  const first = await put({ ...body, notes: "For the shop.", decision }, '"v0"');
  expect([first.status, first.headers.get("etag")]).toEqual([200, '"v1"']);
  const by = first.body.decision?.by;
  expect(first.body.decision).toMatchObject({ ...decision, on: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
  expect(first.body.overrides).toEqual([{ ...override, by, on: first.body.decision?.on }]);
  expect((await read()).body).toEqual(first.body);

  const administrator = await api.tokenFor("administrator");
  const changed = { ...override, reason: "measured again" };
  const second = await put({ ...body, overrides: [changed], decision }, '"v1"', administrator);
  // the decision is still the author's, the verdict is who changed it
  expect(second.body.decision?.by).toBe(by);
  expect(second.body.overrides[0]?.by).not.toBe(by);
  const events = await api.call<{ items: { kind: string; sentence: string }[] }>(
    "GET",
    "/meshes/shop/events?kind=selection",
    { token: viewer },
  );
  expect(events.body.items.map(({ kind }) => kind)).toEqual(["selection.saved", "selection.decided"]);
});

test("what comes of it: a constraint excludes with the fact, the ranking is of those that are left", async () => {
  const { status, body } = await api.call<z.infer<typeof schema.selectionEvaluation>>(
    "GET",
    `${path}/evaluation?at=r1`,
    {
      token: viewer,
    },
  );
  expect(status).toBe(200);
  expect(body.items.map(({ product }) => product).sort()).toEqual(
    ["cilium", "consul", "istio-ambient", "istio-sidecar", "kuma", "linkerd", "meshwright"].sort(),
  );
  for (const { rank, fails, low, middle, high } of body.items) {
    expect(rank === null).toBe(fails.length > 0);
    expect(low <= middle && middle <= high).toBe(true);
  }
  expect(body.items.find(({ product }) => product === "meshwright")?.fails).toEqual([]);
  expect(body.sensitivity.weightings).toBeGreaterThan(100);
  const linkerd = body.fits.find(({ product }) => product === "linkerd");
  expect(linkerd?.losses.some(({ verdict }) => verdict === "lost")).toBe(true);
});

test("who may not write the draft may not change it, and nobody on an old version", async () => {
  expect((await put({}, '"v2"', viewer)).status).toBe(403);
  expect((await put({}, '"v1"')).status).toBe(412);
  expect((await api.call("PUT", path, { token: author, body: {} })).status).toBe(428);
});

test.each([
  ["a weight above 5", { weights: { mirroring: 6 } }, "body.weights.mirroring"],
  ["half a weight", { weights: { mirroring: 1.5 } }, "body.weights.mirroring"],
  ["a criterion that is none", { weights: { speed: 1 } }, "body.weights.speed"],
  ["a constraint on a criterion that is none", { constraints: { speed: "yes" } }, "body.constraints.speed"],
  ["an own verdict without a reason", { overrides: [{ ...override, reason: " " }] }, "body.overrides[0].reason"],
  ["two own verdicts on one fact", { overrides: [override, override] }, "body.overrides[1]"],
  ["a product that is none", { decision: { product: "app-mesh", reason: "x" } }, "body.decision.product"],
  ["notes without end", { notes: "x".repeat(10_001) }, "body.notes"],
  ["an unknown field", { colour: "red" }, "body"],
])("%s is refused by its field", async (_, body, field) => {
  const { status, body: problem } = await put(body, "*");
  expect(status).toBe(400);
  expect(problem.violations?.map(({ path }) => path).join(" ")).toContain(field);
});

// The checklist's API on a real database: runs, what counts now, evidence, exports, waivers.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Evidence, evaluateDesign, judgeLive, resultsOf } from "@/lib/compliance";
import { junitProblems, oscalSchema, sarifSchema } from "@/lib/compliance/testing/published-schemas";
import { createSystemData, type SystemData } from "@/lib/data/system";
import { demoMesh } from "@/lib/mesh";
import { dispatch } from "./dispatch";
import type { CheckChangesDto, CheckRunDto, CheckRunWithSteps, ChecksNowDto, EvidenceDto } from "./schema";
import { startTestApi, type TestApi } from "./testing/api";

const path = "/meshes/shop/environments/local/checks";
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
let api: TestApi;
let data: SystemData;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  api = await startTestApi();
  data = createSystemData(api.postgres.url, { poolSize: 2 });
  for (const role of ["viewer", "operator", "reviewer", "administrator"] as const)
    tokens[role] = await api.tokenFor(role);
});
afterAll(async () => {
  await data?.close();
  await api?.stop();
});

const get = <T>(url: string, token = tokens["viewer"]) => api.call<T>("GET", url, { token });

/** What the control plane does with a queued run, without a mesh. */
async function carryOut(runId: string, outcome: Evidence["outcome"]): Promise<void> {
  const at = new Date();
  const environment = await api.runtime.database.environment.findFirstOrThrow({ where: { name: "local" } });
  await api.runtime.database.proxy.upsert({
    where: { environmentId_proxyKey: { environmentId: environment.id, proxyKey: "production/cart-v1/0" } },
    create: {
      environmentId: environment.id,
      proxyKey: "production/cart-v1/0",
      namespace: "production",
      workload: "cart-v1",
      serviceAccount: "cart",
      spiffeId: "spiffe://x/y",
      runningDigest: "aaaa",
    },
    update: {},
  });
  expect(await data.checks.claim(runId, at)).toMatchObject({ state: "running" });
  const record = (id: string, kind: Evidence["kind"], more: Partial<Evidence>): Evidence => ({
    id: `${runId}-${id}`,
    kind,
    subject: "Service/production/cart",
    proxyKey: "production/cart-v1/0",
    digest: "aaaa",
    outcome: "as-expected",
    sentence: `cart: ${kind}`,
    transcript: ["connect 127.0.0.1:1"],
    twin: null,
    facts: {},
    startedAt: at.toISOString(),
    finishedAt: at.toISOString(),
    expiresAt: inDays(1),
    ...more,
  });
  const evidence = [record("twin", "mutual-tls", {}), record("plain", "plaintext", { twin: `${runId}-twin`, outcome })];
  const document = demoMesh();
  await data.checks.finish(runId, {
    at,
    evidence,
    results: resultsOf(evaluateDesign(document), judgeLive(document, evidence)),
    progress: evidence.map((each) => ({
      id: each.id,
      title: each.sentence,
      subject: each.subject,
      state: "done",
      outcome: each.outcome,
    })),
  });
}
const stateOf = async (control: string) => {
  const { body } = await get<ChecksNowDto>(`${path}/latest`);
  const found = body.controls.find(({ id }) => id === control);
  return { overall: found?.state, live: found?.layers.live.state };
};

describe("the checklist", () => {
  test("before the first run every live layer is not measured, and design and compiled are read", async () => {
    const { status, body } = await get<ChecksNowDto>(`${path}/latest`);
    expect([status, body.run, body.open, body.controls.length, body.frameworks.length]).toEqual([
      200,
      null,
      null,
      15,
      4,
    ]);
    expect(body.controls.every(({ layers }) => ["not-measured", "does-not-apply"].includes(layers.live.state))).toBe(
      true,
    );
    expect(body.controls.find(({ id }) => id === "RL-03")).toMatchObject({ state: "fail" });
    expect(body.controls.find(({ id }) => id === "TLS-03")?.state).toBe("partly");
    expect((await get(`${path}/latest?at=r99`)).status).toBe(404);
    expect((await get(`${path}/latest?at=draft`)).status).toBe(200);
  });

  const runs: string[] = [];
  test("an operator asks for a run; a second one is refused while it is open", async () => {
    const first = await api.call<CheckRunDto>("POST", path, { token: tokens["operator"] });
    expect([first.status, first.body.state]).toEqual([201, "queued"]);
    expect(first.headers.get("location")).toBe(`/api/v1${path}/${first.body.id}`);
    const second = await api.call("POST", path, { token: tokens["operator"] });
    expect([second.status, second.body["code"]]).toEqual([409, "conflict"]);
    expect((await get<ChecksNowDto>(`${path}/latest`)).body.open?.id).toBe(first.body.id);
    await carryOut(first.body.id, "as-expected");
    runs.push(first.body.id);
  });

  test("what was measured is read with its steps, its evidence and its twin", async () => {
    expect(await stateOf("TLS-03")).toEqual({ overall: "pass", live: "pass" });
    const run = await get<CheckRunWithSteps>(`${path}/${runs[0]}`);
    expect(run.body).toMatchObject({ state: "done", progress: { done: 2, total: 2, unexpected: 0, notMeasured: 0 } });
    const evidence = await get<EvidenceDto>(`${path}/${runs[0]}/evidence/${runs[0]}-plain`);
    expect(evidence.body).toMatchObject({ kind: "plaintext", digest: "aaaa", twinEvidence: { kind: "mutual-tls" } });
    expect((await get(`${path}/${runs[0]}/evidence/nothing`)).status).toBe(404);
    expect((await get(`${path}/nothing`)).status).toBe(404);
  });

  test("it becomes stale when the proxy says that it runs something else", async () => {
    await api.runtime.database.proxy.updateMany({
      where: { proxyKey: "production/cart-v1/0" },
      data: { runningDigest: "bbbb" },
    });
    expect(await stateOf("TLS-03")).toEqual({ overall: "stale", live: "stale" });
    await api.runtime.database.proxy.updateMany({
      where: { proxyKey: "production/cart-v1/0" },
      data: { runningDigest: "aaaa" },
    });
    expect((await stateOf("TLS-03")).live).toBe("pass");
  });

  test("two runs are compared, and the list of runs is paged", async () => {
    const next = await api.call<CheckRunDto>("POST", path, { token: tokens["operator"] });
    await carryOut(next.body.id, "not-as-expected");
    runs.push(next.body.id);
    const { body } = await get<CheckChangesDto>(`${path}/${runs[1]}/changes?since=${runs[0]}`);
    expect(body.changes).toMatchObject([
      {
        control: "TLS-03",
        layer: "live",
        before: "pass",
        after: "fail",
        direction: "worse",
        newlyFailing: ["Service/production/cart"],
      },
    ]);
    const page = await get<{ items: CheckRunDto[]; nextCursor: string }>(`${path}?limit=1`);
    expect(page.body.items.map(({ id }) => id)).toEqual([runs[1]]);
    expect(
      (await get<{ items: CheckRunDto[] }>(`${path}?limit=1&cursor=${page.body.nextCursor}`)).body.items[0]?.id,
    ).toBe(runs[0]);
  });

  test("is exported in five formats that validate, of the newest run and of an earlier one", async () => {
    const read = async (run: string, query: string) => {
      const request = new Request(`http://localhost:3000/api/v1${path}/${run}/export?${query}`, {
        headers: { authorization: `Bearer ${tokens["viewer"]}` },
      });
      const response = await dispatch(request, api.runtime);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-disposition")).toMatch(
        /^attachment; filename="checklist-shop-local\.[a-z.]+"$/,
      );
      return response.text();
    };
    for (const run of ["latest", runs[0] ?? ""]) {
      expect(oscalSchema()(JSON.parse(await read(run, "format=oscal")))).toEqual([]);
      expect(sarifSchema()(JSON.parse(await read(run, "format=sarif")))).toEqual([]);
      expect(junitProblems(await read(run, "format=junit"))).toEqual([]);
      expect(await read(run, "format=csv&framework=pci-dss")).toContain("TLS-05");
      expect(await read(run, "format=html")).toContain("TLS-03");
    }
    expect((await get(`${path}/latest/export?format=pdf`)).status).toBe(400);
    expect((await get(`${path}/nothing/export?format=csv`)).status).toBe(404);
  });
});

describe("waivers", () => {
  const waiver = {
    control: "TLS-03",
    subject: "Service/production/cart",
    reason: "An old client is replaced.",
    owner: "orders",
    compensatingControl: "It runs in its own network.",
  };
  const grant = (body: unknown, token = tokens["reviewer"]) =>
    api.call<Record<string, unknown>>("POST", "/meshes/shop/waivers", { token, body });

  test("are granted for a time by a reviewer, change the gate and not the measurement, and are withdrawn", async () => {
    const granted = await grant({ ...waiver, expiresAt: inDays(10) });
    expect([granted.status, granted.body["control"]]).toEqual([201, "TLS-03"]);
    expect(await stateOf("TLS-03")).toEqual({ overall: "waived", live: "waived" });
    const now = await get<ChecksNowDto>(`${path}/latest`);
    expect(now.body.controls.find(({ id }) => id === "TLS-03")?.layers.live.subjects[0]).toMatchObject({
      state: "waived",
      was: "fail",
    });
    expect(
      (await api.call("DELETE", `/meshes/shop/waivers/${granted.body["id"]}`, { token: tokens["reviewer"] })).status,
    ).toBe(204);
    expect((await stateOf("TLS-03")).overall).toBe("fail");
    expect(
      (await api.call("DELETE", `/meshes/shop/waivers/${granted.body["id"]}`, { token: tokens["reviewer"] })).status,
    ).toBe(404);
    const list = await get<{ items: { withdrawnAt: string | null }[] }>("/meshes/shop/waivers");
    expect(list.body.items[0]?.withdrawnAt).not.toBeNull();
  });

  test("are refused when they are too long, too wide, for no control, or without a reason; each problem with its path", async () => {
    const paths = async (body: unknown) => {
      const answer = await grant(body);
      expect(answer.status).toBe(400);
      return (answer.body["violations"] as { path: string }[]).map((each) => each.path);
    };
    expect(await paths({ ...waiver, expiresAt: inDays(60) })).toEqual(["body.expiresAt"]);
    expect(await paths({ ...waiver, subject: null, expiresAt: inDays(60) })).toEqual([
      "body.expiresAt",
      "body.subject",
    ]);
    expect(await paths({ ...waiver, control: "NO-1", expiresAt: inDays(1) })).toEqual(["body.control"]);
    expect(await paths({ ...waiver, reason: " ", owner: "", expiresAt: "tomorrow", more: 1 })).toHaveLength(4);
    expect(await paths({ ...waiver, reason: "x".repeat(2_001), expiresAt: inDays(1) })).toEqual(["body.reason"]);
  });

  test("and runs leave events with who did it", async () => {
    const { body } = await get<{ items: { kind: string; sentence: string }[] }>("/meshes/shop/events?limit=50");
    const kinds = body.items.map(({ kind }) => kind);
    for (const kind of ["check.requested", "waiver.granted", "waiver.withdrawn"]) expect(kinds).toContain(kind);
    expect(body.items.find(({ kind }) => kind === "waiver.granted")?.sentence).toMatch(
      /waived TLS-03 for Service\/production\/cart/,
    );
  });
});

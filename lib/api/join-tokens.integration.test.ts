// Join tokens over the API: who may make them, for what, and what is kept of them.
import { createHash, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CreatedJoinTokenDto, JoinTokenDto } from "./schema";
import { startTestApi, type TestApi } from "./testing/api";

/** Of nobody: its key was thrown away. */
const ROOT = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUVwSFwFaDtFNs78JDdZcU2eUXtfswCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOcm9vdCBvZiBhIHRlc3QwIBcNMjYxMTIyMDkwOTM2WhgPMjEy
NjEwMjkwOTA5MzZaMBkxFzAVBgNVBAMMDnJvb3Qgb2YgYSB0ZXN0MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEa9jIcDlTNPjdqSlKtrKX7rvJJx2tqj27uUnXy8N2
+ziMWUqNT3xV74P1yrLO2TA6zTOHoIB+nGApzo++sMdiCqNTMFEwHQYDVR0OBBYE
FB/VEEO9y2lPE+kzfX9MCozzb+UiMB8GA1UdIwQYMBaAFB/VEEO9y2lPE+kzfX9M
Cozzb+UiMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgEgYimNfJ
inPgvvWaI08Yh6LuwxiJz3vycg+2Owp/3VcCIQDqIncC88V4hJqYO24kp7VMlj3r
5cvhXVsUC8cFPigocg==
-----END CERTIFICATE-----
`;
const DIGEST = createHash("sha256").update(new X509Certificate(ROOT).raw).digest("hex");
const path = "/meshes/shop/environments/local/join-tokens";
const workload = { namespace: "production", name: "cart-v1" };

let api: TestApi;
let operator: string;
beforeAll(async () => {
  api = await startTestApi();
  operator = await api.tokenFor("operator");
});
afterAll(() => api?.stop());

type Refused = { code: string; detail: string };
const make = (body: unknown, token = operator) =>
  api.call<CreatedJoinTokenDto & Refused>("POST", path, { token, body });
const list = async () => (await api.call<{ items: JoinTokenDto[] }>("GET", path, { token: operator })).body.items;

test("nobody joins before the control plane has a root and something runs", async () => {
  expect((await make({ workload })).body).toMatchObject({ code: "control-plane-unavailable" });
  await api.runtime.database.caKey.create({
    data: { kind: "root", state: "active", certPem: ROOT, encryptedKey: "-", notAfter: new Date("2099-01-01") },
  });
  expect((await make({ workload })).body).toMatchObject({
    code: "conflict",
    detail: expect.stringContaining("Deploy"),
  });
  await api.runtime.database.deployment.updateMany({ data: { state: "done", finishedAt: new Date() } });
  expect((await make({ workload })).status).toBe(201);
});

test("the answer has the whole command; what is kept has a hash, and the list has neither", async () => {
  const { body } = await make({ workload, minutes: 30 });
  expect(body).toMatchObject({ state: "open", workload, needsApp: true, isReachable: false, proxyKey: null });
  expect(body.token).toMatch(/^mwjoin_[A-Za-z0-9_-]{43}$/);
  expect(body.caFingerprint).toBe(`sha256:${DIGEST}`);
  expect(body.command).toBe(
    `package/bin/meshwright-proxy.mjs join --control-plane HOST:PORT --ca-fingerprint sha256:${DIGEST} --workload production/cart-v1 --app-port PORT --token ${body.token}`,
  );
  expect(new Date(body.expiresAt).getTime() - new Date(body.createdAt).getTime()).toBe(30 * 60_000);
  const rows = await api.runtime.database.workloadJoinToken.findMany({ where: { id: body.id } });
  expect(rows[0]?.hash).toBe(createHash("sha256").update(body.token).digest("hex"));
  const [first] = await list();
  expect(first).toMatchObject({ id: body.id, state: "open", createdBy: expect.stringContaining("operator") });
  expect(JSON.stringify(await list())).not.toContain(rows[0]?.hash);
});

test("a token can be withdrawn until it is used, and what happened is in the log", async () => {
  const { body } = await make({ workload });
  const withdraw = () => api.call<Refused>("DELETE", `${path}/${body.id}`, { token: operator });
  expect((await withdraw()).status).toBe(204);
  expect((await list())[0]).toMatchObject({ id: body.id, state: "withdrawn" });
  expect(await withdraw()).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining("withdrawn already") },
  });
  expect((await api.call("DELETE", `${path}/nothing`, { token: operator })).status).toBe(404);
  const used = await make({ workload });
  await api.runtime.database.workloadJoinToken.update({
    where: { id: used.body.id },
    data: { usedAt: new Date(), proxyKey: "production/cart-v1/joined-1" },
  });
  const late = await api.call<Refused>("DELETE", `${path}/${used.body.id}`, { token: operator });
  expect(late).toMatchObject({ status: 409, body: { detail: expect.stringContaining("revoke its identity") } });
  const kinds = await api.runtime.database.event.findMany({ where: { subject: "production/cart-v1" } });
  expect(kinds.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["join-token.created", "join-token.withdrawn"]));
});

test("only workloads of what runs, only for an hour, only so many at once", async () => {
  expect(await make({ workload: { namespace: "production", name: "nobody" } })).toMatchObject({
    status: 404,
    body: { detail: expect.stringContaining("has no workload production/nobody") },
  });
  for (const minutes of [0, 61, 1.5]) expect((await make({ workload, minutes })).status, `${minutes}`).toBe(400);
  await api.runtime.database.workloadJoinToken.deleteMany();
  for (let i = 0; i < 50; i++) expect((await make({ workload })).status).toBe(201);
  expect(await make({ workload })).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining("50 join tokens") },
  });
});

test("an operator of one namespace lets machines in there and nowhere else", async () => {
  await api.runtime.database.workloadJoinToken.deleteMany();
  const here = await api.tokenFor("operator", { mesh: "shop", namespace: "production" });
  const elsewhere = await api.tokenFor("operator", { mesh: "shop", namespace: "staging" });
  expect((await make({ workload }, here)).status).toBe(201);
  expect(await make({ workload }, elsewhere)).toMatchObject({ status: 403, body: { code: "forbidden" } });
});

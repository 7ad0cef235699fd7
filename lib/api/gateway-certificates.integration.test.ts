// Certificates of gateways over the API, on a real database and with the control plane's own sealing.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPublicAuthority, type PublicAuthority } from "@/lib/compile/testing/public-authority";
import { openKey } from "@/lib/control-plane/ca/key-sealing";
import { sealingRoute } from "@/lib/control-plane/internal-api/sealing";
import { InternalApi } from "@/lib/control-plane/internal-api/server";
import { silentLogger } from "@/lib/observability/logger";
import { ControlPlaneClient } from "./control-plane-client";
import type { GatewayCertificateDto } from "./schema";
import { startTestApi, type TestApi } from "./testing/api";

const SECRET = "a secret of enough length";
const sealingKey = randomBytes(32);
const internal = new InternalApi([sealingRoute(sealingKey)], SECRET, silentLogger());
const ENVIRONMENT = "/meshes/shop/environments/local";
const PLACE = `${ENVIRONMENT}/gateways/production/shop-gateway/certificates`;
const LISTENER = {
  ...{ name: "secure", port: 443, protocol: "https", hosts: ["shop.example.com", "*.example.com"] },
  tls: { certificate: "shop" },
};

let api: TestApi;
let operator: string;
let authority: PublicAuthority;
beforeAll(async () => {
  api = await startTestApi();
  const port = await internal.listen(0, "127.0.0.1");
  api.runtime.controlPlane = new ControlPlaneClient(`http://127.0.0.1:${port}`, SECRET);
  operator = await api.tokenFor("operator");
  authority = await createPublicAuthority();
  const commands = [
    { type: "patchSpec", key: "Gateway/production/shop-gateway", path: ["listeners", 1], value: LISTENER },
  ];
  const token = await api.tokenFor("author");
  const drawn = await api.call("POST", "/meshes/shop/draft/commands", {
    ...{ token, headers: { "if-match": "*" } },
    body: { commands, clientId: "test" },
  });
  expect(drawn.status).toBe(200);
});
afterAll(async () => {
  await internal.close();
  await api?.stop();
});

const put = (body: unknown, name = "shop", token = operator) =>
  api.call<GatewayCertificateDto & { violations: { path: string; message: string }[]; uncovered?: string[] }>(
    "PUT",
    `${PLACE}/${name}`,
    { token, body },
  );
const list = async () =>
  (
    await api.call<{ items: GatewayCertificateDto[] }>("GET", `${ENVIRONMENT}/gateway-certificates`, {
      token: operator,
    })
  ).body.items;
const binding = async () =>
  (
    await api.call<{ version: number; binding: { gateways: { name: string; certificates?: unknown }[] } }>(
      "GET",
      `${ENVIRONMENT}/binding`,
      { token: operator },
    )
  ).body;
const bound = async () => (await binding()).binding.gateways.find(({ name }) => name === "shop-gateway")?.certificates;
const rows = () => api.runtime.database.gatewayCertificate.findMany();

test("a pair is kept with its key sealed to its row, named in the binding, and told without the key", async () => {
  const { chainPem, keyPem } = await authority.issue(["shop.example.com", "*.example.com"]);
  const before = (await binding()).version;
  const answer = await put({ chain: chainPem, key: keyPem });
  expect(answer).toMatchObject({
    status: 200,
    body: { names: ["shop.example.com", "*.example.com"], issuer: "Meshwright issuer 1", clientCa: null },
  });
  expect(JSON.stringify(answer.body) + JSON.stringify(await list()) + JSON.stringify(await binding())).not.toMatch(
    /PRIVATE KEY|sealedKey/,
  );
  expect(await bound()).toEqual({ shop: { stored: true } });
  expect((await binding()).version).toBe(before + 1);
  const [row] = await rows();
  expect(row?.sealedKey).not.toContain(keyPem.slice(40, 80));
  const place = `gateway-certificate ${row?.environmentId}/production/shop-gateway/shop`;
  expect(openKey(row?.sealedKey ?? "", sealingKey, place).toString()).toContain(keyPem.trim());
  expect(() => openKey(row?.sealedKey ?? "", sealingKey, `${place}2`)).toThrow();
});

test("a renewed one takes its place under a new version of the binding, and events tell who gave which", async () => {
  const before = await list();
  const { version } = await binding();
  const { chainPem, keyPem } = await authority.issue(["shop.example.com", "*.example.com"]);
  expect((await put({ chain: chainPem, key: keyPem })).status).toBe(200);
  const [now] = await list();
  expect(now?.fingerprint).not.toBe(before[0]?.fingerprint);
  expect((await binding()).version).toBe(version + 1);
  const events = await api.runtime.database.event.findMany({ where: { kind: "gateway-certificate.bound" } });
  expect(events.map(({ subject, actorName }) => [subject, actorName])).toEqual([
    ["production/shop-gateway", now?.setBy],
    ["production/shop-gateway", now?.setBy],
  ]);
  expect(JSON.stringify(events, (_, value) => (typeof value === "bigint" ? String(value) : value))).not.toContain(
    "PRIVATE",
  );
});

test("hosts of its listeners that it has no name for are a refusal, until a person says so", async () => {
  const { chainPem, keyPem } = await authority.issue(["shop.example.com"]);
  const before = await list();
  const answer = await put({ chain: chainPem, key: keyPem });
  expect(answer).toMatchObject({ status: 422, body: { code: "certificate-refused", uncovered: ["*.example.com"] } });
  expect(answer.body.violations).toEqual([
    expect.objectContaining({
      path: "body.chain",
      message: "is for shop.example.com, and clients of *.example.com would refuse it",
    }),
  ]);
  expect(await list()).toEqual(before);
  expect((await put({ chain: chainPem, key: keyPem, allowUncovered: true })).status).toBe(200);
});

test("authorities of clients come and go without the key", async () => {
  expect(await put({ clientCa: authority.rootPem })).toMatchObject({
    status: 200,
    body: { clientCa: [{ subject: "Meshwright root A" }] },
  });
  expect(await bound()).toEqual({ shop: { stored: true, ca: true } });
  const { chainPem, keyPem } = await authority.issue(["shop.example.com", "*.example.com"]);
  expect((await put({ chain: chainPem, key: keyPem })).body.clientCa).toHaveLength(1);
  expect((await put({ clientCa: null })).body.clientCa).toBeNull();
  expect(await bound()).toEqual({ shop: { stored: true } });
});

test("revocation lists come with the authorities, are named in the binding, and go when it names them no more", async () => {
  const revoked = await authority.issue([]);
  const clientCa = authority.rootPem + authority.intermediatePem + (await authority.revoke([revoked]));
  const answer = await put({ clientCa });
  expect(answer.status).toBe(200);
  expect(answer.body.revocationLists.map(({ issuer }) => issuer)).toEqual(["Meshwright root A", "Meshwright issuer 1"]);
  expect(await bound()).toEqual({ shop: { stored: true, ca: true, crl: true } });
  const { binding: whole } = await binding();
  const rewritten = (bound: object) => ({
    ...whole,
    gateways: whole.gateways.map((each) => (each.certificates ? { ...each, certificates: { shop: bound } } : each)),
  });
  const write = (bound: object) =>
    api.call("PUT", `${ENVIRONMENT}/binding`, {
      ...{ token: operator, body: { binding: rewritten(bound) } },
      headers: { "if-match": "*" },
    });
  expect((await write({ stored: true, ca: true })).status).toBe(200);
  expect((await list())[0]).toMatchObject({ revocationLists: [], clientCa: [{}, {}] });
  const refused = await write({ stored: true, ca: true, crl: true });
  expect(refused).toMatchObject({
    status: 400,
    body: { violations: [{ message: "says crl, and no revocation lists are stored" }] },
  });
  expect((await put({ clientCa: null })).body.revocationLists).toEqual([]);
});

test("what is wrong comes whole, by field; too much is refused before it is read", async () => {
  const answer = await put({ chain: "x", clientCa: "y" });
  expect([answer.status, answer.body.violations.map(({ path }) => path)]).toEqual([
    422,
    ["body.chain", "body.key", "body.clientCa"],
  ]);
  expect((await put({ clientCa: authority.rootPem }, "never-given")).status).toBe(422);
  const large = await put({ chain: "x".repeat(70_000), key: "y" });
  expect([large.status, large.body.violations]).toMatchObject([
    400,
    [{ path: "body.chain", message: expect.stringContaining("at most 65536 characters") }],
  ]);
  const elsewhere = `${ENVIRONMENT}/gateways/production/nowhere/certificates/shop`;
  expect((await api.call("PUT", elsewhere, { token: operator, body: {} })).status).toBe(404);
});

test("without the control plane nothing is kept, and the answer says why", async () => {
  const { controlPlane } = api.runtime;
  api.runtime.controlPlane = new ControlPlaneClient(undefined, undefined);
  const { chainPem, keyPem } = await authority.issue(["shop.example.com", "*.example.com"]);
  const before = await list();
  expect(await put({ chain: chainPem, key: keyPem })).toMatchObject({
    status: 503,
    body: { code: "control-plane-unavailable" },
  });
  expect(await list()).toEqual(before);
  api.runtime.controlPlane = controlPlane;
});

test("a whole binding cannot name what is not there, and what it names no more is forgotten", async () => {
  const write = async (certificates: unknown) => {
    const { binding: now } = await binding();
    const gateways = now.gateways.map((each) => (each.name === "shop-gateway" ? { ...each, certificates } : each));
    return api.call<{ violations: { path: string; message: string }[] }>("PUT", `${ENVIRONMENT}/binding`, {
      ...{ token: operator, headers: { "if-match": "*" } },
      body: { binding: { ...now, gateways } },
    });
  };
  const refused = await write({ shop: { stored: true }, wild: { stored: true } });
  expect(refused.status).toBe(400);
  expect(refused.body.violations).toEqual([
    expect.objectContaining({
      message: "says stored, and nothing is stored",
      path: expect.stringContaining('["wild"]'),
    }),
  ]);
  expect((await write({ shop: { stored: true, ca: true } })).body.violations[0]?.message).toContain("no authorities");
  expect((await write({ shop: { stored: true } })).status).toBe(200);
  expect(await rows()).toHaveLength(1);
  expect((await write({ shop: { chain: "/shop.pem", key: "/shop-key.pem" } })).status).toBe(200);
  expect(await rows()).toEqual([]);
});

test("removed, it is in the binding no more; what is not there cannot be removed", async () => {
  const remove = (name: string) => api.call("DELETE", `${PLACE}/${name}`, { token: operator });
  expect((await remove("shop")).status).toBe(204); // of files, by the test before
  const { chainPem, keyPem } = await authority.issue(["shop.example.com", "*.example.com"]);
  expect((await put({ chain: chainPem, key: keyPem })).status).toBe(200);
  expect((await remove("shop")).status).toBe(204);
  expect([await bound(), await list(), await rows()]).toEqual([undefined, [], []]);
  expect((await remove("shop")).status).toBe(404);
});

import { randomBytes } from "node:crypto";
import { request } from "node:https";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "@/lib/observability/logger";
import { MemoryCaStore, MemoryEnrollStore } from "../testing/memory-stores";
import { createWorkloadKey, type WorkloadKey } from "../testing/workload-key";
import { Authority } from "./authority";
import { EnrollServer } from "./enroll-server";
import { newJoinToken } from "./join-tokens";

const CART = {
  proxyRowId: "p1",
  proxyKey: "production/cart/0",
  environmentId: "e1",
  spiffeId: "spiffe://mesh.test/ns/production/sa/cart",
  certificateTtlMs: 3_600_000,
};

interface Answer {
  status: number;
  body: { code?: string; certificatePem: string; bundlePem: string; serverTime: string; notAfter: string };
}

let authority: Authority;
let store: MemoryEnrollStore;
let server: EnrollServer;
let port: number;
let denied: Set<string>;
let key: WorkloadKey;

beforeEach(async () => {
  const clock = { now: () => Date.now() };
  authority = new Authority({
    store: new MemoryCaStore(),
    sealingKey: randomBytes(32),
    trustDomain: "mesh.test",
    clock,
  });
  await authority.load();
  store = new MemoryEnrollStore();
  store.proxies.set("p1", CART);
  denied = new Set();
  const denyList = { isDenied: (peer: { serial: string }) => denied.has(peer.serial) };
  server = new EnrollServer(
    { authority, store, denyList, clock, logger: silentLogger() },
    await authority.issueServerIdentity(),
  );
  port = await server.listen(0, "127.0.0.1");
  key = await createWorkloadKey();
});

afterEach(() => server.close());

function post(path: string, body: unknown, client?: { key: string; cert: string }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: "POST",
        ca: authority.bundlePem(),
        checkServerIdentity: () => undefined,
        agent: false,
        ...client,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) }),
        );
      },
    );
    call.on("error", reject);
    call.end(JSON.stringify(body));
  });
}

async function tokenFor(proxyRowId: string, lifetimeMs = 600_000): Promise<string> {
  const { token, hash } = newJoinToken();
  await store.saveJoinToken(hash, proxyRowId, new Date(Date.now() + lifetimeMs));
  return token;
}

async function enroll(): Promise<Answer> {
  return post("/v1/enroll", { joinToken: await tokenFor("p1"), csrPem: key.csrPem });
}

describe("enrollment", () => {
  it("answers a join token with a certificate, the bundle and the server's time", async () => {
    const answer = await enroll();
    expect(answer.status).toBe(200);
    expect(answer.body.bundlePem).toBe(authority.bundlePem());
    expect(Math.abs(Date.parse(answer.body.serverTime) - Date.now())).toBeLessThan(5_000);
    expect(Math.abs(Date.parse(answer.body.notAfter) - Date.now() - CART.certificateTtlMs)).toBeLessThan(5_000);
  });

  it("takes a join token once, and not after it expired", async () => {
    const joinToken = await tokenFor("p1");
    expect((await post("/v1/enroll", { joinToken, csrPem: key.csrPem })).status).toBe(200);
    const second = await post("/v1/enroll", { joinToken, csrPem: key.csrPem });
    expect([second.status, second.body.code]).toEqual([401, "join_token_invalid"]);
    const late = await post("/v1/enroll", { joinToken: await tokenFor("p1", -1), csrPem: key.csrPem });
    expect(late.body.code).toBe("join_token_invalid");
  });

  it("refuses an unknown field, naming it", async () => {
    const answer = await post("/v1/enroll", { joinToken: "x", csrPem: key.csrPem, spiffeId: "spiffe://x/y" });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain("spiffeId");
  });
});

describe("renewal", () => {
  it("gives a new certificate for the one held now", async () => {
    const first = await enroll();
    const next = await createWorkloadKey();
    const renewed = await post(
      "/v1/renew",
      { csrPem: next.csrPem },
      { key: key.keyPem, cert: first.body.certificatePem },
    );
    expect(renewed.status).toBe(200);
    expect(renewed.body.certificatePem).not.toBe(first.body.certificatePem);
  });

  it("needs a client certificate", async () => {
    const answer = await post("/v1/renew", { csrPem: key.csrPem });
    expect([answer.status, answer.body.code]).toEqual([401, "certificate_required"]);
  });

  it("refuses a certificate of another CA with the same name in it", async () => {
    const other = new Authority({
      store: new MemoryCaStore(),
      sealingKey: randomBytes(32),
      trustDomain: "mesh.test",
      clock: { now: () => Date.now() },
    });
    await other.load();
    const forged = await other.signCsr(key.csrPem, CART.spiffeId);
    const answer = await post("/v1/renew", { csrPem: key.csrPem }, { key: key.keyPem, cert: forged.certificatePem });
    expect([answer.status, answer.body.code]).toEqual([401, "certificate_untrusted"]);
  });

  it("refuses a certificate on the deny list, and one whose proxy was removed", async () => {
    const first = await enroll();
    const serial = [...store.certificates.keys()][0] ?? "";
    denied.add(serial);
    const client = { key: key.keyPem, cert: first.body.certificatePem };
    expect((await post("/v1/renew", { csrPem: key.csrPem }, client)).body.code).toBe("certificate_denied");
    denied.clear();
    store.proxies.delete("p1");
    expect((await post("/v1/renew", { csrPem: key.csrPem }, client)).body.code).toBe("certificate_denied");
  });
});

// Identities change under load between real sidecars: the root of trust is rotated without a failed call, and a revoked identity is
// out within seconds while its instance comes back with a new key.

import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Caller, statusCounts } from "@/lib/start/testing/load";
import { type LiveRig, startLiveRig } from "./probe/testing/live-rig";
import { dependency, shop } from "./testing/test-document";

const LIMIT_MS = 60_000;
const document = shop({ web: 1, cart: 2 }, [dependency("web", "cart")]);

let rig: LiveRig;

beforeAll(async () => {
  rig = await startLiveRig();
  expect(await rig.deploy(document)).toBe("done");
});
afterAll(() => rig?.stop());

const entryOf = (key: string) => {
  const entry = rig.plane.registry.all().find(({ proxyKey }) => proxyKey === `production/${key}`);
  if (!entry) throw new Error(`there is no proxy ${key}`);
  return entry;
};

async function rotate(): Promise<string> {
  const { rows } = await rig.sql.query(
    `INSERT INTO "RootRotation" (id, "requestedByName") VALUES (gen_random_uuid()::text, 'test') RETURNING id`,
  );
  return rows[0].id;
}

async function rotation(id: string): Promise<{
  state: string;
  progress: { waitingFor: { proxyKey: string; why: string }[] };
}> {
  return (await rig.sql.query(`SELECT state, progress FROM "RootRotation" WHERE id = $1`, [id])).rows[0];
}

const reaches = (id: string, state: string) =>
  expect.poll(async () => (await rotation(id)).state, { timeout: LIMIT_MS, interval: 50 }).toBe(state);

/** The chain that a sidecar shows to a caller that gives none itself. */
function servedIssuer(port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      const issuer = socket.getPeerCertificate(true).issuerCertificate;
      socket.destroy();
      resolve(new X509Certificate(issuer.raw));
    });
    socket.once("error", reject);
  });
}

test("the root is changed under load without a failed call, and nothing of the old one is left", {
  timeout: LIMIT_MS * 2,
}, async () => {
  const oldRoot = new X509Certificate(rig.plane.authority.bundlePem());
  const caller = new Caller({ port: entryOf("web-v1/0").row.outboundPort ?? 0, host: "cart", path: "/" }, 4);
  const serials = rig.plane.registry.all().map(({ row }) => row.certSerial);
  const { replies } = await caller.during(async () => {
    await reaches(await rotate(), "done");
  }, 200);
  caller.close();
  expect(statusCounts(replies)).toEqual({ "200": replies.length });

  const roots = rig.plane.authority.bundlePem().match(/BEGIN CERTIFICATE/g);
  expect(roots).toHaveLength(1);
  const newRoot = new X509Certificate(rig.plane.authority.bundlePem());
  expect(newRoot.fingerprint256).not.toBe(oldRoot.fingerprint256);
  for (const { row } of rig.plane.registry.all()) expect(serials).not.toContain(row.certSerial);
  for (const key of ["web-v1/0", "cart-v1/0", "cart-v1/1"]) {
    const issuer = await servedIssuer(entryOf(key).row.inboundPort ?? 0);
    expect(issuer.verify(newRoot.publicKey), key).toBe(true);
    expect(issuer.verify(oldRoot.publicKey), key).toBe(false);
  }
});

test("a proxy that does not answer stops the rotation and is named, and cancelling takes the new root back", {
  timeout: LIMIT_MS * 2,
}, async () => {
  const before = rig.plane.authority.bundlePem();
  const stuck = entryOf("cart-v1/1").row.pid ?? 0;
  process.kill(stuck, "SIGSTOP");
  let id = "";
  try {
    id = await rotate();
    await expect
      .poll(async () => (await rotation(id)).progress.waitingFor?.map(({ proxyKey }) => proxyKey), {
        timeout: LIMIT_MS,
      })
      .toEqual(["production/cart-v1/1"]);
    expect((await rotation(id)).state).toBe("distributing");
    expect(rig.plane.authority.bundlePem()).not.toBe(before);
    await expect(rotate(), "a second one").rejects.toThrow(/RootRotation_one_open/);
    await rig.sql.query(`UPDATE "RootRotation" SET "cancelledByName" = 'test' WHERE id = $1`, [id]);
    await reaches(id, "cancelled");
  } finally {
    process.kill(stuck, "SIGCONT");
  }
  expect(rig.plane.authority.bundlePem()).toBe(before);
  const isInSync = () => rig.plane.registry.all().every((entry) => entry.status?.digest === entry.current?.digest);
  await expect.poll(isInSync, { timeout: LIMIT_MS }).toBe(true);
});

test("a revoked identity is cut off, and its instance comes back with a new key", {
  timeout: LIMIT_MS * 2,
}, async () => {
  const { row } = entryOf("cart-v1/0");
  const [before, pid] = [row.certSerial, row.pid];
  const caller = new Caller({ port: entryOf("web-v1/0").row.outboundPort ?? 0, host: "cart", path: "/" }, 4);
  const { replies } = await caller.during(async () => {
    await rig.sql.query(`UPDATE "Certificate" SET "revokedAt" = now() WHERE "proxyKey" = $1`, [row.proxyKey]);
    const isNew = () => {
      const now = entryOf("cart-v1/0");
      return now.row.certSerial !== before && now.row.pid !== pid && now.row.ready && now.connections.size > 0;
    };
    await expect.poll(isNew, { timeout: LIMIT_MS }).toBe(true);
  }, 200);
  caller.close();
  // The other instance answers meanwhile; a call that was under way to the revoked one may end.
  const failed = replies.filter(({ status }) => status !== 200);
  expect(failed.length, JSON.stringify(statusCounts(failed))).toBeLessThanOrEqual(4);
  expect(replies.at(-1)?.status).toBe(200);
});

// No request fails while everything around it changes: designs, certificates, the root of trust, endpoints, and the ends of the
// sidecars on both sides. Real processes. CHANGES=100 CERTIFICATES=100 RATE=1000 takes the figures of docs/quality.md (ten minutes).

import { afterAll, beforeAll, expect, test } from "vitest";
import { type MeshDocument, type MeshObject, meshDocument, validateDocument } from "@/lib/mesh";
import { SteadyCaller } from "@/lib/start/testing/load";
import { type LiveRig, startLiveRig } from "./probe/testing/live-rig";
import { dependency, object, shop } from "./testing/test-document";

const CHANGES = Number(process.env.CHANGES ?? 3);
/** Renewals to wait for; without a number certificates live as long as a design may say. */
const CERTIFICATES = Number(process.env.CERTIFICATES ?? 0);
const RATE = Number(process.env.RATE ?? 100);
const CHURN_PER_SECOND = 50;
const LIMIT_MS = 60_000 + CHANGES * 10_000;
const CERTIFICATE_LIFE_S = 16;
/** The same calls under a design that is another one each time: routes, clusters and listeners change in turn. */
function design(n: number): MeshDocument {
  const action = { type: "forward", destinations: [{ service: { name: "cart" }, weight: 100 }] };
  const policies = [
    object("Route", "cart", {
      target: { kind: "Service", name: "cart" },
      rules: [
        { name: "changing", matches: [{ path: { type: "prefix", value: `/changing-${n}` } }], action },
        { name: "all", matches: [], action, timeoutMs: 10_000 + n },
      ],
    }),
    object("TrafficPolicy", "cart", {
      service: { name: "cart" },
      connectionPool: { maxRequests: 1_000 + Math.floor(n / 2) },
    }),
  ];
  const mesh = {
    certificateTtlHours: 24,
    defaults: { mutualTls: n % 3 === 2 ? "permissive" : "strict", authorization: "drawn" },
  };
  const document = meshDocument.parse(shop({ web: 1, cart: 3 }, [dependency("web", "cart"), ...policies], mesh));
  expect(validateDocument(document)).toEqual([]);
  return { objects: CERTIFICATES > 0 ? document.objects.map(withShortCertificates) : document.objects };
}

/** Shorter than an author may say: they are renewed, at half of their life, every few seconds. */
const withShortCertificates = (each: MeshObject): MeshObject =>
  each.kind === "Mesh" ? { ...each, spec: { ...each.spec, certificateTtlHours: CERTIFICATE_LIFE_S / 3600 } } : each;

let rig: LiveRig;
let load: SteadyCaller;

beforeAll(async () => {
  rig = await startLiveRig();
  expect(await rig.deploy(design(0))).toBe("done");
  load = new SteadyCaller({ port: entryOf("web-v1/0").row.outboundPort ?? 0, host: "cart", path: "/" }, RATE);
  load.start();
});
afterAll(async () => {
  await load?.stop();
  await rig?.stop();
});

const entryOf = (key: string) => {
  const entry = rig.plane.registry.all().find(({ proxyKey }) => proxyKey === `production/${key}`);
  if (!entry) throw new Error(`there is no proxy ${key}`);
  return entry;
};

/** Every answer since the last look was a good one, and there were some. */
function expectNoFailure(what: string): void {
  const { "200": good = 0, ...bad } = load.take();
  console.log(`${what}: ${good} calls answered`);
  expect(bad, what).toEqual({});
  expect(good, what).toBeGreaterThan(0);
}

/** The process of a sidecar ends in order and another takes its place. */
async function restart(key: string, between: () => Promise<void> = async () => {}): Promise<void> {
  const { pid, certSerial } = entryOf(key).row;
  process.kill(pid ?? 0, "SIGTERM");
  await between();
  const isBack = () => {
    const { row, connections } = entryOf(key);
    return row.pid !== pid && row.ready && connections.size > 0;
  };
  await expect.poll(isBack, { timeout: LIMIT_MS }).toBe(true);
  expect(certSerial).not.toBeNull();
}

// First: the certificates that it brings are the first that live as short as the design says.
test("over a change of the root of trust", { timeout: LIMIT_MS }, async () => {
  const before = rig.plane.authority.bundlePem();
  const { rows } = await rig.sql.query(
    `INSERT INTO "RootRotation" (id, "requestedByName") VALUES (gen_random_uuid()::text, 'test') RETURNING id`,
  );
  const state = async () => (await rig.sql.query(`SELECT state FROM "RootRotation" WHERE id = $1`, [rows[0].id])).rows;
  await expect.poll(state, { timeout: LIMIT_MS }).toEqual([{ state: "done" }]);
  expect(rig.plane.authority.bundlePem()).not.toBe(before);
  expectNoFailure("change of the root");
});

test("over configurations that replace each other, and certificates that are renewed meanwhile", {
  timeout: LIMIT_MS,
}, async () => {
  const serials = new Set<string>();
  const note = () => {
    for (const { row } of rig.plane.registry.all()) if (row.certSerial !== null) serials.add(row.certSerial);
  };
  note();
  const atFirst = serials.size;
  for (let n = 1; n <= CHANGES; n++) {
    expect(await rig.deploy(design(n))).toBe("done");
    note();
  }
  await expect
    .poll(
      () => {
        note();
        return serials.size - atFirst;
      },
      { timeout: LIMIT_MS, interval: 200 },
    )
    .toBeGreaterThanOrEqual(CERTIFICATES);
  expectNoFailure(`${CHANGES} configurations and ${serials.size - atFirst} certificates`);
});

test("over endpoints that come and go fifty times a second", { timeout: LIMIT_MS }, async () => {
  const changes = CHANGES * 10;
  const keys = ["cart-v1/1", "cart-v1/2"];
  const startedAt = performance.now();
  for (let n = 0; n < changes; n++) {
    const entry = entryOf(keys[n % 2] ?? "");
    const { status } = entry;
    if (status) rig.plane.registry.probed(entry, { ...status, isReady: n % 4 < 2 });
    const aheadMs = startedAt + ((n + 1) * 1000) / CHURN_PER_SECOND - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(aheadMs, 0)));
  }
  expectNoFailure(`${changes} changes of endpoints`);
});

test("over the orderly end of a callee's sidecar", { timeout: LIMIT_MS }, async () => {
  for (const key of ["cart-v1/0", "cart-v1/1"]) await restart(key);
  expectNoFailure("end of callees' sidecars");
});

test("over the orderly end of the caller's sidecar, as long as the app calls", { timeout: LIMIT_MS }, async () => {
  await restart("web-v1/0", async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await load.stop();
  });
  expectNoFailure("end of the caller's sidecar");
});

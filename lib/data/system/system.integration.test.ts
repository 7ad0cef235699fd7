import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestPostgres, type TestPostgres } from "@/lib/start/testing/postgres";
import { createSystemData, listen, type SystemData } from ".";

let server: TestPostgres;
let data: SystemData;
let sql: pg.Client;
const environmentId = randomUUID();
const meshId = randomUUID();
const revisionId = randomUUID();

beforeAll(async () => {
  server = await startTestPostgres();
  data = createSystemData(server.url);
  sql = new pg.Client({ connectionString: server.url });
  await sql.connect();
  await sql.query(`INSERT INTO "Mesh" (id, slug, name) VALUES ($1, 'shop', 'Shop')`, [meshId]);
  await sql.query(`INSERT INTO "Environment" (id, "meshId", name, binding) VALUES ($1, $2, 'local', '{}')`, [
    environmentId,
    meshId,
  ]);
  await sql.query(
    `INSERT INTO "Revision" (id, "meshId", number, digest, document, positions, message, "authorName") VALUES ($1, $2, 1, 'd', '{"objects":[]}', '{}', 'm', 'a')`,
    [revisionId, meshId],
  );
});
afterAll(async () => {
  await sql?.end();
  await data?.close();
  await server?.stop();
});

const newProxy = (proxyKey: string) => ({
  environmentId,
  proxyKey,
  namespace: "production",
  workload: "cart",
  serviceAccount: "cart",
  spiffeId: "spiffe://shop/ns/production/sa/cart",
});

test("a join token is used once, even by two callers at the same moment", async () => {
  const proxy = await data.proxies.create(newProxy("production/cart/0"));
  const now = new Date();
  await data.joinTokens.insert("hash", proxy.id, new Date(now.getTime() + 60_000));
  const answers = await Promise.all([data.joinTokens.consume("hash", now), data.joinTokens.consume("hash", now)]);
  expect(answers.filter((answer) => answer === proxy.id)).toHaveLength(1);
  expect(answers.filter((answer) => answer === null)).toHaveLength(1);
});

test("an expired join token names nobody", async () => {
  const proxy = await data.proxies.create(newProxy("production/cart/1"));
  await data.joinTokens.insert("old", proxy.id, new Date(1_000));
  expect(await data.joinTokens.consume("old", new Date(2_000))).toBeNull();
});

test("creating a proxy twice makes one row", async () => {
  const first = await data.proxies.create(newProxy("production/cart/2"));
  const second = await data.proxies.create({ ...newProxy("production/cart/2"), inboundPort: 9 });
  expect(second.id).toBe(first.id);
  expect(second.inboundPort).toBeNull();
});

test("two leaders claim one deployment once, and one environment has one in work", async () => {
  const one = await data.deployments.create({ environmentId, revisionId, startedByName: "test" });
  const two = await data.deployments.create({ environmentId, revisionId, startedByName: "test" });
  const claims = await Promise.all([
    data.deployments.claim(one.id, new Date()),
    data.deployments.claim(one.id, new Date()),
  ]);
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await data.deployments.claim(two.id, new Date())).toBeNull();
  await data.deployments.update(one.id, { state: "done", finishedAt: new Date(), plan: { waves: 2 } });
  expect((await data.deployments.claim(two.id, new Date()))?.state).toBe("planning");
  expect((await data.deployments.lastDone(environmentId))?.id).toBe(one.id);
});

test("keys of the authority are made once when two control planes start together", async () => {
  const make = () =>
    data.caKeys.change(async (rows) =>
      rows.length > 0
        ? []
        : [
            {
              id: randomUUID(),
              kind: "root",
              slot: "A",
              certPem: "p",
              encryptedKey: "k",
              state: "active",
              notAfter: new Date(),
            },
          ],
    );
  const [a, b] = await Promise.all([make(), make()]);
  expect(a).toHaveLength(1);
  expect(b.map((row) => row.id)).toEqual(a.map((row) => row.id));
});

test("leadership is kept by its holder and taken when it runs out", async () => {
  const row = (holder: string, until: number) => ({
    name: "rollouts",
    holder,
    address: "x",
    expiresAt: new Date(until),
  });
  expect(await data.leader.acquire(row("a", 10_000), new Date(0))).toBe(true);
  expect(await data.leader.acquire(row("b", 12_000), new Date(1_000))).toBe(false);
  expect(await data.leader.acquire(row("a", 11_000), new Date(2_000))).toBe(true);
  expect(await data.leader.acquire(row("b", 22_000), new Date(12_000))).toBe(true);
});

test("a rollup minute written twice counts once", async () => {
  const row = {
    environmentId,
    minute: new Date(60_000),
    reporter: "destination" as const,
    source: "production/checkout",
    sourceVersion: "v1",
    destination: "production/cart",
    destinationVersion: "v1",
    security: "mutual_tls",
    requests: 5,
    errors: 1,
    codes: { "200": 4, "500": 1 },
    bucketCounts: [1, 4, 0],
    sumMs: 12.5,
    requestBytes: 10,
    responseBytes: 20,
    connections: 3,
    failedConnections: 1,
    receivedBytes: 30,
    sentBytes: 40,
  };
  await data.telemetry.upsertRollups([row]);
  await data.telemetry.upsertRollups([{ ...row, requests: 7, connections: 4 }]);
  const { rows } = await sql.query(`SELECT requests::int, "bucketCounts"::int[] AS buckets, codes,
    connections::int, "failedConnections"::int AS failed, "receivedBytes"::int AS received, "sentBytes"::int AS sent FROM "RollupMinute"`);
  expect(rows).toEqual([
    {
      ...{ requests: 7, buckets: [1, 4, 0], codes: { "200": 4, "500": 1 } },
      ...{ connections: 4, failed: 1, received: 30, sent: 40 },
    },
  ]);
});

test("saturation and shapes are replaced whole and removed by age", async () => {
  const minute = new Date(60_000);
  await data.telemetry.upsertSaturation([
    {
      environmentId,
      minute,
      proxyKey: "p",
      service: null,
      eventLoopDelayP99Ms: 1.5,
      cpuMillicores: 3,
      residentBytes: 5_000_000_000,
      privateBytes: null,
      connectionsActive: 1,
      requestsActive: 0,
      requestsPending: 0,
      poolUse: 0.1,
      pendingUse: null,
      requestsUse: null,
      overflow: 0,
      ejectionsActive: null,
    },
  ]);
  const shape = {
    environmentId,
    minute,
    caller: "a",
    callee: "b",
    method: "GET",
    pathPattern: "/x",
    code: 200,
    count: 3,
  };
  await data.telemetry.upsertShapes([shape]);
  await data.telemetry.upsertShapes([shape]);
  await data.telemetry.addShapes([shape]);
  expect((await sql.query(`SELECT count::int FROM "ObservedShape"`)).rows).toEqual([{ count: 6 }]);
  const later = new Date(120_000);
  expect(await data.telemetry.deleteOlderThan({ rollups: later, saturation: later, shapes: later })).toBe(3);
});

test("events form a chain that shows tampering, and cannot be changed", async () => {
  await Promise.all(
    [1, 2, 3].map((each) =>
      data.events.append({
        meshId,
        kind: "test.made",
        actorName: "test",
        subject: `s${each}`,
        payload: { each, skip: undefined },
      }),
    ),
  );
  expect(await data.events.firstBroken()).toBeNull();
  await expect(sql.query(`UPDATE "Event" SET subject = 'other'`)).rejects.toThrow(/append-only/);
  await expect(sql.query(`DELETE FROM "Event"`)).rejects.toThrow(/append-only/);
  await sql.query(`ALTER TABLE "Event" DISABLE TRIGGER ALL`);
  const { rows } = await sql.query(`UPDATE "Event" SET subject = 'other' WHERE subject = 's2' RETURNING seq`);
  await sql.query(`ALTER TABLE "Event" ENABLE TRIGGER ALL`);
  expect(await data.events.firstBroken()).toBe(BigInt(rows[0].seq));
});

test("a new deployment wakes the listener, and so does one after the connection was lost", async () => {
  const heard: string[] = [];
  let gaps = 0;
  const listener = listen({
    url: server.url,
    channels: ["meshwright_deployment"],
    onNotice: ({ payload }) => heard.push(payload),
    onGap: () => {
      gaps += 1;
    },
  });
  try {
    await expect.poll(() => gaps, { timeout: 5_000 }).toBe(1);
    const first = await data.deployments.create({ environmentId, revisionId, startedByName: "test" });
    await expect.poll(() => heard, { timeout: 5_000 }).toContain(first.id);
    await sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'meshwright-listen'`,
    );
    await expect.poll(() => gaps, { timeout: 5_000 }).toBe(2);
    const second = await data.deployments.create({ environmentId, revisionId, startedByName: "test" });
    await expect.poll(() => heard, { timeout: 5_000 }).toContain(second.id);
  } finally {
    await listener.stop();
  }
});

test("a heartbeat wakes nobody, a change of state does", async () => {
  const proxy = await data.proxies.create(newProxy("production/cart/9"));
  const heard: string[] = [];
  const other = new pg.Client({ connectionString: server.url });
  await other.connect();
  other.on("notification", ({ payload }) => heard.push(payload ?? ""));
  await other.query("LISTEN meshwright_proxy");
  await data.proxies.update(proxy.id, { lastSeenAt: new Date(), resources: { cpu: 1 } });
  await other.query("SELECT 1");
  expect(heard).toEqual([]);
  await data.proxies.update(proxy.id, { state: "ack" });
  await expect.poll(() => heard, { timeout: 5_000 }).toEqual([environmentId]);
  await other.end();
});

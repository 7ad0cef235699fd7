import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { enroll, FakeProxy } from "./testing/fake-proxy";
import { testDocument } from "./testing/test-document";
import { TestPlane } from "./testing/test-plane";

const CART = "production/cart-v1/0";
let test: TestPlane;

beforeAll(async () => {
  test = await TestPlane.start();
});
afterAll(() => test?.stop());

function listenerOf(proxyKey: string): string {
  const held = [...test.proxy(proxyKey).held.values()].find((item) => item.name === "inbound");
  return Buffer.from(held?.bytes ?? []).toString("latin1");
}

async function waitFor(isDone: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(isDone, { timeout: 15_000, interval: 50 }).toBe(true);
}

const entryOf = (key: string) =>
  test.plane.registry.inEnvironment(test.environmentId).find(({ proxyKey }) => proxyKey === key)!;

/** What an agent says whose machine has another address now; nobody deploys. */
async function moveCartTo(address: string): Promise<void> {
  await test.call("POST", "/v1/agents/test/register", { hostname: "test", address, version: "test" });
  const { id, inboundPort, outboundPort, adminPort } = entryOf(CART).row;
  const ports = { inbound: inboundPort, outbound: outboundPort, admin: adminPort, app: null };
  const report = { proxyRowId: id, state: "running", message: null, pid: 1, restarts: 0, ports, resources: null };
  await test.call("POST", "/v1/agents/test/status", { proxies: [report], resources: null });
}

describe("a deployment", () => {
  it("starts proxies, gives them identities and configuration, and is done when all run it", async () => {
    const revision = await test.revise("first-design");
    const result = await test.deploy(revision);
    expect(result).toMatchObject({ state: "done", error: null });
    expect([...test.proxies.keys()].sort()).toEqual([CART, "production/cart-v1/1", "production/web-v1/0"]);
    expect(listenerOf(CART)).toContain("first-design");
    // Endpoints may still change as the last instances become ready.
    await waitFor(async () => {
      const rows = await test.plane.data.proxies.listByEnvironment(test.environmentId);
      return rows.every(
        (row) => row.ready && row.runningDigest === row.desiredDigest && row.deploymentId === result.id,
      );
    });
    const rows = await test.plane.data.proxies.listByEnvironment(test.environmentId);
    expect(rows[0]?.spiffeId).toBe("spiffe://shop.test/ns/production/sa/cart");
    const health = await test.call("GET", "/v1/health");
    expect(health.body).toMatchObject({
      status: "ok",
      leader: true,
      proxies: { desired: 3, ready: 3 },
      openDeployments: 0,
    });
  });

  it("is seen on the control plane's own metrics page, without a secret", async () => {
    const response = await fetch(`http://127.0.0.1:${test.plane.internalPort}/metrics`);
    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    const page = await response.text();
    const [, labels] = /^meshwright_proxies_ready(\{.*\}) 3$/m.exec(page) ?? [];
    expect(labels).toMatch(/mesh="[a-z]+",environment="[a-z]+"/);
    expect(page).toContain(`meshwright_proxies_desired${labels} 3\n`);
    expect(page).toContain("meshwright_leader 1\n");
    expect(Number(/^meshwright_ca_not_after_seconds (\d+)/m.exec(page)?.[1])).toBeGreaterThan(Date.now() / 1000);
  });

  it("tells its plan before: resources that change, proxies that stay", async () => {
    const revisionId = await test.revise("second-design");
    const answer = await test.call("POST", "/v1/plan", { environmentId: test.environmentId, revisionId });
    expect(answer.status).toBe(200);
    expect(answer.body.waves).toEqual([[CART, "production/web-v1/0"], ["production/cart-v1/1"]]);
    expect(answer.body.proxies).toContainEqual({
      proxyKey: CART,
      change: "update",
      resources: { added: [], changed: ["listener inbound", "routes outbound"], removed: [] },
    });
  });

  it("that one proxy refuses is taken back from all, with the reason stored, and the bad version is sent once", async () => {
    const web = test.proxy("production/web-v1/0");
    web.hates = "bad-design";
    const result = await test.deploy(await test.revise("bad-design"));
    expect(result.state).toBe("restored");
    expect(result.error?.reason).toContain('listener "inbound": bad-design is not supported');
    await waitFor(
      () => listenerOf(CART).includes("first-design") && listenerOf("production/cart-v1/1").includes("first-design"),
    );
    const refusals = web.sent.filter((response) =>
      response.resources.some((item) => Buffer.from(item.resource?.value ?? []).includes("bad-design")),
    );
    expect(refusals).toHaveLength(1);
    const [row] = (await test.plane.data.proxies.listByEnvironment(test.environmentId)).filter(
      (item) => item.proxyKey === "production/web-v1/0",
    );
    expect(row).toMatchObject({ ready: true });
    // The second wave was never touched.
    expect(
      test
        .proxy("production/cart-v1/1")
        .sent.some((response) => JSON.stringify(response.resources).includes("bad-design")),
    ).toBe(false);
  });

  it("tries again what a proxy refused in between, where it changes nothing for that proxy and an old stream is still open", async () => {
    const web = test.proxy("production/web-v1/0");
    // The stream of before: its proxy is gone, and nobody has said so yet.
    const { connections } = entryOf("production/web-v1/0");
    connections.add({
      ...[...connections][0]!,
      push: () => undefined,
      close: () => undefined,
    });
    for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      web.hates = address;
      // Nobody deploys: the new address alone is what the callers are told.
      await moveCartTo(address);
      await waitFor(() => entryOf("production/web-v1/0").lastRejection()?.message.includes(address) ?? false);
    }
    expect(entryOf("production/web-v1/0").row.state).toBe("nack");
    web.hates = "";
    const again = await test.deploy(await test.revise("first-design"));
    expect(again).toMatchObject({ state: "done", error: null });
    expect(web.digest()).toBe(entryOf("production/web-v1/0").current?.digest);
    expect([...web.held.values()].some(({ bytes }) => Buffer.from(bytes).includes("192.0.2.3"))).toBe(true);
    await moveCartTo("127.0.0.1");
    await waitFor(() => web.digest() === entryOf("production/web-v1/0").current?.digest);
  });

  it("that does not compile changes nothing", async () => {
    const result = await test.deploy(await test.revise("broken"));
    expect(result.state).toBe("failed");
    expect(JSON.stringify(result.error)).toContain("Service/production/cart.spec: cannot be compiled");
    expect(listenerOf(CART)).toContain("first-design");
  });

  it("that drops a workload drains its proxy, ends its identity, and denies its certificate", async () => {
    const bundle = () => [...test.proxy(CART).held.values()].find((item) => item.name === "denylist");
    const before = bundle()?.version;
    const result = await test.deploy(await test.revise("smaller-design", testDocument(["cart"])));
    expect(result.state).toBe("done");
    expect(test.proxies.has("production/web-v1/0")).toBe(false);
    const revoked = await test.plane.data.certificates.listRevoked(new Date());
    expect(revoked.map((row) => row.spiffeId)).toEqual(["spiffe://shop.test/ns/production/sa/web"]);
    await waitFor(() => bundle()?.version !== before);
    expect(Buffer.from(bundle()?.bytes ?? []).toString()).toContain(revoked[0]?.serial);
  });
});

describe("endpoints", () => {
  const portsIn = (proxyKey: string) =>
    [...test.proxy(proxyKey).held.values()].find(
      (item) => item.name === "peers" && item.typeUrl.endsWith("ClusterLoadAssignment"),
    )?.version;

  it("of an instance that is no longer ready leave, and come back", async () => {
    const before = portsIn(CART);
    const other = test.proxy("production/cart-v1/1");
    other.isReady = false;
    await waitFor(() => portsIn(CART) !== before);
    other.isReady = true;
    await waitFor(() => portsIn(CART) === before);
  });
});

describe("who may open a stream", () => {
  async function stranger(options: { id?: string; rowId?: string }): Promise<FakeProxy> {
    const rows = await test.plane.data.proxies.listByEnvironment(test.environmentId);
    const row = rows.find((item) => item.proxyKey === CART)!;
    const { enrollPort, adsPort } = test.plane;
    const bundlePem = test.plane.authority.bundlePem();
    const joinToken = await test.joinToken(row.id);
    const proxy = new FakeProxy({ proxyKey: CART, proxyRowId: row.id, enrollPort, adsPort, bundlePem, joinToken });
    proxy.connect(await enroll({ enrollPort, bundlePem, joinToken }), options);
    return proxy;
  }

  it("not a node that is not in the registry", async () => {
    const proxy = await stranger({ id: "production/nobody/0", rowId: "unknown" });
    await waitFor(() => proxy.closedWith !== null);
    expect(proxy.closedWith).toContain("no proxy");
    proxy.disconnect();
  });

  it("not another instance with a certificate that was issued to this one", async () => {
    const rows = await test.plane.data.proxies.listByEnvironment(test.environmentId);
    const other = rows.find((item) => item.proxyKey === "production/cart-v1/1")!;
    const proxy = await stranger({ id: other.proxyKey, rowId: other.id });
    await waitFor(() => proxy.closedWith !== null);
    expect(proxy.closedWith).toContain("issued to another instance");
    proxy.disconnect();
  });

  it("nobody calls the internal API without the secret", async () => {
    expect((await test.call("GET", "/v1/agents/test/desired", undefined, "wrong")).status).toBe(401);
  });
});

describe("lost connections to the database", () => {
  it("close no stream; leadership, notices and deployments come back by themselves", async () => {
    const streams = test.plane.registry.all().map((entry) => [...entry.connections][0]);
    const leadingBackend = async (): Promise<number | undefined> =>
      (await test.sql.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'meshwright-leader'")).rows[0]
        ?.pid;
    const before = await leadingBackend();
    await test.sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
    await waitFor(async () => ![undefined, before].includes(await leadingBackend()));
    await waitFor(async () => (await test.call("GET", "/v1/health")).body.leader === true);
    const result = await test.deploy(await test.revise("after-outage", testDocument(["cart"])));
    expect(result.state).toBe("done");
    expect(test.plane.registry.all().map((entry) => [...entry.connections][0])).toEqual(streams);
  });
});

/** Fake proxies do not come back by themselves: each enrolls anew and opens its stream with what it holds. */
async function reconnect(): Promise<void> {
  const rows = await test.plane.data.proxies.listByEnvironment(test.environmentId);
  for (const row of rows) {
    const proxy = test.proxy(row.proxyKey);
    const joinToken = await test.joinToken(row.id);
    proxy.connect(
      await enroll({ enrollPort: test.plane.enrollPort, bundlePem: test.plane.authority.bundlePem(), joinToken }),
    );
  }
}

describe("a restart of the control plane", () => {
  it("keeps the root, takes proxies back without sending what they hold, and goes on", async () => {
    const bundle = test.plane.authority.bundlePem();
    const sentBefore = test.proxy(CART).sent.length;
    await test.plane.stop();
    await test.startPlane();
    expect(test.plane.authority.bundlePem()).toBe(bundle);
    await reconnect();
    await waitFor(async () =>
      (await test.plane.data.proxies.listByEnvironment(test.environmentId)).every((row) => row.state === "ack"),
    );
    const resent = test
      .proxy(CART)
      .sent.slice(sentBefore)
      .flatMap((response) => response.resources.map((item) => item.name));
    expect(resent.filter((name) => name === "inbound" || name === "outbound")).toEqual([]);
    const result = await test.deploy(await test.revise("after-restart", testDocument(["cart"])));
    expect(result.state).toBe("done");
  });

  it("remembers what was refused, and a deployment tries it again", async () => {
    const other = "production/cart-v1/1";
    test.proxy(other).hates = "192.0.2.9";
    await moveCartTo("192.0.2.9");
    await waitFor(() => entryOf(other).row.state === "nack");
    await test.plane.stop();
    await test.startPlane();
    await reconnect();
    await waitFor(() => entryOf(other).connections.size === 1 && entryOf(CART).syncedDigest !== null);
    expect(entryOf(other).lastRejection()?.message).toContain("192.0.2.9");
    expect(entryOf(other).syncedDigest).toBeNull();
    test.proxy(other).hates = "";
    const again = await test.deploy(await test.revise("after-restart", testDocument(["cart"])));
    expect(again).toMatchObject({ state: "done", error: null });
    expect(test.proxy(other).digest()).toBe(entryOf(other).current?.digest);
    await moveCartTo("127.0.0.1");
    await waitFor(() => test.proxy(other).digest() === entryOf(other).current?.digest);
  });

  it("takes up a deployment that was under way, and one that was being taken back", async () => {
    const before = await test.plane.data.proxies.listByEnvironment(test.environmentId);
    const previous = Object.fromEntries(before.map((row) => [row.proxyKey, row.deploymentId]));
    for (const [state, end] of [
      ["rolling", "done"],
      ["restoring", "restored"],
    ] as const) {
      const revisionId = await test.revise(`taken-up-${state}`, testDocument(["cart"]));
      const id = randomUUID();
      await test.plane.stop();
      await test.sql.query(
        `INSERT INTO "Deployment" (id, "environmentId", "revisionId", state, plan, "startedByName") VALUES ($1, $2, $3, $4, $5, 'test')`,
        [id, test.environmentId, revisionId, state, JSON.stringify({ previous })],
      );
      await test.sql.query(`UPDATE "Proxy" SET "deploymentId" = $1 WHERE "proxyKey" = $2`, [id, CART]);
      await test.startPlane();
      await reconnect();
      await expect
        .poll(async () => (await test.plane.data.deployments.findById(id))?.state, { timeout: 40_000 })
        .toBe(end);
    }
    await waitFor(() => listenerOf(CART).includes("after-restart") || listenerOf(CART).includes("taken-up-rolling"));
  }, 120_000);
});

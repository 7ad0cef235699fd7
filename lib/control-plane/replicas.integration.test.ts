// Two control planes on one PostgreSQL: each serves the proxies that are connected to it, one leads; when the leader ends, the
// other scrapes and deploys within seconds.
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "@/lib/start/wait.mjs";
import type { RunningControlPlane } from "./control-plane";
import { enroll } from "./testing/fake-proxy";
import { TestPlane } from "./testing/test-plane";

const MOVED = "production/web-v1/0";
const STAYS = "production/cart-v1/0";
const FLAPS = "production/cart-v1/1";
const HAND_OVER_MS = 10_000;
let test: TestPlane;
let second: RunningControlPlane;

beforeAll(async () => {
  test = await TestPlane.start();
  expect((await test.deploy(await test.revise("first"))).state).toBe("done");
  second = await test.startReplica();
});
afterAll(async () => {
  if (test?.plane !== second) await second?.stop();
  await test?.stop();
});

const isConnected = (plane: RunningControlPlane, proxyKey: string) =>
  plane.registry
    .inEnvironment(test.environmentId)
    .some((entry) => entry.proxyKey === proxyKey && entry.connections.size > 0);

/** Fake proxies do not look for another control plane by themselves; `meanwhile` happens while the proxy has none. */
async function moveToSecond(proxyKey: string, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
  const rows = await second.data.proxies.listByEnvironment(test.environmentId);
  const row = rows.find((each) => each.proxyKey === proxyKey)!;
  const proxy = test.proxy(proxyKey);
  proxy.disconnect();
  await meanwhile();
  proxy.moveTo(second.adsPort);
  const joinToken = await test.joinToken(row.id);
  proxy.connect(await enroll({ enrollPort: second.enrollPort, bundlePem: second.authority.bundlePem(), joinToken }));
  expect(await until(() => isConnected(second, proxyKey), 10_000)).toBe(true);
}

/** Resolves when both control planes have seen it. */
async function setReady(proxyKey: string, isReady: boolean): Promise<void> {
  test.proxy(proxyKey).isReady = isReady;
  const sees = (plane: RunningControlPlane) =>
    plane.registry.inEnvironment(test.environmentId).find((entry) => entry.proxyKey === proxyKey)?.row.ready ===
    isReady;
  expect(await until(() => sees(test.plane) && sees(second), 10_000)).toBe(true);
}

const configurationOf = (proxyKey: string) =>
  [...test.proxy(proxyKey).held.values()].map(({ bytes }) => Buffer.from(bytes).toString()).join("\n");

it("serves a proxy on either of them, and a deployment of the leader reaches both", async () => {
  await setReady(FLAPS, false); // as on a machine that is too busy to answer for a moment
  await moveToSecond(MOVED, () => setReady(FLAPS, true));
  expect(await test.deploy(await test.revise("second"))).toMatchObject({ state: "done", error: null });
  expect(configurationOf(MOVED)).toContain("second");
  expect(configurationOf(STAYS)).toContain("second");
});

it("has the other one scrape and deploy within seconds when the leader ends", async () => {
  expect((await test.call("GET", "/v1/health")).body.leader).toBe(true);
  await test.plane.stop();
  const endedAt = Date.now();
  test.plane = second;
  const isScraped = () => second.scraper.telemetryOf(test.environmentId) !== null;
  expect(await until(isScraped, HAND_OVER_MS)).toBe(true);
  console.log(`the second control plane scraped ${Date.now() - endedAt} ms after the first had ended`);
  for (const proxyKey of [STAYS, FLAPS]) await moveToSecond(proxyKey);
  expect(await test.deploy(await test.revise("third"))).toMatchObject({ state: "done", error: null });
  for (const proxyKey of [MOVED, STAYS]) expect(configurationOf(proxyKey)).toContain("third");
});

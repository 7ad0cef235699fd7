// What is measured of hosts that are balanced by latency. Rule: times themselves are not compared, only whether one was taken.

import { afterEach, expect, it } from "vitest";
import { call, cleanUp, listenerPort, startDataPlane, startOrigin, startRawServer } from "./support/network";
import { cluster, defaultBalancing, endpoint, forward, listener, proxyPlan, route, routes } from "./support/plans";

afterEach(cleanUp);

const PENALTY = 1_000_000_000;

/** Asks once; true: the host's latency is known then. */
async function isMeasured(port: number, defaultRttMs: number, timeoutMs = 15_000): Promise<boolean> {
  const peakEwma = { decayMs: 3_600_000, defaultRttMs, penalty: PENALTY };
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("main", { trafficDirection: "outbound" })],
      clusters: [
        cluster("app", [endpoint(port)], { balancing: { ...defaultBalancing, lbPolicy: "peak-ewma", peakEwma } }),
      ],
      routes: [routes([route({ ...forward([{ name: "app" }]), timeoutMs })])],
    }),
  );
  await call(listenerPort(plane, "main"));
  const [host] = plane.clusters.get("app")?.hosts ?? [];
  const cost = host?.latency?.costAt(performance.now(), 1) ?? Number.NaN;
  expect(cost).toBeGreaterThan(0);
  return cost < PENALTY;
}

const HOUR = 3_600_000;
const answering = async (status: number): Promise<number> =>
  (await startOrigin((_incoming, response) => response.writeHead(status).end())).port;

it("an answer is", async () => {
  expect(await isMeasured(await answering(200), HOUR)).toBe(true);
  expect(await isMeasured(await answering(404), HOUR)).toBe(true);
});

it("a failure is not, as long as it comes sooner than an answer would", async () => {
  expect(await isMeasured(await answering(503), HOUR)).toBe(false);
  expect(await isMeasured(await startRawServer((socket) => socket.once("data", () => socket.destroy())), HOUR)).toBe(
    false,
  );
});

it("what is waited for in vain is, once that is longer than an answer would take", async () => {
  const silent = await startRawServer(() => {});
  expect(await isMeasured(silent, 1, 100)).toBe(true);
  expect(await isMeasured(silent, HOUR, 100)).toBe(false);
});

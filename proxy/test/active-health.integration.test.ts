// Active health checks of a running data plane: what a start waits for, and what becomes of hosts that come and go.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import type { ClusterPlan } from "../src/plan/types";
import { call, cleanUp, listenerPort, startDataPlane, startNamedOrigin, startRawServer } from "./support/network";
import { activeHealth, cluster, endpoint, forward, listener, proxyPlan, route, routes } from "./support/plans";

const servers: { close(): void }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await cleanUp();
});

/** An application that says how it is. */
async function startApp(name: string): Promise<{ port: number; status: number; checks: number }> {
  const app = { port: 0, status: 200, checks: 0 };
  const server = createServer((request, response) => {
    const isCheck = request.url === "/hc";
    if (isCheck) app.checks++;
    response.writeHead(isCheck ? app.status : 200).end(name);
  });
  servers.push({ close: () => server.close() });
  servers.push({ close: () => server.closeAllConnections() });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  app.port = (server.address() as AddressInfo).port;
  return app;
}

/** A machine that is busy answers late: only a check that is meant to go unanswered is given up soon. */
const PATIENT_MS = 10_000;
const checks = (timeoutMs: number) => activeHealth({ intervalMs: 20, noTrafficIntervalMs: 20, timeoutMs });

const planOf = (ports: readonly number[], over: Partial<ClusterPlan> = {}) =>
  proxyPlan({
    listeners: [listener("outbound", { trafficDirection: "outbound" })],
    clusters: [
      cluster(
        "app",
        ports.map((port) => endpoint(port)),
        {
          type: "eds",
          healthyPanicThreshold: 0,
          activeHealth: checks(PATIENT_MS),
          ...over,
        },
      ),
    ],
    routes: [routes([route(forward([{ name: "app" }]))])],
  });

async function start(ports: readonly number[], over: Partial<ClusterPlan> = {}) {
  const plane = await startDataPlane(planOf(ports, over));
  const app = plane.clusters.get("app");
  if (app === undefined) throw new Error("no cluster");
  const name = (list: readonly number[]): Promise<unknown> => {
    const plan = planOf(list, over);
    return plane.onPlan(plan, new Map());
  };
  return { plane, app, port: listenerPort(plane, "outbound"), name };
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

it("a start waits for the first checks, so that the first request goes to a host that is well", async () => {
  const ill = await startApp("ill");
  const well = await startApp("well");
  ill.status = 503;
  const { app, port } = await start([ill.port, well.port]);
  expect(app.hosts.map((host) => host.isHealthy)).toEqual([false, true]);
  const answers = await Promise.all(Array.from({ length: 6 }, () => call(port)));
  expect(new Set(answers.map(({ body }) => String(body)))).toEqual(new Set(["well"]));
  expect(app.checker).toMatchObject({ isChecked: true, healthy: 1 });
});

it("a host that comes later is not used before it passed", async () => {
  const first = await startNamedOrigin("first");
  const late = await startApp("late");
  late.status = 503;
  const { app, name } = await start([first.port]);
  await name([first.port, late.port]);
  await until(() => late.checks > 1);
  expect(app.hosts.map((host) => host.isHealthy)).toEqual([true, false]);
  late.status = 200;
  await until(() => app.hosts.every((host) => host.isHealthy));
});

it("a host that is named no more stays as long as it passes, and goes when it does not", async () => {
  const stays = await startApp("stays");
  const goes = await startApp("goes");
  const { app, name } = await start([stays.port, goes.port]);
  await name([stays.port]);
  expect(app.hosts.map((host) => host.health.isLeaving)).toEqual([false, true]);
  goes.status = 503;
  await until(() => app.hosts.length === 1);
  const asked = goes.checks;
  await until(() => stays.checks > 5);
  expect([app.hosts[0]?.plan.port, goes.checks]).toEqual([stays.port, asked]);
});

it("a host that is named no more goes at once where its health is not to count", async () => {
  const stays = await startApp("stays");
  const goes = await startApp("goes");
  const { app, name } = await start([stays.port, goes.port], { ignoresHealthOnRemoval: true });
  await name([stays.port]);
  expect(app.hosts.map((host) => host.plan.port)).toEqual([stays.port]);
});

it("a host that was never checked is not one of all where such hosts are ignored", async () => {
  const first = await startApp("first");
  const silent = await startRawServer(() => {});
  const { app, name } = await start([first.port], {
    ignoresNewHosts: true,
    activeHealth: checks(500),
  });
  await name([first.port, silent]);
  expect(app.hosts.map(({ isHealthy, isExcluded }) => [isHealthy, isExcluded])).toEqual([
    [true, false],
    [false, true],
  ]);
  await until(() => app.hosts[1]?.isExcluded === false);
  expect(app.hosts.map((host) => host.isHealthy)).toEqual([true, false]);
});

it("a cluster that goes asks nobody any more", async () => {
  const app = await startApp("app");
  const { plane, app: old } = await start([app.port]);
  await until(() => app.checks > 1);
  await plane.onPlan(proxyPlan({ listeners: [], clusters: [], routes: [] }), new Map());
  const before = old.checker?.attempts;
  const other = await startApp("other");
  const next = await start([other.port]);
  await until(() => (next.app.checker?.attempts ?? 0) > 5);
  expect(old.checker?.attempts).toBe(before);
});

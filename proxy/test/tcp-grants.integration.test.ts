// Grants that are taken back while TCP connections are open: who would not be let in any more is not kept in.

import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { FilterChainPlan, RbacFilterPlan } from "../src/plan/types";
import { cleanUp, listenerPort, onCleanUp, startDataPlane, startRawServer } from "./support/network";
import { chain, cluster, endpoint, listener, proxyPlan } from "./support/plans";

afterEach(cleanUp);

const matcher = (isMatch: boolean) => ({ text: String(isMatch), matches: () => isMatch });
const allowing = (isAllowed: boolean): RbacFilterPlan => ({
  name: "grants",
  rules: { action: "allow", policies: [{ name: "who", permission: matcher(true), principal: matcher(isAllowed) }] },
  shadowRules: null,
  statPrefix: "tcp",
  rulesPrefix: "",
  shadowPrefix: "",
});

const TCP: FilterChainPlan["network"] = {
  ...{ kind: "tcp", statPrefix: "", isClusterBySni: false, totalWeight: 1, idleTimeoutMs: null },
  ...{
    clusters: [{ name: "app", weight: 1, subset: null }],
    subset: null,
    maxConnectAttempts: 1,
    hashesSourceIp: false,
    accessLogs: [],
  },
};

const planWith = (app: number, networkRbac: RbacFilterPlan[]) =>
  proxyPlan({
    listeners: [listener("in", { filterChains: [chain({ name: "tcp-1", network: TCP, networkRbac })] })],
    clusters: [cluster("app", [endpoint(app)])],
    routes: [],
  });

/** What it sends comes back. */
const heard = (socket: Socket, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.once("data", (chunk) => resolve(chunk.toString()));
    socket.once("close", () => reject(new Error("closed")));
    socket.write(text);
  });

test("a configuration that still lets a caller in leaves its connection alone; one that does not ends it, and counts it", async () => {
  const app = await startRawServer((socket) => socket.pipe(socket));
  const plane = await startDataPlane(planWith(app, [allowing(true)]));
  const socket = connect(listenerPort(plane, "in"), "127.0.0.1");
  onCleanUp(() => {
    socket.destroy();
  });
  expect(await heard(socket, "one")).toBe("one");
  expect(await plane.onPlan(planWith(app, [allowing(true)]), new Map())).toEqual({ ok: true });
  expect(await plane.onPlan(planWith(app, []), new Map())).toEqual({ ok: true });
  expect(await heard(socket, "two")).toBe("two");
  expect(plane.telemetry.rbacDenied).toBe(0);

  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.removeAllListeners("data");
  expect(await plane.onPlan(planWith(app, [allowing(false)]), new Map())).toEqual({ ok: true });
  await closed;
  expect(plane.telemetry.rbacDenied).toBe(1);
});

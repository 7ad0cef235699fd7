// Config swaps and the end of a proxy under load, without a failed request.

import { afterEach, describe, expect, it } from "vitest";
import { drain } from "../src/drain";
import type { LocalRateLimitPlan, ProxyPlan } from "../src/plan/types";
import {
  call,
  cleanUp,
  keepAliveAgent,
  listenerPort,
  startDataPlane,
  startNamedOrigin,
  startOrigin,
} from "./support/network";
import { chain, cluster, endpoint, forward, http, listener, proxyPlan, route, routes } from "./support/plans";

afterEach(cleanUp);

function planTo(
  ports: readonly number[],
  over: Parameters<typeof cluster>[2] = {},
  direction: "inbound" | "outbound" = "inbound",
): ProxyPlan {
  return proxyPlan({
    listeners: [listener("main", { trafficDirection: direction })],
    clusters: [
      cluster(
        "app",
        ports.map((port) => endpoint(port)),
        over,
      ),
    ],
    routes: [routes([route(forward([{ name: "app" }]))])],
  });
}

describe("a config swap", () => {
  it("does not fill the buckets of rate limits that stay", async () => {
    const app = await startNamedOrigin("app");
    const limit: LocalRateLimitPlan = {
      statPrefix: "limit",
      bucket: { key: "app", maxTokens: 1, tokensPerSecond: 0.001 },
      enabled: { numerator: 1, denominator: 1 },
      enforced: { numerator: 1, denominator: 1 },
      status: 429,
      grpcStatus: null,
      responseHeaders: [],
      requestHeaders: [],
      tellsLimit: false,
    };
    const limited = (kept: LocalRateLimitPlan | null): ProxyPlan => {
      const network = http(kept ? { filters: [{ kind: "local-ratelimit", name: "limit", limit: kept }] } : {});
      return { ...planTo([app.port]), listeners: [listener("main", { filterChains: [chain({ network })] })] };
    };
    const plane = await startDataPlane(limited(limit));
    const status = async () => (await call(listenerPort(plane, "main"))).status;
    expect([await status(), await status()]).toEqual([200, 429]);
    await plane.onPlan(limited({ ...limit }), new Map());
    expect(await status()).toBe(429);
    await plane.onPlan(limited(null), new Map());
    expect(await status()).toBe(200);
    await plane.onPlan(limited(limit), new Map());
    expect([await status(), await status()]).toEqual([200, 429]);
  });
});

describe("a config swap under load", () => {
  it("changes routes, endpoints and cluster settings and fails nothing", async () => {
    const [a, b] = await Promise.all([startNamedOrigin("a"), startNamedOrigin("b")]);
    const plane = await startDataPlane(planTo([a.port]));
    const port = listenerPort(plane, "main");
    const agent = keepAliveAgent(8);
    let isOver = false;
    const statuses: number[] = [];
    const worker = async (): Promise<void> => {
      while (!isOver) statuses.push((await call(port, { agent })).status);
    };
    const workers = Array.from({ length: 8 }, worker);
    for (let i = 0; i < 40; i++) {
      const ports = i % 3 === 0 ? [a.port] : i % 3 === 1 ? [a.port, b.port] : [b.port];
      const result = await plane.onPlan(planTo(ports, { connectTimeoutMs: 1000 + (i % 4) }), new Map());
      expect(result.ok).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // A busy machine answers fewer in that time: enough of them must have met the swaps.
    await expect.poll(() => statuses.length, { timeout: 20_000 }).toBeGreaterThan(100);
    isOver = true;
    await Promise.all(workers);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(listenerPort(plane, "main")).toBe(port);
    expect(b.count()).toBeGreaterThan(0);
  });

  it("is refused whole when a port is taken, and the old plan serves on", async () => {
    const a = await startNamedOrigin("a");
    const plane = await startDataPlane(planTo([a.port]));
    const plan = planTo([a.port]);
    const taken = {
      ...plan,
      listeners: [...plan.listeners, listener("second", { address: { address: "127.0.0.1", port: a.port } })],
    };
    const result = await plane.onPlan(taken, new Map());
    expect(result.ok).toBe(false);
    expect(result.ok ? [] : result.violations[0]?.path).toContain("second");
    expect((await call(listenerPort(plane, "main"))).status).toBe(200);
  });

  it("lets a removed listener finish what it has", async () => {
    const slow = await startOrigin((_incoming, response) => setTimeout(() => response.end("late"), 150));
    const plane = await startDataPlane(planTo([slow.port]));
    const reply = call(listenerPort(plane, "main"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const plan = planTo([slow.port]);
    await plane.onPlan({ ...plan, listeners: [] }, new Map());
    expect(await reply).toMatchObject({ status: 200, body: "late" });
    expect((await reply).headers.connection).toBe("close");
  });
});

describe("drain", () => {
  it("finishes requests in flight, says close, and takes no new ones", async () => {
    const slow = await startOrigin((_incoming, response) => setTimeout(() => response.end("late"), 200));
    const plane = await startDataPlane(planTo([slow.port]));
    const port = listenerPort(plane, "main");
    const reply = call(port, { agent: keepAliveAgent() });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const ended = drain(plane, 5000);
    await expect(call(port)).rejects.toThrow();
    expect(await reply).toMatchObject({ status: 200, body: "late" });
    await ended;
  });

  it("serves an app that is still connected, and tells it to go before the deadline", async () => {
    const other = await startNamedOrigin("other");
    const plane = await startDataPlane(planTo([other.port], {}, "outbound"));
    const port = listenerPort(plane, "main");
    const agent = keepAliveAgent(1);
    expect((await call(port, { agent })).headers.connection).not.toBe("close");
    const ended = drain(plane, 2000);
    const replies: Awaited<ReturnType<typeof call>>[] = [];
    while (replies.at(-1)?.headers.connection !== "close") replies.push(await call(port, { agent }));
    expect(replies.length).toBeGreaterThan(1);
    expect(replies.filter(({ status }) => status !== 200)).toEqual([]);
    await ended;
  });

  it("does not wait for an app that holds no connection", async () => {
    const other = await startNamedOrigin("other");
    const plane = await startDataPlane(planTo([other.port], {}, "outbound"));
    const from = performance.now();
    await drain(plane, 60_000);
    expect(performance.now() - from).toBeLessThan(30_000);
  });

  it("ends at the deadline when somebody never answers", async () => {
    const silent = await startOrigin(() => {});
    const plane = await startDataPlane(planTo([silent.port]));
    const reply = call(listenerPort(plane, "main")).catch(() => "cut");
    await new Promise((resolve) => setTimeout(resolve, 50));
    const from = performance.now();
    await drain(plane, 300);
    expect(performance.now() - from).toBeLessThan(600);
    expect(await reply).toBe("cut");
  });
});

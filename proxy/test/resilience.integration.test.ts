// What happens when upstreams fail: retries, breakers, outlier detection, the keep-alive race, timeouts.

import { EventEmitter, once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  call,
  cleanUp,
  keepAliveAgent,
  listenerPort,
  startDataPlane,
  startNamedOrigin,
  startOrigin,
  startRawServer,
} from "./support/network";
import { cluster, endpoint, forward, listener, outlier, proxyPlan, retryPolicy, route, routes } from "./support/plans";

afterEach(cleanUp);

type ClusterOver = Parameters<typeof cluster>[2];
type ForwardOver = Parameters<typeof forward>[1];

async function startProxy(ports: readonly number[], over: ClusterOver = {}, action: ForwardOver = {}) {
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("outbound", { trafficDirection: "outbound" })],
      clusters: [
        cluster(
          "app",
          ports.map((port) => endpoint(port)),
          over,
        ),
      ],
      routes: [routes([route(forward([{ name: "app" }], action))])],
    }),
  );
  return { plane, port: listenerPort(plane, "outbound"), app: plane.clusters.get("app")! };
}

function codes(plane: Awaited<ReturnType<typeof startProxy>>["plane"]): string[] {
  return [...plane.telemetry.metrics.all.values()].flatMap((series) =>
    series.codes.map((one) => `${one.code} ${one.flags} ${one.count}`),
  );
}

async function closedPort(): Promise<number> {
  const { port, server } = await startOrigin(() => {});
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function failing(status: number): Promise<{ port: number; count: () => number }> {
  let count = 0;
  const { port } = await startOrigin((incoming, response) => {
    count++;
    incoming.resume();
    response.statusCode = status;
    response.end("no");
  });
  return { port, count: () => count };
}

describe("retries", () => {
  it("repeat a request with its body on another host after a connect failure", async () => {
    const good = await startOrigin((incoming, response) => {
      incoming.pipe(response);
    });
    const retry = retryPolicy({ connectFailure: true }, { avoidPreviousHosts: true });
    const { port } = await startProxy([await closedPort(), good.port], {}, { retry });
    for (let i = 0; i < 6; i++)
      expect(await call(port, { method: "POST", body: "once" })).toMatchObject({ status: 200, body: "once" });
  });

  it("stop after the attempts of the policy and say URX", async () => {
    const bad = await failing(503);
    const { port, plane } = await startProxy([bad.port], {}, { retry: retryPolicy({ gatewayError: true }) });
    expect((await call(port)).status).toBe(503);
    expect(bad.count()).toBe(3);
    expect(codes(plane)).toEqual(["503 URX 1"]);
  });

  it("are not made for what the policy does not name", async () => {
    const bad = await failing(500);
    const { port } = await startProxy([bad.port], {}, { retry: retryPolicy({ gatewayError: true }) });
    expect((await call(port)).status).toBe(500);
    expect(bad.count()).toBe(1);
  });

  it("stay within max_retries: the status passes with UO", async () => {
    const bad = await failing(503);
    const breakers = {
      maxConnections: 100,
      maxPendingRequests: 100,
      maxRequests: 100,
      maxRetries: 0,
      retryBudget: null,
    };
    const { port, plane } = await startProxy(
      [bad.port],
      { circuitBreakers: breakers },
      { retry: retryPolicy({ serverError: true }) },
    );
    expect((await call(port)).status).toBe(503);
    expect(bad.count()).toBe(1);
    expect(codes(plane)).toEqual(["503 UO 1"]);
  });

  it("are kept to a share of the load by a budget", async () => {
    const bad = await failing(503);
    const breakers = {
      maxConnections: 100,
      maxPendingRequests: 1000,
      maxRequests: 1000,
      maxRetries: 3,
      retryBudget: { percent: 20, minConcurrency: 1 },
    };
    const { port, app } = await startProxy(
      [bad.port],
      { circuitBreakers: breakers },
      { retry: retryPolicy({ serverError: true }) },
    );
    await Promise.all(Array.from({ length: 50 }, () => call(port, { agent: keepAliveAgent(50) })));
    expect(app.retryOverflow).toBeGreaterThan(20);
    expect(app.activeRetries).toBe(0);
    expect(app.activeRequests).toBe(0);
  });

  it("are refused for bodies above 64 KiB, which still go through once", async () => {
    const bad = await failing(503);
    const { port } = await startProxy([bad.port], {}, { retry: retryPolicy({ serverError: true }) });
    expect((await call(port, { method: "POST", body: Buffer.alloc(200_000) })).status).toBe(503);
    expect(bad.count()).toBe(1);
  });

  it("happen after a per-try timeout, within the route's", async () => {
    let count = 0;
    const slow = await startOrigin((_incoming, response) => {
      if (++count > 1) response.end("second");
    });
    const { port } = await startProxy(
      [slow.port],
      {},
      { retry: retryPolicy({ gatewayError: true }, { perTryTimeoutMs: 50 }) },
    );
    expect(await call(port)).toMatchObject({ status: 200, body: "second" });
  });
});

describe("the silence of a try", () => {
  it("is followed by another try", async () => {
    let count = 0;
    const silent = await startOrigin((incoming, response) => {
      incoming.resume();
      if (++count > 1) response.end("second");
    });
    const retry = retryPolicy({ reset: true }, { perTryIdleTimeoutMs: 50 });
    const { port, plane } = await startProxy([silent.port], {}, { retry });
    expect(await call(port, { method: "POST", body: Buffer.from("x") })).toMatchObject({ status: 200, body: "second" });
    expect(codes(plane)).toEqual(["200 - 1"]);
  });

  it("breaks a response off that has begun", async () => {
    const { port: stalled } = await startOrigin((_incoming, response) => void response.write("first"));
    const retry = retryPolicy({ reset: true }, { perTryIdleTimeoutMs: 50 });
    const { port, plane } = await startProxy([stalled], {}, { retry, timeoutMs: null });
    await expect(call(port)).rejects.toThrow();
    expect(codes(plane)).toEqual(["200 UT 1"]);
  });
});

describe("timeouts and broken upstreams", () => {
  it("answer 504 UT when the route's time is over", async () => {
    const { port: silent } = await startOrigin(() => {});
    const { port, plane } = await startProxy([silent], {}, { timeoutMs: 60 });
    expect(await call(port)).toMatchObject({ status: 504, body: "upstream request timeout" });
    expect(codes(plane)).toEqual(["504 UT 1"]);
  });

  it("answer 503 UF, UC and UH by cause", async () => {
    const { port, plane } = await startProxy([await closedPort()]);
    expect((await call(port)).body).toContain("remote connection failure");
    expect(codes(plane)).toEqual(["503 UF 1"]);
    const cut = await startRawServer((socket) => socket.once("data", () => socket.destroy()));
    const second = await startProxy([cut]);
    expect((await call(second.port)).body).toContain("connection termination");
    expect(codes(second.plane)).toEqual(["503 UC 1"]);
    const none = await startProxy([]);
    expect((await call(none.port)).body).toBe("no healthy upstream");
    expect(codes(none.plane)).toEqual(["503 UH 1"]);
  });

  it("hide the keep-alive race on a reused connection", async () => {
    let connections = 0;
    const racy = await startRawServer((socket) => {
      connections++;
      let requests = 0;
      // Answers the first request of each connection and drops the connection when a second one arrives.
      socket.on("data", () => {
        if (++requests > 1) socket.resetAndDestroy();
        else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      });
    });
    const { port } = await startProxy([racy]);
    const agent = keepAliveAgent();
    for (let i = 0; i < 10; i++) expect((await call(port, { agent })).status).toBe(200);
    expect(connections).toBe(10);
  });

  it("never match stray bytes of an upstream to the next request", async () => {
    const stray = await startRawServer((socket) => {
      socket.on("data", () =>
        socket.write(
          "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison",
        ),
      );
    });
    const { port } = await startProxy([stray]);
    const agent = keepAliveAgent();
    for (let i = 0; i < 5; i++) expect((await call(port, { agent })).body).toBe("ok");
  });

  it("turn malformed and split responses into 502 UPE", async () => {
    for (const bad of [
      "HTTP/1.1 200 OK\nx: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nx: 1\r\n y\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      `HTTP/1.1 200 OK\r\n${Array.from({ length: 101 }, (_, i) => `x-${i}: 1\r\n`).join("")}\r\n`,
    ]) {
      const upstream = await startRawServer((socket) => socket.on("data", () => socket.write(bad)));
      const { port, plane } = await startProxy([upstream]);
      expect((await call(port)).status, bad).toBe(502);
      expect(codes(plane)).toEqual(["502 UPE 1"]);
    }
  });

  it("break off a response that was cut, so that the caller sees it", async () => {
    const cut = await startRawServer((socket) =>
      socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")),
    );
    const { port } = await startProxy([cut]);
    await expect(call(port)).rejects.toThrow();
  });

  it("cancel the upstream request when the caller leaves", async () => {
    const events = new EventEmitter();
    const taken = once(events, "taken");
    const closed = once(events, "closed");
    const upstream = await startRawServer((socket) =>
      socket.on("data", () => events.emit("taken")).on("close", () => events.emit("closed")),
    );
    const { port, plane, app } = await startProxy([upstream]);
    const caller = connect(port, "127.0.0.1", () => caller.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    await taken;
    caller.destroy();
    await closed;
    expect(codes(plane)).toEqual(["0 DC 1"]);
    expect(app.activeRequests).toBe(0);
  });
});

describe("circuit breakers", () => {
  it("queue up to max_pending_requests and refuse the rest with UO", async () => {
    const { port: slow } = await startOrigin((_incoming, response) => setTimeout(() => response.end("ok"), 100));
    const breakers = { maxConnections: 1, maxPendingRequests: 2, maxRequests: 100, maxRetries: 3, retryBudget: null };
    const { port, app } = await startProxy([slow], { circuitBreakers: breakers });
    const replies = await Promise.all(Array.from({ length: 6 }, () => call(port)));
    const refused = replies.filter((reply) => reply.status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(refused[0]?.headers["x-envoy-overloaded"]).toBe("true");
    expect(replies.filter((reply) => reply.status === 200).length).toBeGreaterThanOrEqual(2);
    expect(app.pendingOverflow).toBe(refused.length);
    expect(app.totalConnections).toBe(1);
  });

  it("refuse requests above max_requests", async () => {
    const { port: slow } = await startOrigin((_incoming, response) => setTimeout(() => response.end("ok"), 50));
    const breakers = { maxConnections: 10, maxPendingRequests: 10, maxRequests: 2, maxRetries: 3, retryBudget: null };
    const { port } = await startProxy([slow], { circuitBreakers: breakers });
    const replies = await Promise.all(Array.from({ length: 5 }, () => call(port)));
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 200, 503, 503, 503]);
  });

  it("close a connection after max_requests_per_connection", async () => {
    let connections = 0;
    const { port: upstream, server } = await startOrigin((_incoming, response) => response.end("ok"));
    server.on("connection", () => connections++);
    const http = { ...cluster("x", []).http, maxRequestsPerConnection: 2 };
    const { port } = await startProxy([upstream], { http });
    const agent = keepAliveAgent();
    for (let i = 0; i < 6; i++) expect((await call(port, { agent })).status).toBe(200);
    expect(connections).toBe(3);
  });
});

describe("outlier detection", () => {
  it("forgets what a host did before the control plane saw it ready again", async () => {
    const down = await closedPort();
    const good = await startNamedOrigin("good");
    const detection = outlier({ maxEjectionPercent: 100, consecutive5xx: { count: 1, enforcing: 100 } });
    const { plane, port, app } = await startProxy([down, good.port], { outlierDetection: detection });
    for (let i = 0; i < 4; i++) await call(port);
    const ejected = app.hosts[0]!;
    expect(ejected.outlier.isEjected).toBe(true);
    const withHealth = (health: "healthy" | "unhealthy") => {
      const plan = plane.plan!;
      const endpoints = [endpoint(down, { health }), endpoint(good.port)];
      const clusters = new Map([["app", { ...plan.clusters.get("app")!, endpoints }]]);
      return plane.onPlan({ ...plan, clusters }, new Map());
    };
    await withHealth("unhealthy");
    expect(ejected.outlier.isEjected).toBe(true);
    await withHealth("healthy");
    expect(app.hosts[0]).toBe(ejected);
    expect([ejected.outlier.isEjected, ejected.isHealthy, app.detector?.ejected]).toEqual([false, true, 0]);
  });

  it("ejects one of two hosts only when always_eject_one_host says so", async () => {
    for (const alwaysEjectOneHost of [true, false]) {
      const bad = await failing(500);
      const good = await startNamedOrigin("good");
      const { port, app } = await startProxy([bad.port, good.port], {
        outlierDetection: outlier({ alwaysEjectOneHost }),
        healthyPanicThreshold: 0,
      });
      for (let i = 0; i < 30; i++) await call(port);
      expect(app.hosts.filter((host) => host.outlier.isEjected).length).toBe(alwaysEjectOneHost ? 1 : 0);
      expect(bad.count()).toBe(alwaysEjectOneHost ? 5 : 15);
    }
  });

  it("brings a host back after its ejection time", async () => {
    const bad = await failing(500);
    const good = await startNamedOrigin("good");
    const plan = outlier({ maxEjectionPercent: 50, intervalMs: 20, baseEjectionTimeMs: 60, maxEjectionTimeMs: 60 });
    const { port, app } = await startProxy([bad.port, good.port], { outlierDetection: plan });
    while (!app.hosts.some((host) => host.outlier.isEjected)) await call(port);
    const from = performance.now();
    while (app.hosts.some((host) => host.outlier.isEjected)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(performance.now() - from).toBeGreaterThan(40);
  });
});

// HTTP/1.1 apps at both ends, HTTP/2 between the sidecars: client -> A =h2, mTLS=> B -> app.

import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { drain } from "../src/drain";
import { H2ClientConnection } from "../src/http/h2/client-connection";
import { pairIdentities, secretsOf, spiffe, type TestCa, type TestLeaf } from "./support/certificates";
import { inboundH2Plan, outboundH2Plan, type PairOptions, startPair } from "./support/http2";
import {
  call,
  cleanUp,
  listenerPort,
  startDataPlane,
  startNamedOrigin,
  startOrigin,
  startRawServer,
} from "./support/network";
import { retryPolicy } from "./support/plans";

afterEach(cleanUp);

let ca: TestCa;
let caller: TestLeaf;
let callee: TestLeaf;
beforeAll(async () => {
  ({ ca, caller, callee } = await pairIdentities());
});

const pair = (app: number, over: Partial<PairOptions> = {}) => startPair({ app, ca, caller, callee, ...over });

const wide = { maxConnections: 1024, maxPendingRequests: 1024, maxRequests: 1024, maxRetries: 3, retryBudget: null };

/** A busy machine is no failure. */
const patience = { timeout: 20_000, interval: 10 };

function codesOf(plane: Awaited<ReturnType<typeof pair>>["a"]): string[] {
  return [...plane.telemetry.metrics.all.values()].flatMap((series) =>
    series.codes.map((one) => `${one.code} ${one.flags} ${one.count}`),
  );
}

async function startEcho(): Promise<number> {
  const { port } = await startOrigin((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      response.setHeader("x-seen", JSON.stringify({ method: incoming.method, url: incoming.url, ...incoming.headers }));
      response.setHeader("set-cookie", ["a=1", "b=2"]);
      response.end(body.length > 0 ? body : "empty");
    });
  });
  return port;
}

describe("HTTP/2 between sidecars", () => {
  it("carries a request and its response as HTTP/1.1 at both ends, on one connection", async () => {
    const { port, a, b } = await pair(await startEcho());
    for (let i = 0; i < 5; i++) {
      const reply = await call(port, { path: "/a/b?c=d", headers: { "X-Tenant": "blue", cookie: "s=1; t=2" } });
      expect(reply.status).toBe(200);
      expect(reply.body).toBe("empty");
      expect(reply.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
      const seen = JSON.parse(String(reply.headers["x-seen"]));
      expect(seen).toMatchObject({ method: "GET", url: "/a/b?c=d", "x-tenant": "blue", cookie: "s=1; t=2" });
      expect(seen["x-forwarded-proto"]).toBe("http");
      expect(seen["x-forwarded-client-cert"]).toContain(spiffe("checkout"));
      expect(seen.host).toBe(`127.0.0.1:${port}`);
    }
    const cluster = a.clusters.get("callee")!;
    expect(cluster.totalConnections).toBe(1);
    cluster.hosts[0]?.pool.each((connection) => expect(connection).toBeInstanceOf(H2ClientConnection));
    expect(codesOf(a)).toEqual(["200 - 5"]);
    expect(codesOf(b)).toEqual(["200 - 5"]);
  });

  it("carries 200 requests at once over the one connection, each with its own answer", async () => {
    const { port: app } = await startOrigin((incoming, response) => {
      setTimeout(() => response.end(`answer to ${incoming.url}`), Math.random() * 20);
    });
    const { port, a } = await pair(app);
    await call(port);
    const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => call(port, { path: `/${i}` })));
    expect(replies.map((reply) => reply.body)).toEqual(replies.map((_, i) => `answer to /${i}`));
    expect(a.clusters.get("callee")?.totalConnections).toBe(1);
  });

  it.each([0, 1, 1000, 16_384, 16_385, 300_000, 3_000_000])("carries bodies of %i bytes both ways", async (size) => {
    const { port } = await pair(await startEcho());
    const body = randomBytes(size);
    const reply = await new Promise<{ status: number; body: Buffer }>((resolve, reject) => {
      const outgoing = request({ port, host: "127.0.0.1", method: "POST", agent: false }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks) }));
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
    expect(reply.status).toBe(200);
    const expected = size === 0 ? Buffer.from("empty") : body;
    expect(createHash("sha256").update(reply.body).digest("hex")).toBe(
      createHash("sha256").update(expected).digest("hex"),
    );
  });

  it("carries chunked bodies and answers without a length", async () => {
    const { port: app } = await startOrigin((incoming, response) => {
      incoming.resume();
      incoming.on("end", () => {
        response.write("one ");
        setTimeout(() => response.end("two"), 20);
      });
    });
    const { port } = await pair(app);
    const reply = await call(port, { method: "PUT", headers: { "transfer-encoding": "chunked" }, body: "x" });
    expect(reply.body).toBe("one two");
    expect(reply.headers["transfer-encoding"]).toBe("chunked");
  });

  it("answers HEAD, 204 and 304 without a body and keeps their headers", async () => {
    const { port: app } = await startOrigin((incoming, response) => {
      response.statusCode = incoming.url === "/204" ? 204 : incoming.url === "/304" ? 304 : 200;
      response.setHeader("etag", '"1"');
      if (response.statusCode === 200) response.setHeader("content-length", "1234");
      response.end();
    });
    const { port } = await pair(app);
    const head = await call(port, { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.body]).toEqual([200, "1234", ""]);
    expect((await call(port, { path: "/204" })).status).toBe(204);
    const cached = await call(port, { path: "/304" });
    expect([cached.status, cached.headers["etag"]]).toEqual([304, '"1"']);
  });

  it("holds little of a fast body while its reader stands still", async () => {
    let sent = 0;
    const { port: app } = await startOrigin((_incoming, response) => {
      const piece = Buffer.alloc(64 * 1024);
      const push = (): void => {
        while (sent < 32 * 1024 * 1024) {
          sent += piece.length;
          if (!response.write(piece)) {
            response.once("drain", push);
            return;
          }
        }
        response.end();
      };
      push();
    });
    const { port } = await pair(app);
    let received = 0;
    await new Promise<void>((resolve, reject) => {
      const outgoing = request({ port, host: "127.0.0.1", agent: false }, (incoming) => {
        incoming.pause();
        void pause(500).then(() => {
          // Window, sockets and kernel buffers on four hops; far from the 32 MiB of the body.
          expect(sent).toBeLessThan(20 * 1024 * 1024);
          incoming.on("data", (chunk: Buffer) => {
            received += chunk.length;
          });
          incoming.on("end", resolve);
          incoming.resume();
        }, reject);
      });
      outgoing.on("error", reject);
      outgoing.end();
    });
    expect(received).toBe(32 * 1024 * 1024);
  });

  it("lets small answers pass a large one on the same connection", async () => {
    const { port: app } = await startOrigin((incoming, response) => {
      response.end(incoming.url === "/large" ? Buffer.alloc(30 * 1024 * 1024) : "small");
    });
    const { port } = await pair(app);
    const order: string[] = [];
    const large = call(port, { path: "/large" }).then(() => order.push("large"));
    await pause(5);
    await call(port, { path: "/small" }).then(() => order.push("small"));
    await large;
    expect(order).toEqual(["small", "large"]);
  });

  it("resets the request upstream when the caller leaves", async () => {
    let isGone = false;
    const { port: app } = await startOrigin((incoming) => {
      incoming.socket.on("close", () => {
        isGone = true;
      });
    });
    const { port, a, b } = await pair(app);
    const outgoing = request({ port, host: "127.0.0.1", agent: false });
    outgoing.on("error", () => {});
    outgoing.end();
    await vi.waitFor(() => expect(b.telemetry.activeDownstreamRequests).toBe(1), patience);
    outgoing.destroy();
    await vi.waitFor(() => expect(isGone).toBe(true), patience);
    expect(codesOf(a)).toEqual(["0 DC 1"]);
    expect(codesOf(b)).toEqual(["0 DC 1"]);
    expect(a.clusters.get("callee")?.activeConnections).toBe(1);
  });

  it("ends a request at the route timeout with 504 UT and keeps the connection", async () => {
    const { port: app } = await startOrigin((incoming, response) => {
      if (incoming.url === "/fast") response.end("ok");
    });
    const { port, a } = await pair(app, { action: { timeoutMs: 100 } });
    expect((await call(port, { path: "/slow" })).status).toBe(504);
    expect((await call(port, { path: "/fast" })).status).toBe(200);
    expect(codesOf(a).sort()).toEqual(["200 - 1", "504 UT 1"]);
    expect(a.clusters.get("callee")?.totalConnections).toBe(1);
  });

  it("retries with the body it kept", async () => {
    let calls = 0;
    const { port: app } = await startOrigin((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        response.statusCode = ++calls === 1 ? 503 : 200;
        response.end(Buffer.concat(chunks));
      });
    });
    const { port } = await pair(app, { action: { retry: retryPolicy({ serverError: true }) } });
    const reply = await call(port, { method: "POST", body: "kept" });
    expect([reply.status, reply.body, calls]).toEqual([200, "kept", 2]);
  });

  it("replaces the connection after max_requests_per_connection, with nothing lost", async () => {
    const origin = await startNamedOrigin("app");
    const { port, a } = await pair(origin.port, { http: { maxRequestsPerConnection: 2 } });
    const replies = await Promise.all(Array.from({ length: 20 }, () => call(port)));
    expect(replies.every((reply) => reply.status === 200)).toBe(true);
    expect(a.clusters.get("callee")?.totalConnections).toBe(10);
  });

  it("opens a second connection when the callee allows no more streams on the first", async () => {
    const waiting: (() => void)[] = [];
    const { port: app } = await startOrigin((incoming, response) => {
      if (incoming.url === "/first") response.end();
      else waiting.push(() => response.end("late"));
    });
    const http2 = {
      maxConcurrentStreams: 2,
      streamWindowBytes: 65_535,
      connectionWindowBytes: 65_535,
      headerTableBytes: 0,
      allowConnect: false,
    };
    const { port, a } = await pair(app, { inbound: { http2 } });
    await call(port, { path: "/first" });
    const replies = Promise.all(Array.from({ length: 4 }, () => call(port)));
    await vi.waitFor(() => expect(waiting.length).toBe(4), patience);
    expect(a.clusters.get("callee")?.activeConnections).toBe(2);
    for (const answer of waiting) answer();
    expect((await replies).every((reply) => reply.body === "late")).toBe(true);
  });

  it("answers 503 UO past max_pending_requests while the connection is being made", async () => {
    const silent = await startRawServer(() => {});
    const circuitBreakers = { ...wide, maxConnections: 1, maxPendingRequests: 3 };
    const options = { cluster: { circuitBreakers, connectTimeoutMs: 400 } };
    const a = await startDataPlane(outboundH2Plan([silent], options), secretsOf(caller, ca));
    await Promise.all(Array.from({ length: 5 }, () => call(listenerPort(a, "outbound"))));
    expect(codesOf(a).sort()).toEqual(["503 UF 3", "503 UO 2"]);
    expect(a.clusters.get("callee")?.totalConnections).toBe(1);
  });

  it("falls back to HTTP/1.1 when the callee does not offer h2", async () => {
    const origin = await startNamedOrigin("app");
    const plan = inboundH2Plan(origin.port);
    const [inbound] = plan.listeners;
    const [only] = inbound!.filterChains;
    const tls = { ...only!.tls!, alpn: ["http/1.1"] };
    const b = await startDataPlane(
      { ...plan, listeners: [{ ...inbound!, filterChains: [{ ...only!, tls }] }] },
      secretsOf(callee, ca),
    );
    const a = await startDataPlane(outboundH2Plan([listenerPort(b, "inbound")], {}), secretsOf(caller, ca));
    const replies = await Promise.all(Array.from({ length: 3 }, () => call(listenerPort(a, "outbound"))));
    expect(replies.map((reply) => reply.body)).toEqual(["app", "app", "app"]);
    expect(a.clusters.get("callee")?.totalConnections).toBeGreaterThanOrEqual(2);
  });

  it("loses no request while the callee's sidecar drains", async () => {
    const origin = await startNamedOrigin("app");
    const first = await startDataPlane(inboundH2Plan(origin.port), secretsOf(callee, ca));
    const second = await startDataPlane(inboundH2Plan(origin.port), secretsOf(callee, ca));
    const retry = retryPolicy({ connectFailure: true, refusedStream: true }, { avoidPreviousHosts: true });
    const ports = [listenerPort(first, "inbound"), listenerPort(second, "inbound")];
    const circuitBreakers = { ...wide, retryBudget: { percent: 20, minConcurrency: 100 } };
    const options = { action: { retry }, cluster: { circuitBreakers } };
    const a = await startDataPlane(outboundH2Plan(ports, options), secretsOf(caller, ca));
    const port = listenerPort(a, "outbound");
    let isRunning = true;
    const statuses = new Map<number, number>();
    const worker = async (): Promise<void> => {
      while (isRunning) {
        const { status } = await call(port, { method: "POST", body: "x" });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const workers = Array.from({ length: 8 }, worker);
    await vi.waitFor(() => expect(statuses.get(200) ?? 0).toBeGreaterThan(50), patience);
    await drain(first, 3000);
    const before = statuses.get(200) ?? 0;
    await vi.waitFor(() => expect(statuses.get(200) ?? 0).toBeGreaterThan(before + 50), patience);
    isRunning = false;
    await Promise.all(workers);
    expect([...statuses.keys()], codesOf(a).join()).toEqual([200]);
  });

  it("repeats idempotent requests elsewhere when a sidecar dies, and never a POST", async () => {
    const never = await startOrigin((incoming) => void incoming.resume());
    const dying = await startDataPlane(inboundH2Plan(never.port), secretsOf(callee, ca));
    const origin = await startNamedOrigin("alive");
    const alive = await startDataPlane(inboundH2Plan(origin.port), secretsOf(callee, ca));
    const retry = retryPolicy({ connectFailure: true }, { avoidPreviousHosts: true });
    const ports = [listenerPort(dying, "inbound"), listenerPort(alive, "inbound")];
    const a = await startDataPlane(outboundH2Plan(ports, { action: { retry } }), secretsOf(caller, ca));
    const port = listenerPort(a, "outbound");
    const gets = Array.from({ length: 4 }, () => call(port));
    const posts = Array.from({ length: 4 }, () => call(port, { method: "POST", body: "once" }));
    await vi.waitFor(() => expect(dying.telemetry.activeDownstreamRequests).toBe(4), patience);
    for (const one of dying.listeners.values()) one.destroy();
    expect((await Promise.all(gets)).map((reply) => reply.status)).toEqual([200, 200, 200, 200]);
    const statuses = (await Promise.all(posts)).map((reply) => reply.status).sort();
    expect(statuses).toEqual([200, 200, 503, 503]);
    expect(codesOf(a).sort()).toEqual(["200 - 6", "503 UC 2"]);
  });

  it("keeps its streams through a config swap", async () => {
    const waiting: (() => void)[] = [];
    const { port: app } = await startOrigin((_incoming, response) => {
      waiting.push(() => response.end("after the swap"));
    });
    const { port, a, b } = await pair(app);
    const open = call(port);
    await vi.waitFor(() => expect(waiting).toHaveLength(1), patience);
    await b.onPlan({ ...inboundH2Plan(app), listeners: b.plan!.listeners }, secretsOf(callee, ca));
    await a.onPlan({ ...a.plan! }, secretsOf(caller, ca));
    const next = call(port);
    await vi.waitFor(() => expect(waiting).toHaveLength(2), patience);
    for (const answer of waiting) answer();
    expect((await Promise.all([open, next])).map(({ body }) => body)).toEqual(["after the swap", "after the swap"]);
    expect(a.clusters.get("callee")?.totalConnections).toBe(1);
  });

  it("closes the connection of a peer on the deny list within a second", async () => {
    const { port: app } = await startOrigin(() => {});
    const { port, b } = await pair(app);
    const reply = call(port, { method: "POST", body: "x" });
    await vi.waitFor(() => expect(b.telemetry.activeDownstreamRequests).toBe(1), patience);
    const startedAt = Date.now();
    b.onDenyList({ serials: new Set(), spiffeIds: new Set([spiffe("checkout")]) });
    expect((await reply).status).toBe(503);
    expect(Date.now() - startedAt).toBeLessThan(1000);
  });
});

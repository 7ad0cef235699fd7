// Calls of the proxy itself: unary gRPC and plain HTTP through a cluster. Rule: the service is told by the path what to do, and every
// case also looks at what the cluster still holds afterwards.

import { createServer, type ServerHttp2Stream } from "node:http2";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { UpstreamCluster } from "../src/cluster/cluster";
import { type CallResult, type CancelCall, type ClusterRequest, callCluster } from "../src/http/cluster-call";
import { callGrpc, type GrpcResult } from "../src/http/grpc-call";
import type { GrpcServicePlan } from "../src/plan/grpc-service-types";
import type { ClusterPlan } from "../src/plan/types";
import { SocketDialer } from "../src/tls/dialer";
import { SecretStore } from "../src/tls/secrets";
import { cleanUp, onCleanUp, portOf, startOrigin, startRawServer } from "./support/network";
import { cluster, endpoint, outlier } from "./support/plans";

afterAll(cleanUp);

const frame = (text: string, flag = 0, length = text.length): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, Buffer.from(text)]);
};

/** What the service does, by the name of its method. */
const METHODS: Record<string, (stream: ServerHttp2Stream, asked: Buffer) => void> = {
  echo: (stream, asked) => answer(stream, [asked], { "grpc-status": "0" }),
  empty: (stream) => answer(stream, [frame("")], { "grpc-status": "0" }),
  pieces: (stream) =>
    answer(
      stream,
      [...frame("in pieces")].map((byte) => Buffer.from([byte])),
      { "grpc-status": "0" },
    ),
  denied: (stream) => answer(stream, [], { "grpc-status": "7", "grpc-message": "not%20you" }),
  late: (stream) => answer(stream, [frame("unused")], { "grpc-status": "13" }),
  only: (stream) =>
    stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "5" }, { endStream: true }),
  teapot: (stream) => stream.respond({ ":status": 418 }, { endStream: true }),
  busy: (stream) => stream.respond({ ":status": 503 }, { endStream: true }),
  unsaid: (stream) => {
    stream.respond({ ":status": 200 });
    stream.end(frame("x"));
  },
  word: (stream) => answer(stream, [frame("x")], { "grpc-status": "fine" }),
  none: (stream) => answer(stream, [], { "grpc-status": "0" }),
  two: (stream) => answer(stream, [frame("a"), frame("b")], { "grpc-status": "0" }),
  short: (stream) => answer(stream, [frame("abc", 0, 100)], { "grpc-status": "0" }),
  compressed: (stream) => answer(stream, [frame("abc", 1)], { "grpc-status": "0" }),
  giant: (stream) => answer(stream, [frame("x".repeat(200_000))], { "grpc-status": "0" }),
  reset: (stream) => stream.close(2),
  silent: () => {},
};

function answer(stream: ServerHttp2Stream, pieces: readonly Buffer[], trailers: Record<string, string>): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  for (const piece of pieces) stream.write(piece);
  stream.end();
}

let service: UpstreamCluster;
const seen: Record<string, unknown>[] = [];
const gone: string[] = [];

function clusterOf(
  port: number,
  over: Partial<ClusterPlan> = {},
  protocol: "http1" | "http2" = "http2",
): UpstreamCluster {
  const base = cluster("service", [endpoint(port)], over);
  const made = new UpstreamCluster(
    { ...base, http: { ...base.http, protocol } },
    new SocketDialer(new SecretStore(), () => {}),
  );
  onCleanUp(() => made.close());
  return made;
}

beforeAll(async () => {
  const server = createServer();
  server.on("stream", (stream, headers) => {
    const name = String(headers[":path"]).split("/")[2] ?? "";
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("close", () => gone.push(name));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      seen.push({ ...headers });
      METHODS[name]?.(stream, Buffer.concat(chunks));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => void server.close());
  service = clusterOf(portOf(server));
});

const PLAN: GrpcServicePlan = {
  cluster: "service",
  authority: "authz.test",
  timeoutMs: 20_000,
  maxMessageBytes: 100_000,
};
const ask = (
  method: string,
  plan: Partial<GrpcServicePlan> = {},
  over: UpstreamCluster | undefined = service,
): Promise<GrpcResult> =>
  new Promise((resolve) =>
    callGrpc(over, { ...PLAN, ...plan }, `/test.Service/${method}`, Buffer.from("hello"), resolve),
  );
const said = (result: GrpcResult): string =>
  result.kind === "message" ? `message ${result.bytes.toString()}` : `${result.status} ${result.detail}`;
const holdsNothing = (one: UpstreamCluster): void => {
  expect([one.activeRequests, one.pendingRequests, ...one.hosts.map(({ activeRequests }) => activeRequests)]).toEqual([
    0, 0, 0,
  ]);
};

describe("a unary gRPC call", () => {
  test.each([
    ["echo", "message hello"],
    ["empty", "message "],
    ["pieces", "message in pieces"],
    ["denied", "7 not%20you"],
    ["late", "13 "],
    ["only", "5 "],
    ["teapot", "2 status 418"],
    ["busy", "14 status 503"],
    ["unsaid", "2 no grpc-status"],
    ["word", "2 "],
    ["none", "13 no message"],
    ["two", "13 not exactly one message"],
    ["short", "13 not exactly one message"],
    ["compressed", "13 a compressed message"],
    ["giant", "8 too-large"],
    ["reset", "14 reset"],
  ])("%s ends as %j", async (method, expected) => {
    expect(said(await ask(method))).toBe(expected);
    holdsNothing(service);
  });

  test("says what gRPC asks for, who is meant and how long it waits", async () => {
    await ask("echo");
    expect(seen.at(-1)).toMatchObject({
      ":method": "POST",
      ":scheme": "http",
      ":authority": "authz.test",
      ":path": "/test.Service/echo",
      te: "trailers",
      "content-type": "application/grpc",
      "grpc-timeout": "20000m",
    });
    await ask("echo", { timeoutMs: null });
    expect(seen.at(-1)).not.toHaveProperty("grpc-timeout");
  });

  test("ends when its time is over, and the service hears of it", async () => {
    expect(said(await ask("silent", { timeoutMs: 30 }))).toBe("4 timeout");
    await vi.waitFor(() => expect(gone).toContain("silent"), 20_000);
    holdsNothing(service);
  });

  test("that is given up says nothing any more and lets the service go", async () => {
    gone.length = 0;
    const before = seen.length;
    const results: GrpcResult[] = [];
    const cancel: CancelCall = callGrpc(service, PLAN, "/test.Service/silent", Buffer.from("x"), (one) =>
      results.push(one),
    );
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(before), 20_000);
    cancel();
    cancel();
    await vi.waitFor(() => expect(gone).toContain("silent"), 20_000);
    expect(results).toEqual([]);
    holdsNothing(service);
  });

  test("needs a cluster, a host, a place and a connection", async () => {
    const dead = clusterOf(1);
    const full = clusterOf(1, { circuitBreakers: { ...cluster("x", []).circuitBreakers, maxRequests: 0 } });
    const queue = clusterOf(1, { circuitBreakers: { ...cluster("x", []).circuitBreakers, maxPendingRequests: 0 } });
    const bare = clusterOf(1, { endpoints: [] });
    const all = [undefined, dead, full, queue, bare];
    const results = await Promise.all(
      all.map((one) => new Promise<GrpcResult>((done) => callGrpc(one, PLAN, "/a/b", Buffer.alloc(0), done))),
    );
    expect(results.map(said)).toEqual([
      "14 no-cluster",
      "14 connect-failure",
      "14 overflow",
      "14 overflow",
      "14 no-host",
    ]);
    expect([full.requestOverflow, queue.pendingOverflow]).toEqual([1, 1]);
    for (const one of [dead, full, queue]) holdsNothing(one);
  });

  test("is never answered inside the call that asks", async () => {
    let isInside = true;
    const wasInside = await new Promise((done) => {
      callGrpc(undefined, PLAN, "/a/b", Buffer.alloc(0), () => done(isInside));
      isInside = false;
    });
    expect(wasInside).toBe(false);
  });

  test("to a service that breaks its frames ends, and so does the connection", async () => {
    const port = await startRawServer((socket) => socket.on("data", () => socket.write("HTTP/1.1 400 no\r\n\r\n")));
    const broken = clusterOf(port);
    expect(said(await ask("x", {}, broken))).toBe("14 reset");
    await vi.waitFor(() => expect(broken.activeConnections).toBe(0), 20_000);
    holdsNothing(broken);
  });
});

describe("a request of the proxy itself", () => {
  const REQUEST: ClusterRequest = {
    method: "POST",
    scheme: "http",
    authority: "authz.test",
    path: "/check",
    headers: [["x-a", "1"]],
    body: Buffer.from("body"),
    timeoutMs: 20_000,
    maxAnswerBytes: 1000,
  };
  const send = (one: UpstreamCluster, over: Partial<ClusterRequest> = {}): Promise<CallResult> =>
    new Promise((resolve) => callCluster(one, { ...REQUEST, ...over }, resolve));

  test("carries head and body, and gives back status, headers and body", async () => {
    const { port } = await startOrigin((incoming, response) => {
      incoming.on("data", (chunk) => {
        response.writeHead(401, { "x-b": "2" });
        response.end(`${incoming.method} ${incoming.url} ${incoming.headers.host} ${incoming.headers["x-a"]} ${chunk}`);
      });
    });
    const origin = clusterOf(port, {}, "http1");
    const result = await send(origin);
    if (result.kind !== "answer") throw new Error(result.kind);
    expect([result.status, result.headers.get("x-b"), result.body.toString()]).toEqual([
      401,
      "2",
      "POST /check authz.test 1 body",
    ]);
    holdsNothing(origin);
  });

  test("is repeated on another connection when an idle one is closed under it, if nobody can have acted on it twice", async () => {
    let connections = 0;
    const port = await startRawServer((socket) => {
      const isFirst = connections++ === 0;
      let requests = 0;
      socket.on("data", () => {
        if (isFirst && requests++ > 0) socket.destroy();
        else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      });
    });
    const origin = clusterOf(port, {}, "http1");
    const get: Partial<ClusterRequest> = { method: "GET", body: null };
    expect((await send(origin, get)).kind).toBe("answer");
    expect((await send(origin, get)).kind).toBe("answer");
    expect(connections).toBe(2);
    holdsNothing(origin);
  });

  test("counts for outlier detection: a host that fails again and again is put out", async () => {
    const { port } = await startOrigin((_incoming, response) => {
      response.statusCode = 503;
      response.end();
    });
    const origin = clusterOf(
      port,
      {
        healthyPanicThreshold: 0,
        outlierDetection: outlier({
          maxEjectionPercent: 100,
          alwaysEjectOneHost: true,
          consecutive5xx: { count: 3, enforcing: 100 },
        }),
      },
      "http1",
    );
    const kinds: string[] = [];
    for (let i = 0; i < 4; i++) kinds.push((await send(origin)).kind);
    expect(kinds).toEqual(["answer", "answer", "answer", "no-host"]);
  });
});

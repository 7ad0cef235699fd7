// Limits and small settings of the connection manager that a request can feel, over HTTP/1.1.

import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { readInto } from "../src/http/socket-reader";
import type { ForwardAction, HttpConnectionPlan } from "../src/plan/types";
import {
  call,
  cleanUp,
  listenerPort,
  onCleanUp,
  sendRaw,
  startDataPlane,
  startOrigin,
  startRawServer,
} from "./support/network";
import { chain, cluster, endpoint, forward, http, listener, proxyPlan, route, routes } from "./support/plans";

afterEach(cleanUp);

async function startProxy(app: number, over: Partial<HttpConnectionPlan>, action: Partial<ForwardAction> = {}) {
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("inbound", { filterChains: [chain({ network: http(over) })] })],
      clusters: [cluster("app", [endpoint(app)])],
      routes: [routes([route(forward([{ name: "app" }], action))])],
    }),
  );
  const details = () =>
    [...plane.telemetry.metrics.all.values()].flatMap((series) =>
      series.codes.map((one) => `${one.code} ${one.flags}`),
    );
  return { port: listenerPort(plane, "inbound"), details };
}

async function startEcho(): Promise<number> {
  const { port } = await startOrigin((incoming, response) => {
    incoming.resume();
    response.setHeader("x-via", incoming.headers.via ?? "");
    response.setHeader("via", "1.1 app");
    if (incoming.url !== "/never") incoming.on("end", () => response.end("ok"));
  });
  return port;
}

describe("limits", () => {
  it("refuse a head above max_request_headers_kb and more fields than max_headers_count with 431", async () => {
    const { port } = await startProxy(await startEcho(), { maxRequestHeadersKb: 2, maxHeadersCount: 5 });
    expect((await call(port, { headers: { "x-a": "v".repeat(1500) } })).status).toBe(200);
    const large = await sendRaw(port, `GET / HTTP/1.1\r\nHost: a\r\nx-a: ${"v".repeat(3000)}\r\n\r\n`);
    expect(large).toMatch(/^HTTP\/1\.1 431/);
    const many = Array.from({ length: 5 }, (_, i) => `x-${i}: 1\r\n`).join("");
    expect(await sendRaw(port, `GET / HTTP/1.1\r\nHost: a\r\n${many}\r\n`)).toMatch(/^HTTP\/1\.1 431/);
  });

  it("end a request that does not arrive within request_timeout with 408", async () => {
    const { port } = await startProxy(await startEcho(), { requestTimeoutMs: 100 });
    const text = await sendRaw(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhal", 600);
    expect(text).toMatch(/^HTTP\/1\.1 408/);
    expect((await call(port, { method: "POST", body: "x" })).status).toBe(200);
  });

  it("end an exchange that takes longer than max_stream_duration with 504", async () => {
    const { port, details } = await startProxy(await startEcho(), { maxStreamDurationMs: 100 }, { timeoutMs: null });
    const reply = await call(port, { path: "/never" });
    expect([reply.status, reply.body]).toEqual([504, "downstream duration timeout"]);
    expect(details()).toEqual(["504 -"]);
  });

  it("let a route lift max_stream_duration", async () => {
    const { port: app } = await startOrigin((_incoming, response) => void setTimeout(() => response.end("late"), 150));
    const action = { hasMaxStreamDuration: true, maxStreamDurationMs: null };
    const { port } = await startProxy(app, { maxStreamDurationMs: 50 }, action);
    expect((await call(port)).body).toBe("late");
  });

  it("append via to requests and responses", async () => {
    const { port } = await startProxy(await startEcho(), { via: "1.1 mesh" });
    const reply = await call(port, { headers: { via: "1.0 before" } });
    expect([reply.headers["x-via"], reply.headers["via"]]).toEqual(["1.0 before, 1.1 mesh", "1.1 app, 1.1 mesh"]);
  });

  it("read all sockets into one buffer on this version of Node", async () => {
    const port = await startRawServer((socket) => void socket.end("hello"));
    const socket = connect(port, "127.0.0.1");
    onCleanUp(() => void socket.destroy());
    await new Promise((resolve) => socket.once("connect", resolve));
    const text = await new Promise((resolve) => {
      expect(readInto(socket, (chunk) => resolve(chunk.toString()))).toBe(true);
    });
    expect(text).toBe("hello");
  });
});

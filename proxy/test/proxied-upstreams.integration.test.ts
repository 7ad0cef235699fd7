// Connections to hosts that are told for whom they are: who shares one, what becomes of it, and what a failure says.

import { connect as connectTo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { createCa, secretsOf } from "./support/certificates";
import { call, cleanUp, keepAliveAgent, listenerPort, startDataPlane, startRawServer } from "./support/network";
import { cluster, endpoint, forward, listener, proxyPlan, route, routes, upstreamTls } from "./support/plans";

afterEach(cleanUp);

const planTo = (port: number, over: Parameters<typeof cluster>[2] = {}) =>
  proxyPlan({
    listeners: [listener("main", { trafficDirection: "outbound" })],
    clusters: [cluster("app", [endpoint(port)], { proxyProtocol: "v1", ...over })],
    routes: [routes([route(forward([{ name: "app" }]))])],
  });

/** Answers each request with the header of its connection. */
const startTeller = (): Promise<number> =>
  startRawServer((socket) => {
    let header = "";
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString("latin1");
      if (header === "") header = text.slice(0, text.indexOf("\r\n"));
      const count = text.split("GET /").length - 1;
      for (let i = 0; i < count; i++)
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${header.length}\r\n\r\n${header}`);
    });
  });

it("a connection of a caller has one of its own, which is forgotten when it has ended", async () => {
  const plane = await startDataPlane(planTo(await startTeller()));
  const port = listenerPort(plane, "main");
  const agents = [keepAliveAgent(), keepAliveAgent()];
  const ports: string[] = [];
  for (const agent of [...agents, ...agents]) ports.push((await call(port, { agent })).body.split(" ")[4] ?? "");
  expect(ports.slice(2)).toEqual(ports.slice(0, 2));
  expect(new Set(ports).size).toBe(2);
  const [host] = plane.clusters.get("app")?.hosts ?? [];
  expect(host?.connections).toBe(2);
  host?.sweep(performance.now() + 3_600_000, Number.POSITIVE_INFINITY);
  await vi.waitFor(() => expect(host?.connections).toBe(0));
  host?.sweep(performance.now(), Number.POSITIVE_INFINITY);
  expect(host?.callers).toBe(0);
  expect((await call(port, { agent: agents[0] })).body).toBe(`PROXY TCP4 127.0.0.1 127.0.0.1 ${ports[0]} ${port}`);
});

it("nobody there is said under TLS as without", async () => {
  const ca = await createCa("mesh");
  const own = await ca.issue(["spiffe://mesh.local/ns/production/sa/checkout"]);
  const plane = await startDataPlane(planTo(1, { tls: upstreamTls() }), secretsOf(own, ca));
  expect(await call(listenerPort(plane, "main"))).toMatchObject({
    status: 503,
    body: expect.stringContaining("remote connection failure"),
  });
});

it("a header that a caller's host reads no further is no request", async () => {
  const port = await startRawServer((socket) => socket.once("data", () => socket.end()));
  const plane = await startDataPlane(planTo(port));
  const socket = connectTo(listenerPort(plane, "main"), "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx");
  const answer = await new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(chunk.toString())));
  socket.destroy();
  expect(answer).toMatch(/^HTTP\/1\.1 503 /);
});

// One proxy, plain HTTP, real sockets: what goes through it and what it answers itself.

import { afterEach, describe, expect, it } from "vitest";
import {
  call,
  cleanUp,
  keepAliveAgent,
  listenerPort,
  sendRaw,
  startDataPlane,
  startNamedOrigin,
  startOrigin,
  startRawServer,
} from "./support/network";
import { cluster, endpoint, forward, headerEquals, listener, prefix, proxyPlan, route, routes } from "./support/plans";

afterEach(cleanUp);

async function proxyTo(port: number): Promise<number> {
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("inbound")],
      clusters: [cluster("app", [endpoint(port)])],
      routes: [routes([route(forward([{ name: "app" }]))])],
    }),
  );
  return listenerPort(plane, "inbound");
}

describe("a plain HTTP route", () => {
  it("forwards method, path, body and headers, and keeps the connection", async () => {
    const { port } = await startOrigin((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        response.setHeader("X-Mixed-Case", "kept");
        response.end(
          JSON.stringify({
            method: incoming.method,
            url: incoming.url,
            raw: incoming.rawHeaders,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
    });
    const proxy = await proxyTo(port);
    const agent = keepAliveAgent();
    for (let i = 0; i < 3; i++) {
      const reply = await call(proxy, {
        method: "POST",
        path: "/a?b=c",
        headers: { "X-Custom-Name": "1" },
        body: "hello",
        agent,
      });
      expect(reply.status).toBe(200);
      const seen = JSON.parse(reply.body) as { method: string; url: string; raw: string[]; body: string };
      expect(seen).toMatchObject({ method: "POST", url: "/a?b=c", body: "hello" });
      expect(seen.raw).toContain("X-Custom-Name");
      expect(seen.raw).toContain("x-request-id");
      expect(seen.raw).not.toContain("Connection");
    }
  });

  it("streams large chunked bodies both ways unchanged", async () => {
    const { port } = await startOrigin((incoming, response) => {
      incoming.pipe(response);
    });
    const proxy = await proxyTo(port);
    const body = Buffer.alloc(5_000_000, "0123456789abcdef");
    const reply = await call(proxy, { method: "POST", headers: { "transfer-encoding": "chunked" }, body });
    expect(reply.body.length).toBe(body.length);
    expect(Buffer.from(reply.body).equals(body)).toBe(true);
  });

  it("answers pipelined requests one after the other", async () => {
    const origin = await startNamedOrigin("app");
    const proxy = await proxyTo(origin.port);
    const one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
    const text = await sendRaw(proxy, one + one + one);
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect(origin.count()).toBe(3);
  });

  it("answers Expect: 100-continue itself and drops trailers unless told to carry them", async () => {
    const { port } = await startOrigin((incoming, response) => {
      incoming.resume();
      incoming.on("end", () => response.end(JSON.stringify([incoming.headers.expect ?? null, incoming.trailers])));
    });
    const proxy = await proxyTo(port);
    const text = await sendRaw(
      proxy,
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n0\r\nX-Trailer: v\r\n\r\n",
    );
    expect(text).toContain("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK");
    expect(text).toContain("[null,{}]");
  });

  it("gives HEAD its content-length and no body", async () => {
    const { port } = await startOrigin((_incoming, response) => {
      response.setHeader("content-length", "11");
      response.end();
    });
    const proxy = await proxyTo(port);
    const text = await sendRaw(proxy, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(text.toLowerCase()).toContain("content-length: 11");
    expect(text.endsWith("\r\n\r\n")).toBe(true);
  });

  it("takes absolute-form requests and routes by their authority", async () => {
    const { port } = await startOrigin((incoming, response) =>
      response.end(`${incoming.headers.host} ${incoming.url}`),
    );
    const proxy = await proxyTo(port);
    const text = await sendRaw(proxy, "GET http://target.example/x?y HTTP/1.1\r\nHost: other\r\n\r\n");
    expect(text).toContain("target.example /x?y");
  });

  it("re-frames a response that ends with its connection as chunked", async () => {
    const port = await startRawServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\nuntil close"));
    });
    const text = await sendRaw(await proxyTo(port), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(text).toContain("transfer-encoding: chunked");
    expect(text).toContain("b\r\nuntil close\r\n0\r\n\r\n");
  });

  it("passes an early response and closes, so that the unread body is no next request", async () => {
    const port = await startRawServer((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 413 Too Big\r\ncontent-length: 0\r\n\r\n"));
    });
    const text = await sendRaw(
      await proxyTo(port),
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    expect(text).toContain("HTTP/1.1 413");
    expect(text).toContain("connection: close");
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it("strips what Connection lists, but refuses to strip identity", async () => {
    const { port } = await startOrigin((incoming, response) => response.end(String(incoming.headers["x-secret"])));
    const proxy = await proxyTo(port);
    expect(await sendRaw(proxy, "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-secret\r\nX-Secret: 1\r\n\r\n")).toContain(
      "undefined",
    );
    expect(await sendRaw(proxy, "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-request-id\r\n\r\n")).toContain(
      "HTTP/1.1 400",
    );
  });

  it("answers 404 NR, 403 for upgrades, 426 for HTTP/1.0", async () => {
    const origin = await startNamedOrigin("app");
    const plane = await startDataPlane(
      proxyPlan({
        listeners: [listener("inbound")],
        clusters: [cluster("app", [endpoint(origin.port)])],
        routes: [routes([route(forward([{ name: "app" }]), { path: prefix("/known") })])],
      }),
    );
    const proxy = listenerPort(plane, "inbound");
    expect((await call(proxy, { path: "/unknown" })).status).toBe(404);
    expect(
      await sendRaw(proxy, "GET /known HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
    ).toContain("HTTP/1.1 403");
    expect(await sendRaw(proxy, "GET / HTTP/1.0\r\n\r\n")).toContain("HTTP/1.1 426");
  });
});

describe("the seed's route", () => {
  it("sends beta testers to v2 and a tenth of the rest", async () => {
    const [v1, v2] = await Promise.all([startNamedOrigin("v1"), startNamedOrigin("v2")]);
    const plane = await startDataPlane(
      proxyPlan({
        listeners: [listener("outbound", { trafficDirection: "outbound" })],
        clusters: [cluster("v1", [endpoint(v1.port)]), cluster("v2", [endpoint(v2.port)])],
        routes: [
          routes([
            route(forward([{ name: "v2" }]), { headers: [headerEquals("x-user-type", "beta-tester")] }),
            route(
              forward([
                { name: "v1", weight: 90 },
                { name: "v2", weight: 10 },
              ]),
            ),
          ]),
        ],
      }),
    );
    const port = listenerPort(plane, "outbound");
    const agent = keepAliveAgent(8);
    const all = await Promise.all(
      Array.from({ length: 200 }, () => call(port, { headers: { "x-user-type": "beta-tester" }, agent })),
    );
    expect(all.every((reply) => reply.body === "v2")).toBe(true);
    const rest = await Promise.all(Array.from({ length: 2000 }, () => call(port, { agent })));
    const share = rest.filter((reply) => reply.body === "v2").length / rest.length;
    expect(share).toBeGreaterThan(0.07);
    expect(share).toBeLessThan(0.13);
  });
});

// Trailers of requests and responses through every pair of HTTP versions, with real clients and servers.

import { request as http1Request } from "node:http";
import { connect, createServer, type IncomingHttpHeaders } from "node:http2";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { pairIdentities, type TestCa, type TestLeaf } from "./support/certificates";
import { startPair } from "./support/http2";
import {
  cleanUp,
  listenerPort,
  onCleanUp,
  portOf,
  sendRaw,
  startDataPlane,
  startOrigin,
  startRawServer,
} from "./support/network";
import {
  chain,
  cluster,
  endpoint,
  forward,
  http,
  listener,
  proxyPlan,
  retryPolicy,
  route,
  routes,
} from "./support/plans";

afterEach(cleanUp);

type Version = "HTTP/1.1" | "HTTP/2";

interface Result {
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
}

interface Fixture {
  readonly upstream: Version;
  readonly hasTrailers: boolean;
  readonly isRetried?: boolean;
}

/** Echoes body and request trailers; its own trailers say how many bytes came. */
async function startEcho(version: Version): Promise<number> {
  if (version === "HTTP/1.1") {
    const { port } = await startOrigin((incoming, response) => {
      let size = 0;
      response.setHeader("trailer", "x-size");
      incoming.on("data", (chunk: Buffer) => {
        size += chunk.length;
        response.write(chunk);
      });
      incoming.on("end", () => {
        response.addTrailers({ "x-size": String(size), "x-seen": String(incoming.trailers["x-sum"] ?? "none") });
        response.end();
      });
    });
    return port;
  }
  const server = createServer();
  server.on("stream", (stream) => {
    let size = 0;
    let seen = "none";
    stream.on("error", () => {});
    stream.on("trailers", (fields) => {
      seen = String(fields["x-sum"] ?? "none");
    });
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      stream.write(chunk);
    });
    stream.on("end", () => stream.end());
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-size": String(size), "x-seen": seen }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => void server.close());
  return portOf(server);
}

async function startProxy(upstream: number, fixture: Fixture): Promise<number> {
  const base = cluster("app", []).http;
  const protocol = fixture.upstream === "HTTP/2" ? ("http2" as const) : ("http1" as const);
  const retry = fixture.isRetried ? retryPolicy({ gatewayError: true }) : null;
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [
        listener("inbound", { filterChains: [chain({ network: http({ hasHttp1Trailers: fixture.hasTrailers }) })] }),
      ],
      clusters: [
        cluster("app", [endpoint(upstream)], { http: { ...base, protocol, hasHttp1Trailers: fixture.hasTrailers } }),
      ],
      routes: [routes([route(forward([{ name: "app" }], { retry }))])],
    }),
  );
  return listenerPort(plane, "inbound");
}

function post(version: Version, port: number, body: string | Buffer): Promise<Result> {
  return version === "HTTP/1.1" ? postHttp1(port, body) : postHttp2(port, body);
}

function postHttp1(port: number, body: string | Buffer): Promise<Result> {
  return new Promise((resolve, reject) => {
    const headers = { "transfer-encoding": "chunked", trailer: "x-sum", te: "trailers" };
    const outgoing = http1Request({ port, host: "127.0.0.1", method: "POST", agent: false, headers }, (incoming) => {
      let text = "";
      incoming.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
      });
      incoming.on("end", () => resolve({ body: text, trailers: incoming.trailers }));
      incoming.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.write(body);
    outgoing.addTrailers({ "x-sum": "abc" });
    outgoing.end();
  });
}

function postHttp2(port: number, body: string | Buffer): Promise<Result> {
  return new Promise((resolve, reject) => {
    const client = connect(`http://127.0.0.1:${port}`);
    client.on("error", reject);
    onCleanUp(() => client.destroy());
    const stream = client.request({ ":method": "POST", ":path": "/" }, { waitForTrailers: true });
    let text = "";
    let trailers: IncomingHttpHeaders = {};
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "abc" }));
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    stream.on("trailers", (fields) => {
      trailers = fields;
    });
    stream.on("end", () => resolve({ body: text, trailers }));
    stream.on("error", reject);
    stream.end(body);
  });
}

const versions: readonly Version[] = ["HTTP/1.1", "HTTP/2"];
const combinations = versions.flatMap((downstream) => versions.map((upstream) => [downstream, upstream] as const));

describe("trailers", () => {
  it.each(combinations)("go from %s to %s and back", async (downstream, upstream) => {
    const port = await startProxy(await startEcho(upstream), { upstream, hasTrailers: true });
    const { body, trailers } = await post(downstream, port, "hello");
    expect(body).toBe("hello");
    expect(trailers).toMatchObject({ "x-size": "5", "x-seen": "abc" });
  });

  it.each(combinations)("come after a body that waited for its window, %s to %s", async (downstream, upstream) => {
    const port = await startProxy(await startEcho(upstream), { upstream, hasTrailers: true });
    const { body, trailers } = await post(downstream, port, Buffer.alloc(3_000_000, 97));
    expect(body.length).toBe(3_000_000);
    expect(trailers).toMatchObject({ "x-size": "3000000", "x-seen": "abc" });
  });

  it("are dropped from and to HTTP/1.1 without enable_trailers, as Envoy does, and never with HTTP/2", async () => {
    const one = await startProxy(await startEcho("HTTP/1.1"), { upstream: "HTTP/1.1", hasTrailers: false });
    expect((await post("HTTP/1.1", one, "hello")).trailers).toEqual({});
    expect((await post("HTTP/2", one, "hello")).trailers).toEqual({});
    const two = await startProxy(await startEcho("HTTP/2"), { upstream: "HTTP/2", hasTrailers: false });
    expect((await post("HTTP/2", two, "hello")).trailers).toMatchObject({ "x-size": "5", "x-seen": "abc" });
    expect((await post("HTTP/1.1", two, "hello")).trailers).toEqual({});
  });

  it("are sent again with the request when it is tried again", async () => {
    let tries = 0;
    const upstream = await startRawServer((socket) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (!text.endsWith("0\r\nx-sum: abc\r\n\r\n")) return;
        text = "";
        const status = ++tries === 1 ? "503 Service Unavailable" : "200 OK";
        socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 1\r\n\r\n${tries}`);
      });
    });
    const port = await startProxy(upstream, { upstream: "HTTP/1.1", hasTrailers: true, isRetried: true });
    expect((await post("HTTP/1.1", port, "hello")).body).toBe("2");
  });

  it("may follow a body of a known length in HTTP/2", async () => {
    const server = createServer();
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200, "content-length": "2" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "late" }));
      stream.end("hi");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onCleanUp(() => void server.close());
    const port = await startProxy(portOf(server), { upstream: "HTTP/2", hasTrailers: true });
    expect(await post("HTTP/2", port, "")).toEqual({
      body: "hi",
      trailers: expect.objectContaining({ "x-sum": "late" }),
    });
    // HTTP/1.1 has no place for them behind a Content-Length.
    expect(await post("HTTP/1.1", port, "")).toEqual({ body: "hi", trailers: {} });
  });

  it.each([
    ["content-length", "1"],
    ["host", "b"],
    ["transfer-encoding", "chunked"],
    ["te", "trailers"],
    ["trailer", "x"],
  ])("that name %s break a response off", async (name, value) => {
    const upstream = await startRawServer((socket) => {
      socket.on("data", () =>
        socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${name}: ${value}\r\n\r\n`),
      );
    });
    const port = await startProxy(upstream, { upstream: "HTTP/1.1", hasTrailers: true });
    const text = await sendRaw(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(text).not.toContain("0\r\n\r\n");
    expect(text.slice(text.indexOf("\r\n\r\n")).toLowerCase()).not.toContain(`${name}: ${value}`);
  });

  it("are bounded in number and size", async () => {
    const port = await startProxy(await startEcho("HTTP/1.1"), { upstream: "HTTP/1.1", hasTrailers: true });
    const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    expect(await sendRaw(port, `${head}${"x-t: 1\r\n".repeat(101)}\r\n`)).toContain("HTTP/1.1 431 ");
    expect(await sendRaw(port, `${head}x-t: ${"a".repeat(61 * 1024)}`)).toContain("HTTP/1.1 431 ");
  });

  it("ask for trailers with te: trailers, which passes; anything else of te does not", async () => {
    const { port: app } = await startOrigin((incoming, response) => response.end(JSON.stringify(incoming.headers)));
    const port = await startProxy(app, { upstream: "HTTP/1.1", hasTrailers: true });
    const teOf = async (lines: string): Promise<unknown> => {
      const text = await sendRaw(port, `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n`);
      return JSON.parse(text.slice(text.indexOf("\r\n\r\n{") + 4)).te ?? null;
    };
    expect(await teOf("TE: trailers")).toBe("trailers");
    expect(await teOf("Connection: te\r\nTE: trailers")).toBe("trailers");
    expect(await teOf("TE: gzip, trailers;q=0.5")).toBe(null);
    expect(await teOf("TE: gzip")).toBe(null);
  });
});

describe("trailers through the hop between sidecars", () => {
  let ca: TestCa;
  let caller: TestLeaf;
  let callee: TestLeaf;
  beforeAll(async () => {
    ({ ca, caller, callee } = await pairIdentities());
  });

  it("reach an HTTP/2 app from an HTTP/2 app", async () => {
    const base = cluster("app", []).http;
    const app = await startEcho("HTTP/2");
    const { port } = await startPair({ app, ca, caller, callee, appHttp: { ...base, protocol: "http2" } });
    const { body, trailers } = await post("HTTP/2", port, "hello");
    expect(body).toBe("hello");
    expect(trailers).toMatchObject({ "x-size": "5", "x-seen": "abc" });
  });
});

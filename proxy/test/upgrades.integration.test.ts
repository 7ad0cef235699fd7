// WebSocket and other upgrades of HTTP/1.1: over one proxy, and over two with HTTP/2 between them (extended CONNECT).
// What is not said to be ours alone was seen on Envoy 1.40 and is asked of it again when ENVOY_BIN is set.

import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { defaultHttp2 } from "../src/plan/http2-options";
import { bootstrapOf, kinds, startConfigured } from "./support/both-proxies";
import { createCa, spiffe } from "./support/certificates";
import { connectFrames, fields, frame, startPair } from "./support/http2";
import { cleanUp, onCleanUp, portOf, sendRaw } from "./support/network";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const HTTP2 = { http2_protocol_options: { allow_connect: true } };
const listener = { http2_protocol_options: { allow_connect: true }, upgrade_configs: [{ upgrade_type: "websocket" }] };
const toApp = (match: object, action: object = {}) => ({ match, route: { cluster: "next", timeout: "0s", ...action } });

let heads: Record<string, unknown>[] = [];
let endings = 0;
let requests = 0;

/** Switches to an echo; /refuse answers, /eager speaks first in the segment of its 101, /bye hangs up after one message. */
async function startApp(): Promise<number> {
  const server = createServer((_incoming, response) => {
    requests++;
    response.end("plain");
  });
  server.on("upgrade", (incoming, socket: Socket, early: Buffer) => {
    heads.push({ ...incoming.headers, url: incoming.url, method: incoming.method });
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => endings++);
    if (incoming.url === "/refuse") {
      socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno");
      return;
    }
    const first = incoming.url === "/eager" ? "hello" : "";
    const accept = incoming.headers["sec-websocket-key"] ?? "none";
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nx-accept: ${accept}\r\n\r\n${first}`,
    );
    if (early.length > 0) socket.write(early);
    socket.on("data", (chunk: Buffer) => {
      if (incoming.url === "/bye") socket.end(chunk);
      else if (!socket.write(chunk)) {
        socket.pause();
        socket.once("drain", () => socket.resume());
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => void server.close());
  return portOf(server);
}

const request = (path = "/", more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: callee\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k1\r\n${more}\r\n`;

/** A connection that keeps what it hears. */
class Caller {
  text = Buffer.alloc(0);
  isClosed = false;
  private constructor(readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => {
      this.text = Buffer.concat([this.text, chunk]);
    });
    socket.on("close", () => {
      this.isClosed = true;
    });
    socket.on("error", () => {});
    onCleanUp(() => void socket.destroy());
  }

  static open(port: number, first: string): Caller {
    const caller = new Caller(connect(port, "127.0.0.1"));
    caller.socket.write(first, "latin1");
    return caller;
  }

  heard(what: string): Promise<void> {
    return expect.poll(() => this.text.toString("latin1"), { timeout: 10_000, interval: 5 }).toContain(what) as never;
  }
}

describe.each(kinds)("upgrades on %s", (kind) => {
  const ports = { one: 0, pair: 0 };
  beforeAll(async () => {
    const app = { next: { port: await startApp(), options: HTTP1 } };
    const routes = [
      toApp({ prefix: "/off" }, { upgrade_configs: [{ upgrade_type: "websocket", enabled: false }] }),
      toApp({ prefix: "/other" }, { upgrade_configs: [{ upgrade_type: "other" }] }),
      toApp({ prefix: "/" }),
    ];
    ports.one = await startConfigured(kind, (at) => bootstrapOf(at, routes, app, listener));
    const callee = await startConfigured(kind, (at) => bootstrapOf(at, [toApp({ prefix: "/" })], app, listener));
    const next = { next: { port: callee, options: HTTP2 } };
    ports.pair = await startConfigured(kind, (at) => bootstrapOf(at, [toApp({ prefix: "/" })], next, listener));
  });
  beforeEach(() => {
    heads = [];
    requests = 0;
  });

  const ways = ["one", "pair"] as const;

  it.each(ways)("switches and carries both directions (%s)", async (way) => {
    const caller = Caller.open(ports[way], request("/chat?room=1"));
    await caller.heard("\r\n\r\n");
    const head = caller.text.toString("latin1").toLowerCase();
    expect(head).toContain("http/1.1 101 switching protocols\r\n");
    expect(head).toMatch(/\r\nconnection: upgrade\r\n/);
    expect(head).toMatch(/\r\nupgrade: websocket\r\n/);
    expect(head).toContain("\r\nx-accept: k1\r\n");
    expect(head).not.toContain("transfer-encoding");
    expect(head).not.toContain("content-length");
    expect(heads).toMatchObject([{ method: "GET", url: "/chat?room=1", host: "callee", upgrade: "websocket" }]);
    for (const message of ["one", "two", "three"]) {
      caller.socket.write(message);
      await caller.heard(message);
    }
  });

  it.each(ways)("loses nothing that is said early on either side (%s)", async (way) => {
    const eager = Caller.open(ports[way], `${request("/eager")}early bird`);
    await eager.heard("early bird");
    expect(eager.text.toString("latin1")).toMatch(/\r\n\r\nhelloearly bird$/);
  });

  it.each(ways)("carries megabytes both ways in order (%s)", async (way) => {
    const caller = Caller.open(ports[way], request());
    await caller.heard("\r\n\r\n");
    const head = caller.text.indexOf("\r\n\r\n") + 4;
    const bytes = randomBytes(5_000_000);
    caller.socket.write(bytes);
    await expect.poll(() => caller.text.length - head, { timeout: 20_000, interval: 10 }).toBe(bytes.length);
    const hash = (of: Buffer): string => createHash("sha256").update(of).digest("hex");
    expect(hash(caller.text.subarray(head))).toBe(hash(bytes));
  });

  it.each(ways)("an end on either side is an end on the other, after what was said (%s)", async (way) => {
    const left = Caller.open(ports[way], request("/bye"));
    await left.heard("\r\n\r\n");
    left.socket.write("last words");
    await left.heard("last words");
    await expect.poll(() => left.isClosed, { timeout: 10_000 }).toBe(true);
    const before = endings;
    const leaving = Caller.open(ports[way], request());
    await leaving.heard("\r\n\r\n");
    leaving.socket.end();
    await expect.poll(() => endings, { timeout: 10_000 }).toBeGreaterThan(before);
  });

  it.each(ways)("passes a refusal on and takes nothing behind it for a request (%s)", async (way) => {
    const text = await sendRaw(ports[way], `${request("/refuse")}GET /smuggled HTTP/1.1\r\nHost: callee\r\n\r\n`, 1500);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(text).toContain("HTTP/1.1 400 Bad Request\r\n");
    expect(requests).toBe(0);
  });

  it("says 403 where the upgrade is not allowed, by its type and by the route", async () => {
    expect(await sendRaw(ports.one, request("/off"))).toContain("HTTP/1.1 403 ");
    expect(await sendRaw(ports.one, request("/").replace("websocket", "other"))).toContain("HTTP/1.1 403 ");
    expect(await sendRaw(ports.one, request("/").replace("websocket", "websocket, other"))).toContain("HTTP/1.1 403 ");
    expect(heads).toEqual([]);
    const allowed = Caller.open(ports.one, request("/other").replace("websocket", "other"));
    await allowed.heard("HTTP/1.1 101 ");
  });

  it("goes on with ordinary requests", async () => {
    expect(await sendRaw(ports.pair, "GET / HTTP/1.1\r\nHost: callee\r\n\r\n")).toContain("plain");
  });
});

describe("upgrades, where we are stricter than Envoy", () => {
  it("are refused beside a body", async () => {
    const app = { next: { port: await startApp(), options: HTTP1 } };
    const port = await startConfigured("meshwright", (at) => bootstrapOf(at, [toApp({ prefix: "/" })], app, listener));
    for (const framing of ["Content-Length: 0\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"]) {
      expect(await sendRaw(port, request("/", framing))).toContain("HTTP/1.1 403 ");
    }
  });
});

describe("CONNECT in HTTP/2", () => {
  const connectFields = (...more: readonly (readonly [string, string])[]) =>
    fields([":method", "CONNECT"], [":scheme", "http"], [":path", "/"], [":authority", "callee"], ...more);
  const websocket = [":protocol", "websocket"] as const;

  it.each([
    ["without :protocol", true, 4, connectFields()],
    ["that has ended already", true, 5, connectFields(websocket)],
    ["with a length", true, 4, connectFields(websocket, ["content-length", "5"])],
    ["beside another method", true, 4, null],
    ["where allow_connect does not say so", false, 4, connectFields(websocket)],
  ])("%s is malformed", async (_, allowConnect, flags, block) => {
    const app = { next: { port: await startApp(), options: HTTP1 } };
    const options = { ...listener, http2_protocol_options: { allow_connect: allowConnect } };
    const port = await startConfigured("meshwright", (at) => bootstrapOf(at, [toApp({ prefix: "/" })], app, options));
    const peer = await connectFrames(port);
    const getWithProtocol = fields(
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "a"],
      websocket,
    );
    peer.send(frame(1, flags, 1, block ?? getWithProtocol));
    const reset = await peer.find(({ type, id }) => type === 3 && id === 1);
    expect(reset?.payload.readUInt32BE(0)).toBe(1);
    // SETTINGS_ENABLE_CONNECT_PROTOCOL is announced where it is meant, and only there.
    const settings = await peer.find(({ type, flags: bits }) => type === 4 && bits === 0);
    expect(settings?.payload.includes(Buffer.from([0, 8, 0, 0, 0, 1]))).toBe(allowConnect);
  });
});

describe("upgrades between sidecars", () => {
  it("cross the mTLS hop and are counted as 101 on both sides", async () => {
    const ca = await createCa("mesh");
    const upgrades = new Map([["websocket", true]]);
    const { a, b, port } = await startPair({
      app: await startApp(),
      ca,
      caller: await ca.issue([spiffe("checkout")]),
      callee: await ca.issue([spiffe("payment-service")]),
      inbound: { upgrades, http2: { ...defaultHttp2, allowConnect: true } },
      outbound: { upgrades },
    });
    const caller = Caller.open(port, request());
    await caller.heard("\r\n\r\n");
    caller.socket.write("through two sidecars");
    await caller.heard("through two sidecars");
    caller.socket.end();
    const codes = (plane: typeof a): number[] =>
      [...plane.telemetry.metrics.all.values()].flatMap((series) => series.codes.map(({ code }) => code));
    await expect.poll(() => [codes(a), codes(b)], { timeout: 10_000 }).toEqual([[101], [101]]);
  });
});

// CONNECT that ends at the proxy: its bytes go to a cluster as TCP, from HTTP/1.1 and from HTTP/2.
// What is not said to be ours alone was seen on Envoy 1.40 and is asked of it again when ENVOY_BIN is set.

import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootstrapOf, kinds, type ProxyKind, startConfigured } from "./support/both-proxies";
import { connectFrames, fields, frame } from "./support/http2";
import { cleanUp, onCleanUp, sendRaw, startNamedOrigin, startRawServer } from "./support/network";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const listener = { http2_protocol_options: { allow_connect: true }, upgrade_configs: [{ upgrade_type: "CONNECT" }] };
const ends = { upgrade_configs: [{ upgrade_type: "CONNECT", connect_config: {} }], timeout: "0s" };
const on = (authority: string) => [{ name: ":authority", string_match: { exact: authority } }];

/** Speaks first, then echoes; hangs up after "bye". */
function talk(socket: Socket): void {
  socket.write("hello ");
  socket.on("data", (chunk: Buffer) => {
    if (chunk.toString() === "bye") socket.end("bye");
    else socket.write(chunk);
  });
}

async function start(kind: ProxyKind): Promise<number> {
  const clusters = {
    tcp: { port: await startRawServer(talk), options: HTTP1 },
    dead: { port: 1, options: HTTP1 },
    app: { port: (await startNamedOrigin("app")).port, options: HTTP1 },
  };
  const routes = [
    { match: { connect_matcher: {}, headers: on("tcp.test:7") }, route: { cluster: "tcp", ...ends } },
    { match: { connect_matcher: {}, headers: on("dead.test:7") }, route: { cluster: "dead", ...ends } },
    { match: { prefix: "/" }, route: { cluster: "app" } },
  ];
  return startConfigured(kind, (at) => bootstrapOf(at, routes, clusters, listener));
}

/** Everything heard on a connection until it ends, or until what is waited for came. */
async function dialogue(port: number, first: string, then: readonly (readonly [string, string])[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  onCleanUp(() => void socket.destroy());
  let heard = "";
  let isClosed = false;
  socket.on("data", (chunk: Buffer) => {
    heard += chunk.toString("latin1");
  });
  socket.on("close", () => {
    isClosed = true;
  });
  socket.on("error", () => {});
  socket.write(first);
  for (const [wait, say] of then) {
    await expect.poll(() => heard, { timeout: 10_000, interval: 5 }).toContain(wait);
    socket.write(say);
  }
  await expect.poll(() => isClosed, { timeout: 10_000, interval: 5 }).toBe(true);
  return heard;
}

describe.each(kinds)("CONNECT on %s", (kind) => {
  let port = 0;
  beforeAll(async () => {
    port = await start(kind);
  });

  it("opens a tunnel from HTTP/1.1, in which either side may speak first", async () => {
    const heard = await dialogue(port, "CONNECT tcp.test:7 HTTP/1.1\r\nHost: tcp.test:7\r\n\r\nearly ", [
      ["hello early ", "bye"],
    ]);
    expect(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const [head = "", body] = heard.split("\r\n\r\n");
    expect(head.toLowerCase()).not.toMatch(/content-length|transfer-encoding/);
    expect(body).toBe("hello early bye");
  });

  it("opens a tunnel from HTTP/2", async () => {
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    client.on("error", () => {});
    onCleanUp(() => client.destroy());
    const stream = client.request({ ":method": "CONNECT", ":authority": "tcp.test:7" });
    let heard = "";
    let status = 0;
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
    });
    stream.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    stream.write("two ");
    await expect.poll(() => heard, { timeout: 10_000, interval: 5 }).toBe("hello two ");
    const ended = new Promise<void>((resolve) => stream.once("end", resolve));
    stream.write("bye");
    await ended;
    expect([status, heard]).toEqual([200, "hello two bye"]);
  });

  it("says 503 when nobody listens", async () => {
    expect(await sendRaw(port, "CONNECT dead.test:7 HTTP/1.1\r\nHost: dead.test:7\r\n\r\n")).toContain("HTTP/1.1 503 ");
  });

  it("leaves other requests alone, and no other route takes CONNECT", async () => {
    expect(await sendRaw(port, "GET / HTTP/1.1\r\nHost: tcp.test:7\r\n\r\n")).toContain("HTTP/1.1 200 OK");
    const text = await sendRaw(port, "CONNECT app.test:80 HTTP/1.1\r\nHost: app.test:80\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 40[45] /);
  });
});

describe("CONNECT, where we say more than Envoy", () => {
  it("is 405 where no route ends it", async () => {
    const port = await start("meshwright");
    const text = await sendRaw(
      port,
      "CONNECT other.test:7 HTTP/1.1\r\nHost: other.test:7\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(text).toContain("HTTP/1.1 405 ");
  });

  it.each([
    ["without a port", "CONNECT tcp.test HTTP/1.1\r\nHost: tcp.test\r\n\r\n", 400],
    ["with a path", "CONNECT /tcp.test:7 HTTP/1.1\r\nHost: tcp.test:7\r\n\r\n", 400],
    ["with a length", "CONNECT tcp.test:7 HTTP/1.1\r\nHost: tcp.test:7\r\nContent-Length: 1\r\n\r\nx", 405],
  ])("%s is refused", async (_, bytes, status) => {
    expect(await sendRaw(await start("meshwright"), bytes)).toContain(`HTTP/1.1 ${status} `);
  });

  it.each([
    ["a path", fields([":method", "CONNECT"], [":authority", "tcp.test:7"], [":scheme", "http"], [":path", "/"])],
    ["no port", fields([":method", "CONNECT"], [":authority", "tcp.test"])],
    ["a length", fields([":method", "CONNECT"], [":authority", "tcp.test:7"], ["content-length", "1"])],
  ])("with %s is malformed in HTTP/2", async (_, block) => {
    const peer = await connectFrames(await start("meshwright"));
    peer.send(frame(1, 4, 1, block));
    const reset = await peer.find(({ type, id }) => type === 3 && id === 1);
    expect(reset?.payload.readUInt32BE(0)).toBe(1);
  });

  it("is passed on by no configuration: connect_config must be there", async () => {
    const passedOn = {
      match: { connect_matcher: {} },
      route: { cluster: "c", upgrade_configs: [{ upgrade_type: "CONNECT" }] },
    };
    const clusters = { c: { port: 1, options: HTTP1 } };
    await expect(
      startConfigured("meshwright", (at) => bootstrapOf(at, [passedOn], clusters, listener)),
    ).rejects.toThrow(/connect_config.*never passed on/s);
  });
});

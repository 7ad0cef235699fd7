// What a gRPC caller is told by the proxy itself: statuses, deadlines, retries. Each expectation was seen on Envoy 1.40 and
// is asked of it again when ENVOY_BIN is set.

import { type ClientHttp2Session, connect, createServer, type IncomingHttpHeaders } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootstrapOf, kinds, startConfigured } from "./support/both-proxies";
import { cleanUp, onCleanUp, portOf, sendRaw } from "./support/network";

afterAll(cleanUp);

const HTTP2 = { http2_protocol_options: {} };
const route = (action: object = {}) => ({ route: { cluster: "app", timeout: "0s", ...action } });
const respond = (status: number, body?: string) => ({
  direct_response: { status, ...(body === undefined ? {} : { body: { inline_string: body } }) },
});
const hang = { prefix: "/hang" };
const named = (name: string) => ({ ...hang, headers: [{ name: "x-route", string_match: { exact: name } }] });

const routes = [
  { match: { prefix: "/401" }, ...respond(401, "no % ü entry") },
  { match: { prefix: "/403" }, ...respond(403) },
  { match: { prefix: "/429" }, ...respond(429) },
  { match: { prefix: "/400" }, ...respond(400) },
  { match: { prefix: "/500" }, ...respond(500) },
  { match: { prefix: "/200" }, ...respond(200, "ok") },
  { match: { prefix: "/redirect" }, redirect: { path_redirect: "/x" } },
  { match: { prefix: "/dead" }, route: { cluster: "dead" } },
  { match: { prefix: "/only", grpc: {} }, ...route() },
  { match: { prefix: "/only" }, ...respond(418) },
  { match: named("timeout"), ...route({ timeout: "0.2s" }) },
  { match: named("both"), ...route({ timeout: "0.1s", max_stream_duration: { max_stream_duration: "0.4s" } }) },
  { match: named("header"), ...route({ max_stream_duration: { grpc_timeout_header_max: "0.5s" } }) },
  { match: named("max"), ...route({ max_grpc_timeout: "0.4s" }) },
  { match: { prefix: "/flaky" }, ...route({ retry_policy: { retry_on: "unavailable", num_retries: 2 } }) },
  { match: { prefix: "/app" }, ...route() },
];

let tries = 0;
let asked: (string | undefined)[] = [];

async function startApp(): Promise<number> {
  const server = createServer();
  server.on("stream", (stream, headers) => {
    const path = String(headers[":path"]);
    stream.on("error", () => {});
    asked.push(headers["grpc-timeout"] as string | undefined);
    const grpc = { ":status": 200, "content-type": "application/grpc" };
    if (path.startsWith("/hang")) return;
    if (path === "/flaky/head" && ++tries < 3) {
      stream.respond({ ...grpc, "grpc-status": "14" }, { endStream: true });
    } else if (path === "/app/reset") stream.close(2);
    else if (path === "/app/refused") stream.close(7);
    else {
      // grpc-status 14 in the trailers of the retried route: too late to be tried again.
      const status = path === "/flaky/trailers" ? "14" : "0";
      if (path === "/flaky/trailers") tries++;
      stream.respond(grpc, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
      stream.end("reply");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => void server.close());
  return portOf(server);
}

interface Reply {
  readonly status: number | undefined;
  readonly grpc: unknown;
  readonly message: unknown;
  readonly contentType: unknown;
  readonly body: string;
  readonly isAllHead: boolean;
  readonly headers: IncomingHttpHeaders;
}

function ask(client: ClientHttp2Session, path: string, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const all = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...headers };
    const stream = client.request(all);
    let head: IncomingHttpHeaders & { ":status"?: number } = {};
    let trailers: IncomingHttpHeaders = {};
    let isAllHead = false;
    let body = "";
    stream.on("response", (fields, flags) => {
      head = fields;
      isAllHead = (flags & 1) !== 0;
    });
    stream.on("trailers", (fields) => {
      trailers = fields;
    });
    stream.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    stream.on("error", reject);
    stream.on("close", () =>
      resolve({
        status: head[":status"],
        grpc: trailers["grpc-status"] ?? head["grpc-status"],
        message: head["grpc-message"],
        contentType: head["content-type"],
        body,
        isAllHead,
        headers: head,
      }),
    );
    stream.end();
  });
}

const broken = "upstream connect error or disconnect/reset before headers.";

describe.each(kinds)("gRPC on %s", (kind) => {
  let port = 0;
  let client: ClientHttp2Session;
  beforeAll(async () => {
    const clusters = { app: { port: await startApp(), options: HTTP2 }, dead: { port: 1, options: HTTP2 } };
    port = await startConfigured(kind, (at) => bootstrapOf(at, routes, clusters));
    client = connect(`http://127.0.0.1:${port}`);
    client.on("error", () => {});
    onCleanUp(() => client.destroy());
  });

  it.each([
    ["/nowhere", "12", undefined],
    ["/401", "16", "no %25 %C3%BC entry"],
    ["/403", "7", undefined],
    ["/429", "14", undefined],
    ["/400", "13", undefined],
    ["/500", "2", undefined],
    ["/200", "2", "ok"],
    ["/redirect", "2", undefined],
    ["/dead", "14", `${broken} reset reason: remote connection failure`],
    ["/app/reset", "14", `${broken} reset reason: remote reset`],
    ["/app/refused", "14", `${broken} reset reason: remote refused stream reset`],
  ])("answers %s with grpc-status %s in a head that ends the response", async (path, status, message) => {
    const reply = await ask(client, path);
    expect([reply.status, reply.grpc, reply.message, reply.body]).toEqual([200, status, message, ""]);
    expect([reply.contentType, reply.isAllHead]).toEqual(["application/grpc", true]);
    expect(reply.headers["content-length"]).toBe(undefined);
  });

  it.each(["application/grpc-web", "application/grpc;x=1", "application/json"])("takes %s for HTTP", async (type) => {
    const reply = await ask(client, "/401", { "content-type": type });
    expect([reply.status, reply.grpc, reply.body]).toEqual([401, undefined, "no % ü entry"]);
  });

  it("answers gRPC in HTTP/1.1 alike", async () => {
    const text = await sendRaw(
      port,
      "POST /403 HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n",
    );
    expect(text).toContain("HTTP/1.1 200 OK\r\n");
    expect(text).toContain("content-type: application/grpc\r\ngrpc-status: 7\r\n");
  });

  it("matches routes that are for gRPC", async () => {
    expect(await ask(client, "/only")).toMatchObject({ status: 200, grpc: "0", body: "reply" });
    expect(await ask(client, "/only", { "content-type": "text/plain" })).toMatchObject({ status: 418 });
  });

  it.each([
    ["timeout", undefined, "14", "upstream request timeout", undefined],
    ["timeout", "50m", "14", "upstream request timeout", "50m"],
    ["both", undefined, "4", "downstream duration timeout", "400m"],
    ["header", "100m", "4", "downstream duration timeout", "100m"],
    ["header", "9S", "4", "downstream duration timeout", "500m"],
    ["max", "100m", "14", "upstream request timeout", "100m"],
    ["max", undefined, "14", "upstream request timeout", "400m"],
  ])("route %s with grpc-timeout %s ends with %s, %s; the app is told %s", async (name, sent, status, words, told) => {
    asked = [];
    const reply = await ask(client, "/hang", {
      "x-route": name,
      ...(sent === undefined ? {} : { "grpc-timeout": sent }),
    });
    expect([reply.status, reply.grpc, reply.message]).toEqual([200, status, encodeURI(words).replaceAll("%20", " ")]);
    expect(asked).toEqual([told]);
  });

  it("tries again when the head says unavailable, and not when the trailers do", async () => {
    tries = 0;
    expect(await ask(client, "/flaky/head")).toMatchObject({ status: 200, grpc: "0", body: "reply" });
    expect(tries).toBe(3);
    tries = 0;
    expect(await ask(client, "/flaky/trailers")).toMatchObject({ status: 200, grpc: "14" });
    expect(tries).toBe(1);
  });
});

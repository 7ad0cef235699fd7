// Authorizers and callers that mean harm, or are broken: what they say ends in one answer, and nothing of it stays. Rule: after each
// attack a well-behaved caller is served.

import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { grpcAuthorizer, httpAuthorizer, OK, say } from "./support/authorizers";
import { bootstrapOf, filter, freePort, ROUTER, startConfigured, typed } from "./support/both-proxies";
import { call, cleanUp, onCleanUp, portOf, startOrigin, startRawServer } from "./support/network";

afterAll(cleanUp);

const MIB = 1024 * 1024;
const asked: string[] = [];
let port: number;
let adminPort: number;
/** What reached the app, as it came. */
const reached: string[] = [];

const grpc = { transport_api_version: "V3", grpc_service: { envoy_grpc: { cluster_name: "grpc" }, timeout: "10s" } };
const FILTERS = {
  grpc,
  held: { ...grpc, with_request_body: { max_request_bytes: MIB } },
  http: {
    http_service: {
      server_uri: { uri: "http://x.test", cluster: "http", timeout: "10s" },
      authorization_request: { allowed_headers: { patterns: [{ prefix: "x-" }] } },
    },
  },
  drip: { http_service: { server_uri: { uri: "http://x.test", cluster: "drip", timeout: "0.2s" } } },
  endless: { http_service: { server_uri: { uri: "http://x.test", cluster: "endless", timeout: "10s" } } },
  noise: { ...grpc, grpc_service: { envoy_grpc: { cluster_name: "noise" }, timeout: "10s" } },
};

beforeAll(async () => {
  const listening = async (server: ReturnType<typeof grpcAuthorizer> | ReturnType<typeof httpAuthorizer>) => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onCleanUp(() => void server.close());
    return portOf(server);
  };
  const { port: app } = await startOrigin((incoming, response) => {
    const { method, url, rawHeaders } = incoming;
    reached.push(`${method} ${url} ${rawHeaders.filter((_, index) => index % 2 === 0).join(" ")}`);
    incoming.resume();
    incoming.on("end", () => response.end("app"));
  });
  const HTTP1 = { http_protocol_options: {} };
  const HTTP2 = { http2_protocol_options: {} };
  const forever = (write: (socket: Socket) => void, everyMs: number) => (socket: Socket) => {
    const timer = setInterval(() => write(socket), everyMs);
    socket.on("close", () => clearInterval(timer));
  };
  const drip = await startRawServer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
    forever((one) => void one.write("y"), 20)(socket);
  });
  const endless = await startRawServer((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 403 no\r\ntransfer-encoding: chunked\r\n\r\n");
      forever((one) => void one.write(`10000\r\n${"x".repeat(65_536)}\r\n`), 1)(socket);
    });
  });
  const noise = await startRawServer((socket) => socket.on("data", () => socket.write(Buffer.alloc(65_536, 0xff))));
  const clusters = {
    app: { port: app, options: HTTP1 },
    grpc: { port: await listening(grpcAuthorizer((path) => asked.push(path))), options: HTTP2 },
    http: { port: await listening(httpAuthorizer()), options: HTTP1 },
    drip: { port: drip, options: HTTP1 },
    endless: { port: endless, options: HTTP1 },
    noise: { port: noise, options: HTTP2 },
  };
  const names = Object.keys(FILTERS);
  const off = typed("ext_authz.v3.ExtAuthzPerRoute", { disabled: true });
  const routes = names.map((name) => ({
    match: { prefix: "/", headers: [{ name: "x-filter", string_match: { exact: name } }] },
    route: { cluster: "app" },
    typed_per_filter_config: Object.fromEntries(names.filter((one) => one !== name).map((one) => [one, off])),
  }));
  const list = Object.entries(FILTERS).map(([name, value]) => filter(name, "ext_authz.v3.ExtAuthz", value));
  adminPort = await freePort();
  const admin = { address: { socket_address: { address: "127.0.0.1", port_value: adminPort } } };
  port = await startConfigured("meshwright", (at) => {
    const bootstrap = bootstrapOf(at, routes, clusters, { http_filters: [...list, ROUTER] });
    return JSON.stringify({ ...JSON.parse(bootstrap), admin });
  });
});

const ask = (name: string, answer: object | string = OK, more: Record<string, string> = {}) =>
  call(port, { headers: { "x-filter": name, "x-say": say(answer), ...more } });
const ok = (ok_response: object) => ({ status: {}, ok_response });
const set = (key: string, value: string) => ok({ headers: [{ header: { key, value } }] });

afterEach(async () => {
  expect((await ask("grpc")).body).toBe("app");
});

test.each([
  ["a line break in a value", set("x-a", "1\r\nx-evil: 1")],
  ["NUL in a value", set("x-a", "\0")],
  ["a space in a name", set("x a", "1")],
  ["an empty name", set("", "1")],
  ["a method", set(":method", "DELETE")],
  ["a scheme", set(":scheme", "https")],
  ["a path that is none", set(":path", "http://evil.test/")],
  ["a space in a path", set(":path", "/a HTTP/1.1\r\n\r\nGET /evil")],
  ["a host that is none", set("host", "evil@app.test")],
  ["a query that breaks the request line", ok({ query_parameters_to_set: [{ key: "a", value: " HTTP/1.1\r\nx: y" }] })],
  [
    "a line break on the response",
    ok({ response_headers_to_add: [{ header: { key: "x", value: "\r\n\r\n<html>" } }] }),
  ],
  [
    "more headers than a request may have",
    ok({ headers: Array.from({ length: 200 }, (_, i) => ({ header: { key: `x-${i}`, value: "1" } })) }),
  ],
  ["headers larger than a request may have", "wide"],
  [
    "a line break in a refusal",
    { status: { code: 7 }, denied_response: { headers: [{ header: { key: "x", value: "\n" } }] } },
  ],
])("%s is a 500, and nothing reaches the app", async (_what, answer) => {
  reached.length = 0;
  const reply = await ask("grpc", answer);
  expect([reply.status, reply.body, reached]).toEqual([500, "", []]);
});

test("framing stays the proxy's, whatever an authorizer sets", async () => {
  reached.length = 0;
  const framing = ["content-length", "transfer-encoding", "connection", "upgrade"].map((key) => ({
    header: { key, value: key === "content-length" ? "5" : "chunked" },
  }));
  const { status, body } = await ask("grpc", ok({ headers: framing, response_headers_to_add: framing }));
  expect([status, body]).toEqual([200, "app"]);
  expect(reached.join()).not.toMatch(/content-length|transfer-encoding|upgrade/i);
  const refusal = await ask("grpc", { status: { code: 7 }, denied_response: { headers: framing, body: "no" } });
  expect([refusal.status, refusal.body]).toEqual([403, "no"]);
});

test.each([99, 199, 600, 1000])("a refusal with status %i is a 403", async (code) => {
  expect((await ask("grpc", { status: { code: 7 }, denied_response: { status: { code } } })).status).toBe(403);
});

test("a refusal without a body by its status has none", async () => {
  const reply = await ask("grpc", { status: { code: 7 }, denied_response: { status: { code: 204 }, body: "x" } });
  expect([reply.status, reply.body]).toEqual([204, ""]);
});

test.each(["giant", "broken"])("an answer that is %s is no answer, by either service", async (answer) => {
  expect((await ask("grpc", answer)).status).toBe(403);
  expect((await ask("http", answer)).status).toBe(403);
});

test.each(["drip", "endless", "noise"])("an authorizer that is %s is given up", async (name) => {
  expect((await ask(name)).status).toBe(403);
});

test("bodies that wait for their end are held up to a limit in all, and given back when their callers leave", async () => {
  const head = `POST / HTTP/1.1\r\nhost: a\r\nx-filter: held\r\ncontent-length: ${MIB}\r\n\r\n`;
  const callers: Socket[] = [];
  const texts: string[] = [];
  for (let i = 0; i < 66; i++) {
    const socket = connect(port, "127.0.0.1");
    callers.push(socket);
    texts.push("");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      texts[i] += chunk.toString("latin1");
    });
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    socket.write(`${head}part`);
  }
  const refused = () => texts.filter((text) => text.startsWith("HTTP/1.1 503"));
  await vi.waitFor(() => expect(refused()).toHaveLength(2), 20_000);
  for (const socket of callers) socket.destroy();
  await vi.waitFor(async () => {
    const reply = await call(port, { method: "POST", body: "all of it", headers: { "x-filter": "held" } });
    expect(reply.body).toBe("app");
  }, 20_000);
});

test("outcomes are counted by where requests go, under Envoy's names", async () => {
  const counted = async () => {
    const { body } = await call(adminPort, { path: "/stats/prometheus" });
    const lines = body.matchAll(/^meshwright_ext_authz_total\{cluster="app",outcome="(\w+)"\} (\d+)$/gm);
    return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
  };
  const before = await counted();
  await ask("grpc");
  await ask("grpc", { status: { code: 7 } });
  await ask("grpc", "reset");
  const after = await counted();
  const grown = (outcome: string) => (after[outcome] ?? 0) - (before[outcome] ?? 0);
  expect(["ok", "denied", "error"].map(grown)).toEqual([1, 1, 1]);
  const { body } = await call(adminPort, { path: "/stats" });
  expect(body).toContain(`cluster.app.ext_authz.denied: ${after["denied"]}`);
});

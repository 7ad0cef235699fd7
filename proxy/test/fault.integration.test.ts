// Injected faults on our proxy, and on Envoy where ENVOY_BIN names it: the same configuration, the same answers and log lines.
// Rule: shares are 0 or all of the requests, so that every expectation is certain; what is drawn between is a unit test.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bootstrapOf, filter, kinds, logging, ROUTER, startConfigured, typed } from "./support/both-proxies";
import { cleanUp, onCleanUp, startOrigin } from "./support/network";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const ALL = { numerator: 100 };
const FAULT = "fault.v3.HTTPFault";
const abort = (httpStatus: number, percentage: object = ALL) => ({ abort: { http_status: httpStatus, percentage } });
const delay = (fixedDelay: string, percentage: object = ALL) => ({ delay: { fixed_delay: fixedDelay, percentage } });
const slow = (kibPerSecond: number) => ({
  response_rate_limit: { fixed_limit: { limit_kbps: kibPerSecond }, percentage: ALL },
});
const says = (fault: object) => ({ typed_per_filter_config: { fault: typed(FAULT, fault) } });
const toApp = (over: object = {}) => ({ route: { cluster: "app", timeout: "0s", ...over } });
const weighted = (fault: object) => ({
  route: { weighted_clusters: { clusters: [{ name: "app", weight: 1, ...says(fault) }] } },
});

const routes = [
  { match: { prefix: "/abort" }, ...toApp(), ...says(abort(503)) },
  { match: { prefix: "/never" }, ...toApp(), ...says(abort(503, { numerator: 0 })) },
  { match: { prefix: "/unset" }, ...toApp(), ...says({ abort: { http_status: 503 } }) },
  { match: { prefix: "/million" }, ...toApp(), ...says(abort(418, { numerator: 1_000_000, denominator: "MILLION" })) },
  { match: { prefix: "/grpc-8" }, ...toApp(), ...says({ abort: { grpc_status: 8, percentage: ALL } }) },
  { match: { prefix: "/delay" }, ...toApp(), ...says(delay("0.02s")) },
  { match: { prefix: "/tiny" }, ...toApp(), ...says(delay("0.0009s")) },
  { match: { prefix: "/both" }, ...toApp(), ...says({ ...delay("0.02s"), ...abort(500) }) },
  { match: { prefix: "/direct" }, direct_response: { status: 200 }, ...says(delay("0.02s")) },
  { match: { prefix: "/dead" }, route: { cluster: "dead" }, ...says(delay("0.02s")) },
  { match: { prefix: "/late" }, ...toApp({ timeout: "0.05s" }), ...says(delay("0.2s")) },
  {
    match: { prefix: "/header" },
    ...toApp(),
    ...says({ ...abort(502), headers: [{ name: "x-fault", present_match: true }] }),
  },
  { match: { prefix: "/cluster" }, ...toApp(), ...says({ ...abort(502), upstream_cluster: "app" }) },
  { match: { prefix: "/elsewhere" }, ...toApp(), ...says({ ...abort(502), upstream_cluster: "other" }) },
  { match: { prefix: "/capped" }, ...toApp(), ...says({ ...abort(502), max_active_faults: 0 }) },
  { match: { prefix: "/weighted" }, ...weighted(abort(599)), ...says(abort(503)) },
  { match: { prefix: "/off" }, ...toApp(), ...says({}) },
  {
    match: { prefix: "/life" },
    ...toApp({ max_stream_duration: { max_stream_duration: "0.05s" } }),
    ...says(delay("30s")),
  },
  { match: { prefix: "/held" }, ...toApp(), ...says({ ...delay("60s"), max_active_faults: 1 }) },
  { match: { prefix: "/slow" }, ...toApp({ timeout: "1s" }), ...says(slow(32)) },
  { match: { prefix: "/crawl" }, ...toApp(), ...says({ ...slow(1), max_active_faults: 1 }) },
  { match: { prefix: "/second" }, ...toApp(), ...says({ ...abort(418), max_active_faults: 1 }) },
  { match: { prefix: "/" }, ...toApp() },
];

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, unknown>;
}

function send(port: number, path: string, headers: OutgoingHttpHeaders = {}, body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const call = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { date: _, ...rest } = response.headers;
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), headers: rest });
      });
    });
    call.on("error", reject);
    call.end(body);
  });
}

function statusOf(client: ClientHttp2Session, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const stream = client.request({ ":path": path });
    stream.on("response", (headers) => resolve(headers[":status"]));
    stream.on("error", reject);
    stream.resume();
  });
}

const GRPC = { "content-type": "application/grpc", te: "trailers" };

describe.each(kinds)("faults on %s", (kind) => {
  let port = 0;
  let log = "";
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "meshwright-fault-"));
    onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
    log = join(folder, "access.log");
    const app = await startOrigin((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => response.end(`app ${Buffer.concat(chunks).toString()}`));
    });
    const clusters = { app: { port: app.port, options: HTTP1 }, dead: { port: 1, options: HTTP1 } };
    const listener = {
      http_filters: [filter("fault", FAULT, abort(444)), ROUTER],
      route_config: {
        virtual_hosts: [
          { name: "quiet", domains: ["quiet.test"], routes, ...says({}) },
          { name: "all", domains: ["*"], routes, ...says(abort(429)) },
          { name: "bare", domains: ["bare.test"], routes: [{ match: { prefix: "/known" }, ...toApp() }] },
        ],
      },
      ...logging(
        log,
        "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER%",
      ),
    };
    port = await startConfigured(kind, (at) => bootstrapOf(at, [], clusters, listener));
  });

  const cases: [path: string, status: number, flags: string, headers?: OutgoingHttpHeaders][] = [
    ["/abort", 503, "FI"],
    ["/never", 200, "-"],
    ["/unset", 200, "-"],
    ["/million", 418, "FI"],
    ["/grpc-8", 200, "FI"],
    ["/delay", 200, "DI"],
    ["/tiny", 200, "-"],
    ["/both", 500, "DI,FI"],
    ["/direct", 200, "DI"],
    ["/late", 200, "DI"],
    ["/header/without", 200, "-"],
    ["/header/with", 502, "FI", { "x-fault": "1" }],
    ["/cluster", 502, "FI"],
    ["/elsewhere", 200, "-"],
    ["/capped", 200, "-"],
    ["/weighted", 599, "FI"],
    ["/off", 200, "-"],
    ["/host-says", 429, "FI"],
    ["/host-quiet", 200, "-", { host: "quiet.test" }],
    ["/known/filter-says", 444, "FI", { host: "bare.test" }],
    ["/no-route", 444, "FI", { host: "bare.test" }],
  ];
  test.each(cases)("%s answers %i and is logged as %s", async (path, status, flags, headers = {}) => {
    const reply = await send(port, path, headers);
    expect(reply.status).toBe(status);
    const isAborted = flags.endsWith("FI");
    if (path !== "/direct") expect(reply.body).toBe(isAborted ? "fault filter abort" : "app ");
    if (isAborted) expect(reply.headers).toMatchObject({ "content-type": "text/plain", "content-length": "18" });
    await vi.waitFor(() => {
      const line = readFileSync(log, "utf8")
        .split("\n")
        .find((each) => each.startsWith(`${path} `));
      const details = isAborted ? "fault_filter_abort" : path === "/direct" ? "direct_response" : "via_upstream";
      const cluster = path === "/direct" || path === "/no-route" ? "-" : "app";
      expect(line).toBe(`${path} ${status} ${flags} ${details} ${cluster}`);
    });
  });

  test("a request that was held keeps its body", async () => {
    const body = "x".repeat(200_000);
    expect((await send(port, "/delay/body", {}, body)).body).toBe(`app ${body}`);
  });

  test("a slow answer comes whole, in the caller's time and not in the route's", async () => {
    const body = "0123456789".repeat(4800);
    const reply = await send(port, "/slow/body", {}, body);
    expect([reply.status, reply.body === `app ${body}`]).toEqual([200, true]);
    await vi.waitFor(() => expect(readFileSync(log, "utf8")).toMatch(/^\/slow\/body 200 - via_upstream app$/m));
  });

  test("a slow answer is a fault until it is over, or its caller has gone", async () => {
    const client = connect(`http://127.0.0.1:${port}`);
    const crawling = client.request({ ":path": "/crawl/1", ":method": "POST" });
    crawling.on("error", () => {});
    crawling.resume();
    crawling.end("x".repeat(64 * 1024));
    await new Promise((resolve) => crawling.once("response", resolve));
    expect(await statusOf(client, "/second/3")).toBe(200);
    crawling.close(8);
    await vi.waitFor(async () => expect(await statusOf(client, "/second/4")).toBe(418));
    await vi.waitFor(() => expect(readFileSync(log, "utf8")).toMatch(/^\/crawl\/1 200 D[CR] /m));
    client.close();
  });

  test("what fails after a delay is logged with both flags", async () => {
    expect((await send(port, "/dead")).status).toBe(503);
    await vi.waitFor(() => expect(readFileSync(log, "utf8")).toMatch(/^\/dead 503 DI,UF /m));
  });

  test("a request is given up while it is held when its time is over", async () => {
    expect((await send(port, "/life")).status).toBe(504);
    await vi.waitFor(() => expect(readFileSync(log, "utf8")).toMatch(/^\/life 504 DI max_duration_timeout /m));
  });

  test("as many requests have a fault at once as are allowed, until they end", async () => {
    const client = connect(`http://127.0.0.1:${port}`);
    const held = client.request({ ":path": "/held/1" });
    held.on("error", () => {});
    // On one connection requests are taken in order: the first is held when the second comes.
    expect(await statusOf(client, "/second/1")).toBe(200);
    expect(await statusOf(client, "/held/2")).toBe(200);
    held.close(8);
    await vi.waitFor(async () => expect(await statusOf(client, "/second/2")).toBe(418));
    client.close();
  });

  test("gRPC callers get a status of gRPC", async () => {
    expect((await send(port, "/abort/g", GRPC, "")).headers).toMatchObject({
      "grpc-status": "14",
      "grpc-message": "fault filter abort",
    });
    expect((await send(port, "/grpc-8/g", GRPC, "")).headers).toMatchObject({
      "grpc-status": "8",
      "grpc-message": "fault filter abort",
    });
  });
});

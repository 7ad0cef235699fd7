// Local rate limits on our proxy, and on Envoy where ENVOY_BIN names it: the same configuration, the same answers and log lines.
// Rule: buckets are filled so slowly that no test waits for a token; how they fill is a unit test.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bootstrapOf, filter, kinds, logging, ROUTER, startConfigured, typed } from "./support/both-proxies";
import { cleanUp, onCleanUp, startOrigin } from "./support/network";
import { type Reply, send } from "./support/send";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const LIMIT = "local_ratelimit.v3.LocalRateLimit";
const ALL = { default_value: { numerator: 100 } };
const bucket = (max: number, over: object = {}) => ({
  token_bucket: { max_tokens: max, fill_interval: "600s", ...over },
});
const limit = (max: number, over: object = {}) => ({
  stat_prefix: "limit",
  ...bucket(max),
  filter_enabled: ALL,
  filter_enforced: ALL,
  ...over,
});
const says = (config: object) => ({ typed_per_filter_config: { limit: typed(LIMIT, config) } });
const toApp = { route: { cluster: "app", timeout: "0s" } };
const TELLS = { enable_x_ratelimit_headers: "DRAFT_VERSION_03" };
const header = (key: string, value: string, over: object = {}) => ({ header: { key, value }, ...over });

const routes = [
  { match: { prefix: "/two" }, ...toApp, ...says(limit(2, TELLS)) },
  {
    match: { prefix: "/steady" },
    ...toApp,
    ...says(limit(1, { ...bucket(1, { tokens_per_fill: 1000 }), ...TELLS, filter_enforced: { default_value: {} } })),
  },
  { match: { prefix: "/silent" }, ...toApp, ...says(limit(1)) },
  { match: { prefix: "/status" }, ...toApp, ...says(limit(1, { status: { code: "Forbidden" } })) },
  { match: { prefix: "/no-error" }, ...toApp, ...says(limit(1, { status: { code: "OK" } })) },
  {
    match: { prefix: "/headers" },
    ...toApp,
    ...says(
      limit(1, {
        response_headers_to_add: [
          header("x-limited", "a"),
          header("x-limited", "b"),
          header("content-type", "text/limit", { append_action: "OVERWRITE_IF_EXISTS_OR_ADD" }),
        ],
      }),
    ),
  },
  { match: { prefix: "/disabled" }, ...toApp, ...says({ stat_prefix: "limit", ...bucket(1) }) },
  {
    match: { prefix: "/shadow" },
    ...toApp,
    ...says({
      stat_prefix: "limit",
      ...bucket(1),
      ...TELLS,
      filter_enabled: ALL,
      request_headers_to_add_when_not_enforced: [header("x-would", "be limited")],
    }),
  },
  { match: { prefix: "/exhausted" }, ...toApp, ...says(limit(1, { rate_limited_as_resource_exhausted: true })) },
  { match: { prefix: "/direct" }, direct_response: { status: 204 }, ...says(limit(1, TELLS)) },
  {
    match: { prefix: "/weighted" },
    route: { weighted_clusters: { clusters: [{ name: "app", weight: 1, ...says(limit(1)) }] } },
    ...says(limit(100)),
  },
  { match: { prefix: "/shared/a" }, ...toApp },
  { match: { prefix: "/shared/b" }, ...toApp },
  { match: { prefix: "/unavailable" }, ...toApp, ...says(limit(1)) },
];

const toldIn = ({ headers }: Reply) =>
  ["limit", "remaining", "reset"].map((name) => headers[`x-ratelimit-${name}`] ?? null);

describe.each(kinds)("local rate limits on %s", (kind) => {
  let port = 0;
  let log = "";
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "meshwright-limit-"));
    onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
    log = join(folder, "access.log");
    const app = await startOrigin((incoming, response) => {
      if (incoming.url?.endsWith("own")) response.setHeader("x-ratelimit-limit", "7");
      response.end(`app ${incoming.headers["x-would"] ?? ""}`);
    });
    const listener = {
      http_filters: [filter("limit", LIMIT, { stat_prefix: "limit" }), ROUTER],
      route_config: {
        virtual_hosts: [
          {
            name: "all",
            domains: ["*"],
            routes: [...routes.filter(({ match }) => !match.prefix.startsWith("/shared"))],
          },
          {
            name: "shared",
            domains: ["shared.test"],
            routes: routes.filter(({ match }) => match.prefix.startsWith("/shared")),
            ...says(limit(2)),
          },
          { name: "bare", domains: ["bare.test"], routes: [{ match: { prefix: "/" }, ...toApp }] },
        ],
      },
      ...logging(log, "%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%"),
    };
    port = await startConfigured(kind, (at) =>
      bootstrapOf(at, [], { app: { port: app.port, options: HTTP1 } }, listener),
    );
  });

  async function statuses(path: string, count: number, headers: OutgoingHttpHeaders = {}): Promise<number[]> {
    const found: number[] = [];
    while (found.length < count) found.push((await send(port, path, headers)).status);
    return found;
  }

  test("tokens are spent, then requests are refused, logged as such, with what is left on every response", async () => {
    const [first, second, third] = [await send(port, "/two"), await send(port, "/two/own"), await send(port, "/two/3")];
    expect(first).toMatchObject({ status: 200, body: "app " });
    expect(toldIn(first)).toEqual(["2", "1", "0"]);
    expect(toldIn(second)).toEqual(["7, 2", "0", "600"]);
    expect(third).toMatchObject({ status: 429, body: "local_rate_limited" });
    expect(third.headers).toMatchObject({ "content-type": "text/plain", "content-length": "18" });
    expect(third.headers["x-envoy-ratelimited"]).toBeUndefined();
    expect(toldIn(third)).toEqual(["2", "0", "600"]);
    await vi.waitFor(() => {
      expect(readFileSync(log, "utf8")).toContain("/two 200 - via_upstream\n");
      expect(readFileSync(log, "utf8")).toContain("/two/3 429 RL local_rate_limited\n");
    });
  });

  test("the time to the next token follows the rate of filling", async () => {
    await send(port, "/steady");
    expect(toldIn(await send(port, "/steady"))).toEqual(["1", "0", "1"]);
  });

  test("the status is the configured one, but never one that is no error", async () => {
    expect(await statuses("/silent", 2)).toEqual([200, 429]);
    expect(toldIn(await send(port, "/silent"))).toEqual([null, null, null]);
    expect(await statuses("/status", 2)).toEqual([200, 403]);
    expect(await statuses("/no-error", 2)).toEqual([200, 429]);
  });

  test("refusals carry the configured headers", async () => {
    expect((await send(port, "/headers")).headers["x-limited"]).toBeUndefined();
    expect((await send(port, "/headers")).headers).toMatchObject({ "x-limited": "a, b", "content-type": "text/limit" });
  });

  test("without filter_enabled nothing is limited; without filter_enforced it is only told", async () => {
    expect(await statuses("/disabled", 3)).toEqual([200, 200, 200]);
    expect((await send(port, "/shadow")).body).toBe("app ");
    const would = await send(port, "/shadow/2");
    expect(would).toMatchObject({ status: 200, body: "app be limited" });
    expect(toldIn(would)).toEqual(["1", "0", "600"]);
    await vi.waitFor(() => expect(readFileSync(log, "utf8")).toContain("/shadow/2 200 - via_upstream\n"));
  });

  test("gRPC callers get UNAVAILABLE, or RESOURCE_EXHAUSTED where asked for", async () => {
    const grpc = { "content-type": "application/grpc", te: "trailers" };
    await send(port, "/exhausted");
    expect((await send(port, "/exhausted", grpc)).headers).toMatchObject({
      "grpc-status": "8",
      "grpc-message": "local_rate_limited",
    });
    await send(port, "/unavailable");
    expect((await send(port, "/unavailable", grpc)).headers).toMatchObject({ "grpc-status": "14" });
  });

  test("answers of the proxy itself are limited and told alike", async () => {
    expect(toldIn(await send(port, "/direct"))).toEqual(["1", "0", "600"]);
    expect((await send(port, "/direct")).status).toBe(429);
  });

  test("the most specific bucket counts; one of a virtual host is shared by its routes", async () => {
    expect(await statuses("/weighted", 2)).toEqual([200, 429]);
    const host = { host: "shared.test" };
    expect(await statuses("/shared/a", 1, host)).toEqual([200]);
    expect(await statuses("/shared/b", 2, host)).toEqual([200, 429]);
    expect(await statuses("/shared/a", 1, host)).toEqual([429]);
    expect(await statuses("/x", 3, { host: "bare.test" })).toEqual([200, 200, 200]);
  });
});

// Global rate limits on our proxy, and on Envoy where ENVOY_BIN names it: the same configuration and the same scripted service, the
// same questions, answers and log lines. Rule: what the service was asked comes back in x-asked, so each case shows both sides.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { OutgoingHttpHeaders, Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bootstrapOf, filter, kinds, logging, ROUTER, startConfigured, typed } from "./support/both-proxies";
import { cleanUp, onCleanUp, portOf, startOrigin } from "./support/network";
import { rateLimitServer } from "./support/rls";
import { type Reply, send } from "./support/send";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const HTTP2 = { http2_protocol_options: {} };
const LIMIT = "ratelimit.v3.RateLimit";
const ASKS_SLOWLY = "5s";
const service = (cluster: string) => ({
  rate_limit_service: { grpc_service: { envoy_grpc: { cluster_name: cluster } }, transport_api_version: "V3" },
});
const limit = (name: string, over: object = {}, cluster = "rls") =>
  filter(name, LIMIT, { domain: "shop", timeout: ASKS_SLOWLY, ...service(cluster), ...over });
const actions = (...list: object[]) => ({ actions: list });
const fixed = (value: string, key?: string) => ({
  generic_key: { descriptor_value: value, ...(key ? { descriptor_key: key } : {}) },
});
const byHeader = (name: string, over: object = {}) => ({
  request_headers: { header_name: name, descriptor_key: name.replace(/^x-/, ""), ...over },
});
/** What the script does: x-do of the caller. */
const DO = actions(byHeader("x-do"));
const counted = (prefix: string, list: object[], over: object = {}, more: object = {}) => ({
  match: { prefix },
  route: { cluster: "app", rate_limits: list, ...over },
  ...more,
});
const perRoute = (over: object) => ({
  typed_per_filter_config: { limit: typed("ratelimit.v3.RateLimitPerRoute", over) },
});

const ROUTES = [
  counted("/do", [DO]),
  counted("/all", [
    actions(
      { source_cluster: {} },
      { destination_cluster: {} },
      { remote_address: {} },
      fixed("a"),
      fixed("b", "named"),
    ),
    actions({ masked_remote_address: { v4_prefix_mask_len: 20 } }, { masked_remote_address: {} }),
  ]),
  counted("/masked6", [actions({ masked_remote_address: { v4_prefix_mask_len: 9, v6_prefix_mask_len: 53 } })]),
  counted("/header", [
    actions(byHeader("x-user"), fixed("after")),
    actions(byHeader("x-plan", { skip_if_absent: true }), fixed("always")),
    actions(byHeader(":path")),
  ]),
  counted("/only-skipped", [actions(byHeader("x-plan", { skip_if_absent: true }))]),
  counted("/match", [
    actions({
      header_value_match: {
        descriptor_value: "both",
        headers: [
          { name: "x-a", present_match: true },
          { name: "x-b", string_match: { exact: "1" } },
        ],
      },
    }),
    actions({
      header_value_match: {
        descriptor_key: "lacks",
        descriptor_value: "a",
        expect_match: false,
        headers: [{ name: "x-a", present_match: true }],
      },
    }),
    actions({
      query_parameter_value_match: {
        descriptor_value: "q",
        query_parameters: [{ name: "q", string_match: { prefix: "1" } }],
      },
    }),
    actions({
      query_parameter_value_match: {
        descriptor_key: "no-z",
        descriptor_value: "z",
        expect_match: false,
        query_parameters: [{ name: "z" }],
      },
    }),
  ]),
  counted("/staged", [
    { stage: 1, ...actions(fixed("late")) },
    { stage: 0, disable_key: "off", ...actions(fixed("early")) },
  ]),
  counted("/elsewhere", [DO, actions(fixed("x"))], {}, perRoute({ domain: "other" })),
  { match: { prefix: "/direct" }, direct_response: { status: 204 } },
  counted("/nowhere", [actions(fixed("x"))], { cluster: "unknown" }),
  counted("/none", []),
];

const HOST_ROUTES = [
  counted("/own", [actions(fixed("own"))]),
  counted("/host", []),
  counted("/both", [actions(fixed("own"))], { include_vh_rate_limits: true }),
  counted("/include", [actions(fixed("own"))], {}, perRoute({ vh_rate_limits: "INCLUDE" })),
  counted("/ignore", [], {}, perRoute({ vh_rate_limits: "IGNORE" })),
  counted("/override", [actions(fixed("own"))], {}, perRoute({ vh_rate_limits: "OVERRIDE" })),
];

const asked = ({ headers }: Reply) => headers["x-asked"] ?? null;

describe.each(kinds)("global rate limits on %s", (kind) => {
  const ports = new Map<string, number>();
  let log = "";
  let clusters: Parameters<typeof bootstrapOf>[2];
  const questions: string[] = [];

  /** A proxy whose filter is this one; kept for the other tests. */
  async function proxyWith(over: object = {}, cluster = "rls", more: readonly object[] = []): Promise<number> {
    const key = JSON.stringify([over, cluster, more]);
    const known = ports.get(key);
    if (known !== undefined) return known;
    const port = await startConfigured(kind, (at) =>
      bootstrapOf(at, [], clusters, {
        http_filters: [limit("limit", over, cluster), ...more, ROUTER],
        route_config: {
          validate_clusters: false,
          virtual_hosts: [
            { name: "all", domains: ["*"], routes: ROUTES },
            {
              name: "host",
              domains: ["host.test"],
              rate_limits: [actions(fixed("host"))],
              routes: HOST_ROUTES,
            },
          ],
        },
        ...logging(log, "%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%"),
      }),
    );
    ports.set(key, port);
    return port;
  }

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "meshwright-ratelimit-"));
    onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
    log = join(folder, "access.log");
    const app = await startOrigin((incoming, response) => response.end(`app ${incoming.headers["x-added"] ?? ""}`));
    const rls = rateLimitServer((words) => questions.push(words));
    await new Promise<void>((resolve) => rls.listen(0, "127.0.0.1", resolve));
    onCleanUp(() => void (rls as unknown as Server).close());
    clusters = {
      app: { port: app.port, options: HTTP1 },
      rls: { port: portOf(rls), options: HTTP2 },
      dead: { port: 1, options: HTTP2 },
    };
    await proxyWith();
  });

  const ask = async (path: string, headers: OutgoingHttpHeaders = {}): Promise<Reply> =>
    send(await proxyWith(), path, headers);
  const logged = (line: string) => vi.waitFor(() => expect(readFileSync(log, "utf8")).toContain(`${line}\n`), 5000);

  test("what is within its limit goes on, with the headers that the service adds both ways", async () => {
    const reply = await ask("/do", { "x-do": "add" });
    expect(reply).toMatchObject({ status: 200, body: "app by the service" });
    expect(reply.headers).toMatchObject({ "x-told": "by the service", "x-asked": "shop|do=add" });
    expect(await ask("/do", { "x-do": "unknown" })).toMatchObject({ status: 200, body: "app " });
  });

  test("what is over its limit is 429, says so in its flags and in x-envoy-ratelimited", async () => {
    const reply = await ask("/do/over", { "x-do": "over" });
    expect(reply).toMatchObject({ status: 429, body: "" });
    expect(reply.headers).toMatchObject({ "x-envoy-ratelimited": "true", "x-asked": "shop|do=over" });
    expect(reply.headers["content-type"]).toBeUndefined();
    await logged("/do/over 429 RL request_rate_limited");
    const body = await ask("/do", { "x-do": "body" });
    expect(body).toMatchObject({ status: 429, body: "too much" });
    expect(body.headers["content-type"]).toBe("text/plain");
    expect((await ask("/do", { "x-do": "typed" })).headers["content-type"]).toBe("application/json");
  });

  test("actions say by what a request is counted, in order; one that has nothing to say ends its descriptor", async () => {
    expect(asked(await ask("/all"))).toBe(
      "shop|source_cluster=both,destination_cluster=app,remote_address=127.0.0.1,generic_key=a,named=b" +
        "|masked_remote_address=127.0.0.0/20,masked_remote_address=127.0.0.1/32",
    );
    expect(asked(await ask("/header"))).toBe("shop|generic_key=always|:path=/header");
    expect(asked(await ask("/header", { "x-user": ["ann", "bob"], "x-plan": "" }))).toBe(
      "shop|user=ann,generic_key=after|plan=,generic_key=always|:path=/header",
    );
    expect(asked(await ask("/only-skipped", { "x-plan": "p" }))).toBe("shop|plan=p");
    expect(asked(await ask("/match?q=12"))).toBe("shop|lacks=a|query_match=q|no-z=z");
    expect(asked(await ask("/match?z", { "x-a": "", "x-b": "1" }))).toBe("shop|header_match=both");
  });

  test("a descriptor of nothing but what may be absent is asked about all the same", async () => {
    expect(asked(await ask("/only-skipped"))).toBe("shop|");
  });

  test("addresses are those of the caller that x-forwarded-for names, masked as asked", async () => {
    expect(asked(await ask("/masked6", { "x-forwarded-for": "10.211.7.9" }))).toBe(
      "shop|masked_remote_address=10.128.0.0/9",
    );
    expect(asked(await ask("/masked6", { "x-forwarded-for": "2001:db8:0:ffff:1:2:3:4" }))).toBe(
      "shop|masked_remote_address=2001:db8:0:f800::/53",
    );
  });

  test("nobody is asked where there is nothing to count by: no limits, direct responses, clusters that are unknown", async () => {
    const before = questions.length;
    expect(await ask("/none")).toMatchObject({ status: 200 });
    expect(await ask("/direct")).toMatchObject({ status: 204 });
    expect(await ask("/nowhere")).toMatchObject({ status: 503 });
    expect(await ask("/do")).toMatchObject({ status: 200 });
    expect(questions.slice(before)).toEqual([]);
  });

  test("each filter counts the limits of its stage", async () => {
    expect(asked(await ask("/staged"))).toBe("shop|generic_key=early");
    const port = await proxyWith({ stage: 1 }, "rls", [limit("second", { domain: "second" })]);
    const { headers } = await send(port, "/staged");
    expect(headers["x-asked"]).toBe("second|generic_key=early, shop|generic_key=late");
  });

  test("a route names another domain, and says whether the limits of its virtual host count beside its own", async () => {
    expect(asked(await ask("/elsewhere"))).toBe("other|generic_key=x");
    const found: unknown[] = [];
    for (const { match } of HOST_ROUTES) found.push(asked(await ask(match.prefix, { host: "host.test" })));
    const both = "shop|generic_key=own|generic_key=host";
    expect(found).toEqual(["shop|generic_key=own", "shop|generic_key=host", both, both, null, "shop|generic_key=own"]);
  });

  test("a service that fails lets requests by, or ends them with 500, as configured", async () => {
    expect(await ask("/do/e", { "x-do": "error" })).toMatchObject({ status: 200, body: "app " });
    await logged("/do/e 200 - via_upstream");
    const denies = await proxyWith({ failure_mode_deny: true });
    const refused = await send(denies, "/do/f", { "x-do": "error" });
    expect(refused).toMatchObject({ status: 500, body: "" });
    expect(refused.headers["x-envoy-ratelimited"]).toBeUndefined();
    await logged("/do/f 500 RLSE rate_limiter_error");
    const teapot = await proxyWith({ failure_mode_deny: true, status_on_error: { code: "ServiceUnavailable" } });
    expect(await send(teapot, "/do", { "x-do": "error" })).toMatchObject({ status: 503 });
    const ok = await proxyWith({ failure_mode_deny: true, status_on_error: { code: "OK" } });
    expect(await send(ok, "/do", { "x-do": "error" })).toMatchObject({ status: 200, body: "" });
    expect(await send(await proxyWith({ failure_mode_deny: true }, "dead"), "/do", { "x-do": "ok" })).toMatchObject({
      status: 500,
    });
  });

  test("a service that says nothing has failed after the timeout", async () => {
    const port = await proxyWith({ failure_mode_deny: true, timeout: "0.05s" });
    expect(await send(port, "/do", { "x-do": "silent" })).toMatchObject({ status: 500 });
  });

  test("the status of a refusal is the configured one where it is an error, with the configured headers", async () => {
    const port = await proxyWith({
      rate_limited_status: { code: "ServiceUnavailable" },
      disable_x_envoy_ratelimited_header: true,
      response_headers_to_add: [{ header: { key: "retry-after", value: "9" } }],
    });
    const reply = await send(port, "/do", { "x-do": "over" });
    expect(reply).toMatchObject({ status: 503 });
    expect(reply.headers["retry-after"]).toBe("9");
    expect(reply.headers["x-envoy-ratelimited"]).toBeUndefined();
    const allowed = await send(port, "/do", { "x-do": "ok" });
    expect([allowed.status, allowed.headers["retry-after"]]).toEqual([200, undefined]);
    const ok = await proxyWith({ rate_limited_status: { code: "OK" } });
    expect(await send(ok, "/do", { "x-do": "over" })).toMatchObject({ status: 429 });
  });

  test("callers are told the quota with the least left and all windows, on every response that was counted", async () => {
    const port = await proxyWith({ enable_x_ratelimit_headers: "DRAFT_VERSION_03" });
    const told = async (word: string) => {
      const { status, headers } = await send(port, "/do", { "x-do": word });
      return [status, ...["limit", "remaining", "reset"].map((name) => headers[`x-ratelimit-${name}`])];
    };
    expect(await told("quota")).toEqual([200, '100, 10;w=60, 100;w=3600;name="hourly"', "5", "99"]);
    expect(await told("over-quota")).toEqual([429, "3, 3;w=86400", "0", "1234"]);
    expect(await told("units")).toEqual([200, "1, 1;w=1, 2;w=2592000, 3;w=31536000", "1", "1"]);
    expect(await told("ok")).toEqual([200, undefined, undefined, undefined]);
    expect((await ask("/do", { "x-do": "quota" })).headers["x-ratelimit-limit"]).toBeUndefined();
  });

  test("gRPC callers get UNAVAILABLE, or RESOURCE_EXHAUSTED where asked for", async () => {
    const grpc = { "content-type": "application/grpc", te: "trailers" };
    expect((await ask("/do", { ...grpc, "x-do": "over" })).headers["grpc-status"]).toBe("14");
    const port = await proxyWith({ rate_limited_as_resource_exhausted: true });
    const { headers } = await send(port, "/do", { ...grpc, "x-do": "body" });
    expect(headers).toMatchObject({ "grpc-status": "8", "grpc-message": "too much" });
  });
});

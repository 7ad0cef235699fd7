// External authorization by both kinds of authorizers; on our proxy, and on Envoy where ENVOY_BIN names it. Rule: the request says in
// x-say what the authorizer answers, and nothing waits for a clock but for what it has seen.

import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { Http2Server } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { grpcAuthorizer, httpAuthorizer, OK, say } from "./support/authorizers";
import { bootstrapOf, filter, kinds, logging, ROUTER, startConfigured, typed } from "./support/both-proxies";
import { type CallOptions, call, cleanUp, onCleanUp, portOf, type Reply, startOrigin } from "./support/network";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const HTTP2 = { http2_protocol_options: {} };
const asked: string[] = [];

async function listening(server: Server | Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => void server.close());
  return portOf(server);
}

/** Each is a filter of its own; a header chooses the route, and the route switches the others off. */
const GRPC = { transport_api_version: "V3", grpc_service: { envoy_grpc: { cluster_name: "grpc" }, timeout: "5s" } };
const uri = (cluster: string, timeout = "5s") => ({ server_uri: { uri: "http://x.test", cluster, timeout } });
const patterns = (...list: object[]) => ({ patterns: list });
const X = patterns({ prefix: "x-" });
const HTTP = {
  ...uri("http"),
  path_prefix: "/check",
  authorization_request: {
    allowed_headers: X,
    headers_to_add: [{ key: "x-added", value: "by the proxy" }],
  },
  authorization_response: {
    allowed_upstream_headers: patterns({ exact: "x-user" }, { exact: "x-asked" }),
    allowed_upstream_headers_to_append: patterns({ exact: "x-old" }),
    allowed_client_headers: patterns({ exact: "x-why" }),
    allowed_client_headers_on_success: patterns({ exact: "x-told" }),
  },
};
const late = { ...GRPC, grpc_service: { ...GRPC.grpc_service, timeout: "0.05s" } };
const body = (max: number, more: object = {}) => ({ with_request_body: { max_request_bytes: max, ...more } });
const FILTERS: Readonly<Record<string, object>> = {
  grpc: GRPC,
  http: { http_service: HTTP },
  open: { ...GRPC, failure_mode_allow: true },
  marked: { ...GRPC, failure_mode_allow: true, failure_mode_allow_header_add: true },
  status: { ...GRPC, status_on_error: { code: "ServiceUnavailable" } },
  late,
  "late-open": { ...late, failure_mode_allow: true },
  "late-http": { http_service: { ...HTTP, ...uri("http", "0.05s") } },
  dead: { ...GRPC, grpc_service: { envoy_grpc: { cluster_name: "dead" }, timeout: "5s" } },
  missing: { ...GRPC, grpc_service: { envoy_grpc: { cluster_name: "missing" }, timeout: "5s" } },
  "missing-http": { http_service: { ...HTTP, ...uri("missing") } },
  off: { ...GRPC, filter_enabled: { default_value: { numerator: 0 } } },
  shut: {
    ...GRPC,
    filter_enabled: { default_value: { numerator: 0 } },
    deny_at_disable: { runtime_key: "x", default_value: true },
    status_on_error: { code: "Unauthorized" },
  },
  body: { ...GRPC, ...body(10) },
  part: { ...GRPC, ...body(10, { allow_partial_message: true }) },
  bytes: { ...GRPC, ...body(10, { pack_as_bytes: true }) },
  large: { ...GRPC, ...body(300_000, { allow_partial_message: true }) },
  "http-body": { http_service: HTTP, ...body(10, { allow_partial_message: true }) },
  few: { ...GRPC, allowed_headers: patterns({ prefix: "x-" }), disallowed_headers: patterns({ exact: "x-old" }) },
  clears: { ...GRPC, clear_route_cache: true },
  checked: { ...GRPC, validate_mutations: true },
};
const names = Object.keys(FILTERS);
const NONE = typed("ext_authz.v3.ExtAuthzPerRoute", { disabled: true });
const settings = (check_settings: object) => typed("ext_authz.v3.ExtAuthzPerRoute", { check_settings });
const only = (...wanted: string[]) =>
  Object.fromEntries(names.filter((name) => !wanted.includes(name)).map((name) => [name, NONE]));
const route = (name: string, config: Record<string, object>) => ({
  match: { prefix: "/", headers: [{ name: "x-filter", string_match: { exact: name } }] },
  route: { cluster: "app" },
  typed_per_filter_config: config,
});
const ROUTES = [
  ...names.map((name) => route(name, only(name))),
  route("told", { ...only("grpc"), grpc: settings({ context_extensions: { route: "told", both: "route" } }) }),
  route("unbuffered", { ...only("body"), body: settings({ disable_request_body_buffering: true }) }),
  route("buffered", { ...only("grpc"), grpc: settings(body(4)) }),
  { match: { prefix: "/moved" }, direct_response: { status: 299 }, typed_per_filter_config: only() },
];

interface Seen extends Reply {
  readonly app: {
    readonly method: string;
    readonly url: string;
    readonly headers: Record<string, string>;
    readonly body: string;
  };
  readonly asked: Record<string, unknown> & {
    readonly http: Record<string, unknown> & { readonly headers: Record<string, string> };
  };
}

describe.each(kinds)("external authorization on %s", (kind) => {
  let port: number;
  const log = join(tmpdir(), `ext-authz-${kind}-${process.pid}.log`);

  beforeAll(async () => {
    const { port: app } = await startOrigin((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        response.setHeader("x-app", "1");
        const { method, url, headers } = incoming;
        response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
      });
    });
    const clusters = {
      app: { port: app, options: HTTP1 },
      grpc: { port: await listening(grpcAuthorizer((path) => asked.push(path))), options: HTTP2 },
      http: { port: await listening(httpAuthorizer((path) => asked.push(path))), options: HTTP1 },
      dead: { port: 1, options: HTTP2 },
    };
    const list = names.map((name) => filter(name, "ext_authz.v3.ExtAuthz", FILTERS[name]));
    port = await startConfigured(kind, (at) =>
      bootstrapOf(at, ROUTES, clusters, {
        http_filters: [...list, ROUTER],
        route_config: {
          virtual_hosts: [
            {
              name: "all",
              domains: ["*"],
              routes: ROUTES,
              typed_per_filter_config: { grpc: settings({ context_extensions: { host: "all", both: "host" } }) },
            },
          ],
        },
        ...logging(log, "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER%"),
      }),
    );
  }, 60_000);

  const ask = async (name: string, answer: object | string = OK, options: CallOptions = {}): Promise<Seen> => {
    const headers = { host: "app.test", "x-filter": name, "x-old": "old", ...options.headers };
    const reply = await call(port, { ...options, headers: { ...headers, "x-say": say(answer) } });
    const app = reply.headers["x-app"] === undefined ? {} : JSON.parse(reply.body);
    const told = app.headers?.["x-asked"];
    return { ...reply, app, asked: told === undefined ? {} : JSON.parse(told) };
  };
  const status = async (name: string, answer?: object | string, options?: CallOptions): Promise<string> => {
    const { status: code, body: text, headers } = await ask(name, answer, options);
    return headers["x-app"] === undefined ? `${code} ${text}`.trim() : `${code} app`;
  };
  const header = (key: string, value: string, more: object = {}) => ({ header: { key, value }, ...more });
  const ok = (ok_response: object) => ({ status: {}, ok_response });
  const no = (denied_response: object) => ({ status: { code: 7 }, denied_response });

  describe("by gRPC", () => {
    test("tells the authorizer what was asked for, by whom, and what routes say", async () => {
      const { asked: told } = await ask("told", OK, { path: "/p?q=1", headers: { "x-two": ["a", "b"] } });
      expect(told).toMatchObject({
        to: "grpc/envoy.service.auth.v3.Authorization/Check",
        extensions: { host: "all", route: "told", both: "route" },
        http: { method: "GET", path: "/p?q=1", host: "app.test", scheme: "http", protocol: "HTTP/1.1", size: "0" },
      });
      expect(told.http.headers).toMatchObject({
        ":authority": "app.test",
        ":method": "GET",
        ":path": "/p?q=1",
        ":scheme": "http",
        "x-old": "old",
        "x-two": "a,b",
      });
      expect(JSON.stringify(told["source"])).toContain("127.0.0.1");
    });

    test("tells only the headers that are allowed", async () => {
      const { asked: told } = await ask("few", OK, { headers: { accept: "x", "x-b": "1" } });
      expect(Object.keys(told.http.headers)).toEqual(["x-b", "x-filter", "x-forwarded-proto"]);
    });

    test("lets on, with what was changed on the request", async () => {
      const { app } = await ask(
        "grpc",
        ok({
          headers: [
            header("x-old", "more", { append: true }),
            header("x-none", "more", { append: true }),
            header("x-user", "ann"),
            header("X-UTF", "grüß"),
          ],
          headers_to_remove: ["accept", "host", ":path"],
        }),
        { headers: { accept: "x" } },
      );
      expect(app.headers).toMatchObject({ "x-old": "old,more", "x-user": "ann", host: "app.test" });
      expect(Buffer.from(app.headers["x-utf"] ?? "", "latin1").toString()).toBe("grüß");
      expect(app.headers).not.toHaveProperty("x-none");
      expect(app.headers).not.toHaveProperty("accept");
    });

    test("changes parameters of the path, and what a request asks for", async () => {
      const changed = ok({
        query_parameters_to_set: [
          { key: "b", value: "2" },
          { key: "z", value: "" },
        ],
        query_parameters_to_remove: ["a"],
      });
      expect((await ask("grpc", changed, { path: "/p?c&a=1&b=1&a=2&b=3" })).app.url).toBe("/p?b=2&c=&z=");
      const { app } = await ask("grpc", ok({ headers: [header(":path", "/other"), header("host", "other.test")] }));
      expect([app.url, app.headers["host"]]).toEqual(["/other", "other.test"]);
    });

    test("looks for the route again where it is told to", async () => {
      const moved = ok({ headers: [header(":path", "/moved"), header("x-filter", "nothing")] });
      expect(await status("clears", moved)).toBe("299");
      expect(await status("grpc", moved)).toBe("200 app");
    });

    test("adds to the response, in all four ways", async () => {
      const add = (append_action: string) =>
        ok({
          response_headers_to_add: [header("x-app", "z", { append_action }), header("x-new", "z", { append_action })],
        });
      const seen = async (action: string) => {
        const { headers } = await call(port, { headers: { "x-filter": "grpc", "x-say": say(add(action)) } });
        return [headers["x-app"], headers["x-new"]];
      };
      expect(await seen("APPEND_IF_EXISTS_OR_ADD")).toEqual(["1, z", "z"]);
      expect(await seen("ADD_IF_ABSENT")).toEqual(["1", "z"]);
      expect(await seen("OVERWRITE_IF_EXISTS")).toEqual(["z", undefined]);
      expect(await seen("OVERWRITE_IF_EXISTS_OR_ADD")).toEqual(["z", "z"]);
    });

    test("refuses with what the authorizer says, and 403 where it says nothing", async () => {
      const denied = await ask(
        "grpc",
        no({
          status: { code: "Unauthorized" },
          headers: [
            header("www-authenticate", "x"),
            header("set-cookie", "a"),
            header("set-cookie", "b"),
            header("content-type", "text/html"),
            header("x-gone", "1", { append: true }),
          ],
          body: "go away",
        }),
      );
      expect([denied.status, denied.body]).toEqual([401, "go away"]);
      expect(denied.headers).toMatchObject({
        "www-authenticate": "x",
        "set-cookie": ["a", "b"],
        "content-type": "text/html",
      });
      expect(denied.headers).not.toHaveProperty("x-gone");
      for (const answer of [no({}), { status: { code: 16 } }, { status: { code: 3 }, ok_response: {} }])
        expect(await status("grpc", answer)).toBe("403");
      expect(await status("grpc", no({ status: { code: "OK" }, body: "fine" }))).toBe("200 fine");
    });

    test.each([OK, {}, { status: {} }, { status: {}, denied_response: { body: "x" } }])(
      "%j lets on",
      async (answer) => {
        expect(await status("grpc", answer)).toBe("200 app");
      },
    );

    test("answers gRPC callers in gRPC", async () => {
      const { status: code, headers } = await ask("grpc", no({ body: "no" }), {
        method: "POST",
        headers: { "content-type": "application/grpc" },
      });
      expect([code, headers["grpc-status"], headers["grpc-message"]]).toEqual([200, "7", "no"]);
    });
  });

  describe("without a usable answer", () => {
    const BAD = ["garbage", "compressed", "short", "nothing", "reset", "http 503", "http 200", "grpc 7", "grpc 0"];

    test.each(BAD)("refuses with 403: %s", async (answer) => {
      expect(await status("grpc", answer)).toBe("403");
    });

    test.each(BAD)("lets on where it is told to: %s", async (answer) => {
      expect(await status("open", answer)).toBe("200 app");
    });

    test("says so to the app where it is told to", async () => {
      expect((await ask("marked", "grpc 13")).app.headers["x-envoy-auth-failure-mode-allowed"]).toBe("true");
      expect((await ask("open", "grpc 13")).app.headers).not.toHaveProperty("x-envoy-auth-failure-mode-allowed");
      expect((await ask("marked")).app.headers).not.toHaveProperty("x-envoy-auth-failure-mode-allowed");
    });

    test("refuses with the status that is configured, also when nobody is there or nothing is said in time", async () => {
      expect(await status("status", "grpc 13")).toBe("503");
      for (const name of ["dead", "missing", "missing-http"]) expect(await status(name)).toBe("403");
      expect(await status("late", "silent")).toBe("403");
      expect(await status("late-http", "silent")).toBe("403");
      expect(await status("late-open", "silent")).toBe("200 app");
    });

    test("does not ask where it is switched off, and refuses there when it is told to", async () => {
      asked.length = 0;
      expect(await status("off", no({}))).toBe("200 app");
      expect(await status("shut")).toBe("401");
      expect(asked).toEqual([]);
    });

    test("an invalid header is a 500", async () => {
      for (const value of ["a\r\nx-evil: 1", "a\0"])
        expect(await status("checked", ok({ headers: [header("x-user", value)] }))).toBe("500");
      expect(await status("checked", ok({ headers: [header("x user", "1")] }))).toBe("500");
    });
  });

  describe("by HTTP", () => {
    test("asks with method, host, path and the headers that are allowed", async () => {
      const { asked: told } = await ask("http", "200", {
        method: "POST",
        path: "/p?q",
        body: "not told",
        headers: { authorization: "me", accept: "not told", "x-added": "by the caller" },
      });
      expect(told).toMatchObject({ method: "POST", url: "/check/p?q", host: "app.test", body: "" });
      expect(told["headers"]).toEqual({
        authorization: "me",
        "content-length": "0",
        "x-added": "by the proxy",
        "x-filter": "http",
        "x-forwarded-proto": "http",
        "x-old": "old",
      });
    });

    test("lets on with 200 alone, and takes over the headers that are named", async () => {
      const { app, headers } = await ask(
        "http",
        "200+x-user=ann+x-user=bob+x-old=new+x-other=1+x-told=yes+x-envoy-auth-headers-to-remove=accept, host",
        { headers: { accept: "x" } },
      );
      expect(app.headers).toMatchObject({ "x-user": "bob", "x-old": "old, new", host: "app.test" });
      expect(app.headers).not.toHaveProperty("x-other");
      expect(app.headers).not.toHaveProperty("accept");
      expect(headers["x-told"]).toBe("yes");
    });

    test.each(["201", "302+location=/in", "401+www-authenticate=b", "403", "404"])(
      "%s goes to the caller",
      async (answer) => {
        const { status: code, body: text, headers } = await ask("http", `${answer}+x-why=because+x-other=1`);
        expect([code, text]).toEqual([Number(answer.slice(0, 3)), `said ${answer.slice(0, 3)}`]);
        expect(headers["x-why"]).toBe("because");
        expect(headers["location"]).toBe(answer.startsWith("302") ? "/in" : undefined);
        expect(headers["www-authenticate"]).toBe(answer.startsWith("401") ? "b" : undefined);
        expect(headers).not.toHaveProperty("x-other");
        expect(headers).not.toHaveProperty("x-asked");
      },
    );

    test.each(["500", "503", "reset", "broken"])("%s is no answer", async (answer) => {
      expect(await status("http", answer)).toBe("403");
    });
  });

  describe("with the body", () => {
    const post = (text: string) => ({ method: "POST", body: text });
    const told = async (name: string, text: string): Promise<unknown[]> => {
      const { asked: one, app } = await ask(name, OK, post(text));
      return [one.http["body"], one.http["rawBody"], one.http.headers["x-envoy-auth-partial-body"], app.body];
    };

    test("tells it as text or as bytes, and the app gets it whole", async () => {
      expect(await told("body", "hello")).toEqual(["hello", "", "false", "hello"]);
      expect(await told("bytes", "hello")).toEqual(["", "68656c6c6f", "false", "hello"]);
      expect(await told("body", "")).toEqual(["", "", undefined, ""]);
      expect(await told("buffered", "abcd")).toEqual(["abcd", "", "false", "abcd"]);
    });

    test("tells the first part where that is enough, and refuses more than it holds otherwise", async () => {
      expect(await told("part", "0123456789abc")).toEqual(["0123456789", "", "true", "0123456789abc"]);
      expect(await status("body", OK, post("0123456789a"))).toBe("413 Payload Too Large");
      expect(await told("unbuffered", "0123456789a")).toEqual(["", "", undefined, "0123456789a"]);
    });

    test("holds more than a retry keeps, and sends it on", async () => {
      // The authorizer cannot tell the app so much in a header.
      const silentOk = { status: {} };
      const reply = await ask("large", silentOk, post("x".repeat(200_000)));
      expect([reply.status, reply.app.body.length]).toEqual([200, 200_000]);
      const more = await ask("large", silentOk, post("y".repeat(1_000_000)));
      expect([more.status, more.app.body.length]).toEqual([200, 1_000_000]);
    });

    test("is sent to an HTTP authorizer as it is", async () => {
      const { asked: one } = await ask("http-body", "200", post("0123456789abc"));
      expect(one["body"]).toBe("0123456789");
      expect(one["headers"]).toMatchObject({ "content-length": "10", "x-envoy-auth-partial-body": "true" });
    });
  });

  test("a caller that leaves takes the question along", async () => {
    const before = asked.length;
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nhost: app.test\r\nx-filter: grpc\r\nx-say: silent\r\n\r\n");
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(before), 20_000);
    socket.destroy();
    await vi.waitFor(() => expect(readFileSync(log, "utf8")).toContain("0 DC "), 20_000);
  });

  test("the log tells refusals from failures, and where the request would have gone", async () => {
    await ask("grpc", no({}));
    await ask("grpc", "grpc 13");
    await ask("checked", ok({ headers: [header("x user", "1")] }));
    await ask("body", OK, { method: "POST", body: "0123456789a" });
    await vi.waitFor(() => {
      const lines = readFileSync(log, "utf8").split("\n");
      expect(lines).toContain("403 UAEX ext_authz_denied app");
      expect(lines).toContain("403 UAEX ext_authz_error app");
      expect(lines.some((line) => line.startsWith("500 ") && line.includes("ext_authz_invalid"))).toBe(true);
      expect(lines.some((line) => line.startsWith("413 - request_payload_too_large"))).toBe(true);
    }, 20_000);
  });
});

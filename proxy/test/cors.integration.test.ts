// CORS on our proxy, and on Envoy where ENVOY_BIN names it: the same configuration, the same answers and log lines.
// Rule: every expectation was seen on Envoy 1.40, also the odd ones: a direct response gets no headers, a preflight is told what is exposed.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bootstrapOf, filter, kinds, logging, ROUTER, startConfigured, typed } from "./support/both-proxies";
import { cleanUp, onCleanUp, startOrigin } from "./support/network";
import { send } from "./support/send";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const A = "https://a.test";
const HOST = "https://host.test";
const OTHER = "https://other.test";
const says = (policy: object) => ({ typed_per_filter_config: { cors: typed("cors.v3.CorsPolicy", policy) } });
const origins = (...matchers: object[]) => ({ allow_origin_string_match: matchers });
const toApp = { route: { cluster: "app" } };
const OFF = { filter_enabled: { default_value: {} } };
const full = {
  ...origins({ exact: A }),
  allow_methods: "GET,POST",
  allow_headers: "x-h",
  expose_headers: "x-e",
  max_age: "60",
  allow_credentials: true,
};
const weighted = {
  route: { weighted_clusters: { clusters: [{ name: "app", weight: 1, ...says({ allow_methods: "PATCH" }) }] } },
};

const routes = [
  { match: { prefix: "/full" }, ...toApp, ...says(full) },
  { match: { prefix: "/star" }, ...toApp, ...says(origins({ exact: "*" })) },
  { match: { prefix: "/prefix" }, ...toApp, ...says(origins({ prefix: "https://o" })) },
  { match: { prefix: "/pattern" }, ...toApp, ...says(origins({ safe_regex: { regex: ".*" } })) },
  { match: { prefix: "/caseless" }, ...toApp, ...says(origins({ exact: A, ignore_case: true })) },
  { match: { prefix: "/off" }, ...toApp, ...says({ ...full, ...OFF }) },
  {
    match: { prefix: "/shadow" },
    ...toApp,
    ...says({ ...full, ...OFF, shadow_enabled: { default_value: { numerator: 100 } } }),
  },
  { match: { prefix: "/strict" }, ...toApp, ...says({ ...full, forward_not_matching_preflights: false }) },
  { match: { prefix: "/private" }, ...toApp, ...says({ ...full, allow_private_network_access: true }) },
  { match: { prefix: "/direct" }, direct_response: { status: 200 }, ...says(full) },
  { match: { prefix: "/moved" }, redirect: { path_redirect: "/x" }, ...says(full) },
  { match: { prefix: "/dead" }, route: { cluster: "dead" }, ...says(full) },
  { match: { prefix: "/partial" }, ...toApp, ...says({ allow_methods: "PUT" }) },
  { match: { prefix: "/silent" }, ...toApp, ...says({}) },
  { match: { prefix: "/no-credentials" }, ...toApp, ...says({ allow_credentials: false }) },
  {
    match: { prefix: "/added" },
    ...toApp,
    ...says(full),
    response_headers_to_add: [{ header: { key: "access-control-allow-origin", value: "added" } }],
  },
  { match: { prefix: "/denied" }, ...toApp, ...says(full) },
  { match: { prefix: "/early" }, ...toApp, ...says(full) },
  { match: { prefix: "/weighted" }, ...weighted, ...says(full) },
  { match: { prefix: "/get", headers: [{ name: ":method", exact_match: "GET" }] }, ...toApp, ...says(full) },
  { match: { prefix: "/any" }, ...toApp, ...says({ ...full, allow_methods: "*", allow_headers: "*" }) },
  { match: { prefix: "/some" }, ...toApp, ...says({ ...full, allow_methods: "GET,*", allow_headers: "x-a,*" }) },
  { match: { prefix: "/host" }, ...toApp },
];

const denies = (prefix: string) => ({
  rules: {
    action: "DENY",
    policies: { p: { permissions: [{ url_path: { path: { prefix } } }], principals: [{ any: true }] } },
  },
});

/** Those of CORS, without their common beginning. */
const corsOf = (headers: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith("access-control-") ? [[name.slice("access-control-".length), value]] : [],
    ),
  );

const ALLOWED = { "allow-origin": A, "allow-credentials": "true", "expose-headers": "x-e" };
const PREFLIGHT = { ...ALLOWED, "allow-methods": "GET,POST", "allow-headers": "x-h", "max-age": "60" };
/** All but the origin: the browser refuses by that. */
const { "allow-origin": _, "expose-headers": __, ...REFUSED } = PREFLIGHT;
const OF_HOST = { "allow-origin": HOST, "allow-credentials": "true" };
const PREFLIGHT_OF_HOST = { ...OF_HOST, "allow-methods": "DELETE", "max-age": "9" };
const APP = "via_upstream";
const OURS = "cors_response";

type Case = [
  method: string,
  path: string,
  origin: string | string[] | null,
  status: number,
  details: string,
  cors: object,
  more?: OutgoingHttpHeaders,
];
const requested = { "access-control-request-method": "PUT" };
const fromPrivate = { "access-control-request-private-network": "true" };
const cases: Case[] = [
  ["GET", "/full/1", A, 200, APP, ALLOWED],
  ["GET", "/full/2", A, 200, APP, ALLOWED, requested],
  ["GET", "/full/3", OTHER, 200, APP, {}],
  ["GET", "/full/4", null, 200, APP, {}],
  ["GET", "/full/5", "", 200, APP, {}],
  ["GET", "/full/6", A.toUpperCase(), 200, APP, {}],
  ["GET", "/full/7", [A, A], 200, APP, {}],
  ["GET", "/full/own/allowed", A, 200, APP, ALLOWED],
  ["GET", "/full/own/other", OTHER, 200, APP, { "allow-origin": "of the app" }],
  ["OPTIONS", "/full/8", A, 200, OURS, PREFLIGHT, requested],
  ["OPTIONS", "/full/9", A, 200, APP, ALLOWED],
  ["OPTIONS", "/full/10", A, 200, APP, ALLOWED, { "access-control-request-method": "" }],
  ["OPTIONS", "/full/11", OTHER, 200, APP, {}, requested],
  ["OPTIONS", "/full/12", A, 200, OURS, PREFLIGHT, { ...requested, ...fromPrivate }],
  ["OPTIONS", "/full/13", A, 200, OURS, PREFLIGHT, { ...requested, "content-type": "application/grpc" }],
  ["GET", "/star/1", OTHER, 200, APP, { "allow-origin": OTHER, "allow-credentials": "true" }],
  ["GET", "/prefix/1", OTHER, 200, APP, { "allow-origin": OTHER, "allow-credentials": "true" }],
  ["GET", "/prefix/2", A, 200, APP, {}],
  ["GET", "/pattern/1", OTHER, 200, APP, { "allow-origin": OTHER, "allow-credentials": "true" }],
  ["GET", "/caseless/1", A.toUpperCase(), 200, APP, { "allow-origin": A.toUpperCase(), "allow-credentials": "true" }],
  ["GET", "/off/1", A, 200, APP, {}],
  ["OPTIONS", "/off/2", A, 200, APP, {}, requested],
  ["GET", "/shadow/1", A, 200, APP, {}],
  ["OPTIONS", "/shadow/2", A, 200, APP, {}, requested],
  ["OPTIONS", "/strict/1", A, 200, OURS, PREFLIGHT, requested],
  ["OPTIONS", "/strict/2", OTHER, 200, OURS, REFUSED, requested],
  ["GET", "/strict/3", OTHER, 200, APP, {}],
  [
    "OPTIONS",
    "/private/1",
    A,
    200,
    OURS,
    { ...PREFLIGHT, "allow-private-network": "true" },
    { ...requested, ...fromPrivate },
  ],
  ["OPTIONS", "/private/2", A, 200, OURS, PREFLIGHT, requested],
  ["GET", "/direct/1", A, 200, "direct_response", {}],
  ["OPTIONS", "/direct/2", A, 200, "direct_response", {}, requested],
  ["GET", "/moved/1", A, 301, "direct_response", {}],
  ["GET", "/dead/1", A, 503, "upstream_reset_before_response_started", ALLOWED],
  ["OPTIONS", "/dead/2", A, 200, OURS, PREFLIGHT, requested],
  ["OPTIONS", "/partial/1", HOST, 200, OURS, { ...PREFLIGHT_OF_HOST, "allow-methods": "PUT" }, requested],
  ["GET", "/partial/2", A, 200, APP, {}],
  ["OPTIONS", "/silent/1", HOST, 200, OURS, PREFLIGHT_OF_HOST, requested],
  [
    "OPTIONS",
    "/no-credentials/1",
    HOST,
    200,
    OURS,
    { "allow-origin": HOST, "allow-methods": "DELETE", "max-age": "9" },
    requested,
  ],
  ["GET", "/added/1", A, 200, APP, ALLOWED],
  ["GET", "/added/2", OTHER, 200, APP, { "allow-origin": "added" }],
  ["GET", "/denied/1", A, 403, "rbac_access_denied_matched_policy[p]", ALLOWED],
  ["OPTIONS", "/denied/2", A, 200, OURS, PREFLIGHT, requested],
  ["GET", "/early/1", A, 403, "rbac_access_denied_matched_policy[p]", {}],
  ["OPTIONS", "/early/2", A, 403, "rbac_access_denied_matched_policy[p]", {}, requested],
  ["OPTIONS", "/weighted/1", A, 200, OURS, { ...PREFLIGHT, "allow-methods": "PATCH" }, requested],
  ["OPTIONS", "/get/1", A, 404, "route_not_found", {}, requested],
  ["OPTIONS", "/any/1", A, 200, OURS, { ...PREFLIGHT, "allow-methods": "PUT", "allow-headers": "" }, requested],
  [
    "OPTIONS",
    "/any/2",
    A,
    200,
    OURS,
    { ...PREFLIGHT, "allow-methods": "PUT", "allow-headers": "x-q, x-r" },
    { ...requested, "access-control-request-headers": "x-q, x-r" },
  ],
  ["OPTIONS", "/some/1", A, 200, OURS, { ...PREFLIGHT, "allow-methods": "GET,*", "allow-headers": "x-a,*" }, requested],
  ["GET", "/host/1", HOST, 200, APP, OF_HOST],
  ["OPTIONS", "/host/2", HOST, 200, OURS, PREFLIGHT_OF_HOST, requested],
  ["GET", "/unknown/1", HOST, 404, "route_not_found", {}],
];

describe.each(kinds)("CORS on %s", (kind) => {
  let port = 0;
  let log = "";
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "meshwright-cors-"));
    onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
    log = join(folder, "access.log");
    const app = await startOrigin((incoming, response) => {
      if (incoming.url?.includes("/own/")) response.setHeader("access-control-allow-origin", "of the app");
      response.end(`app ${incoming.method}`);
    });
    const clusters = { app: { port: app.port, options: HTTP1 }, dead: { port: 1, options: HTTP1 } };
    const listener = {
      http_filters: [
        filter("early", "rbac.v3.RBAC", denies("/early")),
        filter("cors", "cors.v3.Cors"),
        filter("late", "rbac.v3.RBAC", denies("/denied")),
        ROUTER,
      ],
      route_config: {
        virtual_hosts: [
          {
            name: "all",
            domains: ["*"],
            routes,
            ...says({ ...origins({ exact: HOST }), allow_methods: "DELETE", max_age: "9", allow_credentials: true }),
          },
        ],
      },
      ...logging(log, "%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER%"),
    };
    port = await startConfigured(kind, (at) => bootstrapOf(at, [], clusters, listener));
  });

  test.each(cases)("%s %s from %s answers %i (%s)", async (method, path, origin, status, details, cors, more = {}) => {
    const headers: Record<string, unknown> = { ...(origin === null ? {} : { origin }), ...more };
    const reply = await send(port, path, headers as OutgoingHttpHeaders, method);
    expect({ status: reply.status, cors: corsOf(reply.headers) }).toEqual({ status, cors });
    expect(reply.body).toBe(
      { [APP]: `app ${method}`, "rbac_access_denied_matched_policy[p]": "RBAC: access denied" }[details] ??
        (status === 503 ? reply.body : ""),
    );
  });

  test("each of them has its line in the log", async () => {
    await vi.waitFor(() => {
      const lines = readFileSync(log, "utf8").split("\n");
      for (const [method, path, , status, details] of cases) {
        const line = lines.find((each) => each.startsWith(`${method} ${path} `));
        expect(line).toContain(`${method} ${path} ${status} ${details}`);
        if (details === OURS) expect(line).toMatch(path.startsWith("/dead") ? / dead$/ : / app$/);
      }
    });
  });

  test("over HTTP/2 a preflight is answered and a call gets its headers", async () => {
    const client = connect(`http://127.0.0.1:${port}`);
    const ask = (method: string): Promise<Record<string, unknown>> =>
      new Promise((resolve, reject) => {
        const stream = client.request({ ":method": method, ":path": "/full/h2", origin: A, ...requested });
        stream.on("response", (headers) => resolve({ status: headers[":status"], ...corsOf(headers) }));
        stream.on("error", reject);
        stream.resume();
      });
    expect(await ask("OPTIONS")).toEqual({ status: 200, ...PREFLIGHT });
    expect(await ask("GET")).toEqual({ status: 200, ...ALLOWED });
    client.close();
  });
});

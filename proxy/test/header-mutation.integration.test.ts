// Header mutations on our proxy, and on Envoy where ENVOY_BIN names it: the same configuration, the same headers on both sides.
// Rule: every expectation was seen on Envoy 1.40; order and levels are told by values that are appended.

import type { OutgoingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootstrapOf, filter, kinds, ROUTER, startConfigured, typed } from "./support/both-proxies";
import { cleanUp, startOrigin } from "./support/network";
import { send } from "./support/send";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const FILTER = "header_mutation.v3.HeaderMutation";
const set = (key: string, value: string, action = "OVERWRITE_IF_EXISTS_OR_ADD", over: object = {}) => ({
  append: { header: { key, value }, append_action: action, ...over },
});
const append = (key: string, value: string) => set(key, value, "APPEND_IF_EXISTS_OR_ADD");
const remove = (name: string) => ({ remove: name });
const both = (...mutations: object[]) => ({
  mutations: { request_mutations: mutations, response_mutations: mutations },
});
const per = (name: string, ...mutations: object[]) => ({
  [name]: typed(`${FILTER}PerRoute`, both(...mutations)),
});
const says = (...mutations: object[]) => ({
  typed_per_filter_config: { ...per("outer-last", ...mutations), ...per("inner-last", ...mutations) },
});
const toApp = { route: { cluster: "app" } };

const routes = [
  {
    match: { prefix: "/actions" },
    ...toApp,
    ...says(
      set("x-set", "1"),
      set("x-there", "2", "OVERWRITE_IF_EXISTS"),
      set("x-not-there", "2", "OVERWRITE_IF_EXISTS"),
      set("x-there-too", "3", "ADD_IF_ABSENT"),
      set("x-absent", "3", "ADD_IF_ABSENT"),
      set("x-empty", ""),
      set("x-kept-empty", "", "OVERWRITE_IF_EXISTS_OR_ADD", { keep_empty_value: true }),
      set("X-Case", "100%%"),
      remove("x-gone"),
      append("x-gone", "again"),
    ),
  },
  { match: { prefix: "/levels" }, ...toApp, ...says(append("x-level", "route")) },
  {
    match: { prefix: "/weighted" },
    route: { weighted_clusters: { clusters: [{ name: "app", weight: 1, ...says(append("x-level", "cluster")) }] } },
    ...says(append("x-level", "route")),
  },
  { match: { prefix: "/direct" }, direct_response: { status: 200 }, ...says(append("x-level", "route")) },
  { match: { prefix: "/moved" }, redirect: { path_redirect: "/x" }, ...says(append("x-level", "route")) },
  { match: { prefix: "/dead" }, route: { cluster: "dead" }, ...says(append("x-level", "route")) },
  { match: { prefix: "/denied" }, ...toApp, ...says(append("x-level", "route")) },
  {
    match: { prefix: "/router" },
    ...toApp,
    request_headers_to_add: [{ header: { key: "x-level", value: "router" } }],
    response_headers_to_add: [{ header: { key: "x-level", value: "router" } }],
    ...says(append("x-level", "route")),
  },
];

interface Reply {
  readonly status: number;
  /** What reached the app. */
  readonly request: Record<string, unknown> | null;
  readonly response: Record<string, unknown>;
}

const NAMES = /^x-(level|set|there|not-there|there-too|absent|empty|kept-empty|case|gone|first)/;
const ours = (headers: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => NAMES.test(name)));

async function ask(port: number, path: string, headers: OutgoingHttpHeaders = {}): Promise<Reply> {
  const { status, body, headers: answered } = await send(port, path, headers);
  return { status, request: body.startsWith("{") ? ours(JSON.parse(body)) : null, response: ours(answered) };
}

/** In the filter that runs first the route comes last, and in the other one first; each begins with its own. */
const REQUEST = "first, host, route, second, route, host";
const RESPONSE = "second, route, host, first, host, route";

describe.each(kinds)("header mutations on %s", (kind) => {
  let port = 0;
  beforeAll(async () => {
    const app = await startOrigin((incoming, response) => {
      for (const name of ["x-there", "x-there-too", "x-gone"]) response.setHeader(name, "app");
      response.end(JSON.stringify(incoming.headers));
    });
    const clusters = { app: { port: app.port, options: HTTP1 }, dead: { port: 1, options: HTTP1 } };
    const denial = {
      rules: {
        action: "DENY",
        policies: {
          p: { permissions: [{ url_path: { path: { prefix: "/denied" } } }], principals: [{ any: true }] },
        },
      },
    };
    const listener = {
      path_with_escaped_slashes_action: "REJECT_REQUEST",
      http_filters: [
        filter("denial", "rbac.v3.RBAC", denial),
        filter("inner-last", FILTER, {
          ...both(append("x-level", "first"), set("x-first", "yes")),
          most_specific_header_mutations_wins: true,
        }),
        filter("outer-last", FILTER, both(append("x-level", "second"))),
        ROUTER,
      ],
      route_config: {
        virtual_hosts: [{ name: "all", domains: ["*"], routes, ...says(append("x-level", "host")) }],
      },
    };
    port = await startConfigured(kind, (at) => bootstrapOf(at, [], clusters, listener));
  });

  test("each action does what it says, in the order as written", async () => {
    const { request, response } = await ask(port, "/actions", {
      "x-there": "caller",
      "x-there-too": "caller",
      "x-gone": "caller",
    });
    const same = { "x-set": "1", "x-there": "2", "x-absent": "3", "x-kept-empty": "", "x-case": "100%" };
    expect(request).toMatchObject({ ...same, "x-there-too": "caller", "x-gone": "again" });
    expect(response).toMatchObject({ ...same, "x-there-too": "app", "x-gone": "again" });
    for (const headers of [request, response]) {
      expect(headers).not.toHaveProperty("x-not-there");
      expect(headers).not.toHaveProperty("x-empty");
    }
  });

  test("all levels are applied, in the order that each filter says", async () => {
    const { request, response } = await ask(port, "/levels");
    expect([request?.["x-level"], response["x-level"]]).toEqual([REQUEST, RESPONSE]);
    const weighted = await ask(port, "/weighted");
    expect(weighted.request?.["x-level"]).toBe("first, host, route, cluster, second, cluster, route, host");
  });

  test("what the route itself adds comes after the request's filters and before the response's", async () => {
    const { request, response } = await ask(port, "/router");
    expect(request?.["x-level"]).toBe(`${REQUEST}, router`);
    expect(response["x-level"]).toBe(`router, ${RESPONSE}`);
  });

  const local: [path: string, status: number, level: string][] = [
    ["/direct", 200, RESPONSE],
    ["/moved", 301, RESPONSE],
    ["/dead", 503, RESPONSE],
    ["/denied", 403, RESPONSE],
    ["/nowhere", 404, "second, first"],
    ["/a%2Fb", 400, "second, first"],
  ];
  test.each(local)("the answer to %s (%i) has %s", async (path, status, level) => {
    const reply = await ask(port, path);
    expect([reply.status, reply.response["x-level"]]).toEqual([status, level]);
  });
});

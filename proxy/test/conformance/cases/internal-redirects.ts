// Redirects that the proxy follows itself. Rule: what the second upstream got is in the answer, what was not followed is in the
// answer and in the statistics.

import { cluster, logging, typed, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

/** Asks for a redirect to there, and then for an answer. */
const to = (location: string, more: Ask = {}, code = 302): Ask => ({
  path: "/from?q=1",
  ...more,
  headers: { "x-do": `${code}+location=${location},200`, ...more.headers },
});
const again = (location: string, more: Ask = {}): Ask =>
  to(location, { ...more, headers: { "x-key": "again", ...more.headers } });
const HERE = "http://app.test/to";
const predicate = (name: string, type: string, value: Config = {}): Config => ({
  name,
  typed_config: typed(`internal_redirect.${name}.v3.${type}`, value),
});
const follow = (
  id: string,
  policy: Config,
  asks: readonly Ask[],
  more: Partial<Case> = {},
  parts: Parameters<typeof web>[0] = {},
): Case => ({
  id: `internal redirect ${id}`,
  config: web({
    routes: [
      { name: "from", match: { prefix: "/from" }, route: { cluster: "app", internal_redirect_policy: policy } },
      { name: "other", match: { prefix: "/other" }, route: { cluster: "app", internal_redirect_policy: policy } },
      { name: "to", match: { prefix: "/to" }, route: { cluster: "two", internal_redirect_policy: policy } },
    ],
    clusters: [cluster("app"), cluster("two")],
    ...parts,
  }),
  upstreams: { app: "http", two: "http" },
  run: (wire) => wire.calls(asks),
  ...more,
});

const logged = (id: string, format: string, more: Partial<Case> = {}): Case =>
  follow(
    id,
    {},
    [],
    {
      run: async (wire) => {
        await wire.calls([to(HERE), to("/nowhere")]);
        return wire.log(3);
      },
      ...more,
    },
    { hcm: logging(format) },
  );

export const internalRedirectCases: readonly Case[] = [
  follow(
    "is followed",
    {},
    [to(HERE), to(`${HERE}?a#b`), to("HTTP://app.test/to"), to("http://other.test:81/to/x?y")],
    {
      proves: ["RouteAction.internal_redirect_policy"],
    },
  ),
  follow("where it cannot be", {}, [
    to("/to"),
    to("http://app.test/nowhere"),
    to("http:/to"),
    to("https://app.test/to"),
    to(""),
    to("http://app.test"),
    to(HERE, {}, 301),
    { path: "/from", headers: { "x-do": "302" } },
    { path: "/from", headers: { "x-do": "200" } },
  ]),
  follow(
    "more than once",
    { max_internal_redirects: 2 },
    [
      { path: "/from", headers: { "x-do": `302+location=${HERE},302+location=http://app.test/other,200` } },
      { path: "/from", headers: { "x-do": `302+location=${HERE}` } },
    ],
    { proves: ["InternalRedirectPolicy.max_internal_redirects"] },
  ),
  follow("never", { max_internal_redirects: 0 }, [to(HERE)]),
  follow(
    "of other codes",
    { redirect_response_codes: [301, 303, 307, 308, 200] },
    [
      ...[301, 302, 303, 307, 308].map((code) => to(HERE, { method: "POST", body: "told" }, code)),
      to(HERE, { method: "HEAD" }, 303),
      { path: "/from", headers: { "x-do": `200+location=${HERE}` } },
    ],
    { proves: ["InternalRedirectPolicy.redirect_response_codes"] },
  ),
  follow("with a body", {}, [
    to(HERE, { method: "POST", body: "x".repeat(1000) }),
    to(HERE, { method: "POST", body: "x".repeat(10), headers: { "transfer-encoding": "chunked", "x-key": "2" } }),
    to(HERE, { method: "PUT", body: "told", http2: true, headers: { "x-key": "3" } }),
  ]),
  follow(
    "with a body that is not kept",
    {},
    [
      to(HERE, { method: "POST", body: "x".repeat(1000) }),
      to(HERE, { method: "POST", body: "x", headers: { "x-key": "2" } }),
    ],
    {},
    { host: { per_request_buffer_limit_bytes: 100 } },
  ),
  follow("to https", { allow_cross_scheme_redirect: true }, [to("https://app.test/to")], {
    proves: ["InternalRedirectPolicy.allow_cross_scheme_redirect"],
  }),
  follow(
    "to https where that is not safe",
    {
      allow_cross_scheme_redirect: true,
      predicates: [predicate("safe_cross_scheme", "SafeCrossSchemeConfig")],
    },
    [to("https://app.test/to"), to(HERE)],
    { proves: ["InternalRedirectPolicy.predicates"] },
  ),
  follow(
    "to routes that are named",
    { predicates: [predicate("allow_listed_routes", "AllowListedRoutesConfig", { allowed_route_names: ["to"] })] },
    [to(HERE), to("http://app.test/other")],
    { proves: ["AllowListedRoutesConfig.allowed_route_names"] },
  ),
  follow(
    "to each route once",
    { max_internal_redirects: 5, predicates: [predicate("previous_routes", "PreviousRoutesConfig")] },
    [{ path: "/from", headers: { "x-do": `302+location=${HERE}` } }, to("http://app.test/from")],
    { proves: ["InternalRedirectPolicy.predicates"] },
  ),
  follow(
    "with what the upstream says",
    { response_headers_to_copy: ["X-Told", "x-absent"] },
    [
      {
        path: "/from",
        headers: {
          "x-do": `302+location=${HERE}+x-told=new,200`,
          "x-told": "old",
          "x-absent": "gone",
        },
      },
      to("http://app.test/nowhere", { headers: { "x-told": "old" } }),
    ],
    { proves: ["InternalRedirectPolicy.response_headers_to_copy"] },
  ),
  follow("with headers that steer it refused", { response_headers_to_copy: [":path"] }, [], { isRefused: true }),
  follow(
    "after a rewrite, with headers of both routes",
    {},
    [again(HERE)],
    {},
    {
      routes: [
        {
          match: { prefix: "/from" },
          route: {
            cluster: "app",
            prefix_rewrite: "/rewritten",
            host_rewrite_literal: "rewritten.test",
            internal_redirect_policy: {},
          },
          request_headers_to_add: [{ header: { key: "x-route", value: "first" } }],
          response_headers_to_add: [{ header: { key: "x-of", value: "first" } }],
        },
        {
          match: { prefix: "/to" },
          route: { cluster: "two", prefix_rewrite: "/there" },
          request_headers_to_add: [{ header: { key: "x-route", value: "second" } }],
          response_headers_to_add: [{ header: { key: "x-of", value: "second" } }],
        },
      ],
    },
  ),
  follow(
    "to an answer of the proxy",
    {},
    [again(HERE)],
    {},
    {
      routes: [
        { match: { prefix: "/from" }, route: { cluster: "app", internal_redirect_policy: {} } },
        { match: { prefix: "/to" }, direct_response: { status: 418, body: { inline_string: "told" } } },
      ],
    },
  ),
  logged("in the log", "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS% %REQ(:PATH)% %RESP(LOCATION)%"),
  logged("in the log, whose it was", "%ROUTE_NAME% %UPSTREAM_CLUSTER%"),
  follow(
    "of a retry",
    {},
    [{ path: "/from", headers: { "x-do": `503,302+location=${HERE},503,200` } }],
    {},
    {
      routes: ["/from", "/to"].map((prefix) => ({
        match: { prefix },
        route: { cluster: "app", internal_redirect_policy: {}, retry_policy: { retry_on: "5xx", num_retries: 1 } },
      })),
      host: { include_request_attempt_count: true },
    },
  ),
];

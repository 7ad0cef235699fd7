// Header changes at every level. Rule: requests show them at the upstream, responses at the caller.

import { told } from "../answers";
import { header, httpFilter, ROUTER, web } from "../config";
import type { Case, Config } from "../types";

const OPS = [
  "request_headers_to_add",
  "request_headers_to_remove",
  "response_headers_to_add",
  "response_headers_to_remove",
];
const opsOf = (level: string): Config => ({
  request_headers_to_add: [header("x-level", level), header(`x-${level}`, "1")],
  request_headers_to_remove: [`x-no-${level}`],
  response_headers_to_add: [header("x-level", level), header(`x-${level}`, "1")],
  response_headers_to_remove: [`x-no-${level}`],
});
const asks = {
  headers: {
    "x-no-config": "1",
    "x-no-host": "1",
    "x-no-route": "1",
    "x-do": "200+x-no-config=1+x-no-host=1+x-no-route=1",
  },
};
const levels = (id: string, routeConfig: Config, more: Partial<Case>): Case => ({
  id,
  config: web({
    routes: [{ match: { prefix: "/" }, route: { cluster: "app" }, ...opsOf("route") }],
    host: opsOf("host"),
    routeConfig: { ...opsOf("config"), ...routeConfig },
  }),
  run: (wire) => wire.call(asks),
  ...more,
});

const ACTIONS = ["APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS_OR_ADD", "OVERWRITE_IF_EXISTS"];
const action = (id: string, option: Config, more: Partial<Case> = {}): Case => ({
  id: `header ${id}`,
  config: web({
    routes: [
      {
        match: { prefix: "/" },
        route: { cluster: "app" },
        request_headers_to_add: [header("x-a", "new", option), header("x-b", "100%%", option)],
        response_headers_to_add: [header("x-a", "new", option), header("x-b", "100%%", option)],
      },
    ],
  }),
  run: (wire) => wire.calls([{ headers: { "x-a": ["old", "older"], "x-do": "200+x-a=old" } }, "/"]),
  ...more,
});

export const headerCases: readonly Case[] = [
  levels(
    "header changes at every level",
    {},
    {
      proves: ["RouteConfiguration", "VirtualHost", "Route"].flatMap((level) =>
        OPS.map((op) => `route.v3.${level}.${op}`),
      ),
    },
  ),
  levels(
    "the most specific header wins",
    { most_specific_header_mutations_wins: true },
    {
      proves: ["RouteConfiguration.most_specific_header_mutations_wins"],
    },
  ),
  ...ACTIONS.map((name) =>
    action(
      `action ${name}`,
      { append_action: name },
      name === ACTIONS[0] ? {} : { proves: ["HeaderValueOption.append_action"] },
    ),
  ),
  action("append false", { append: false }, { proves: ["HeaderValueOption.append"] }),
  action(
    "append true",
    { append: true },
    {
      proves: ["HeaderValue.value"],
      needs: ["HeaderValueOption.header", "HeaderValue.key"],
    },
  ),
  {
    id: "header without a value",
    config: web({
      routes: [
        {
          match: { prefix: "/" },
          route: { cluster: "app" },
          request_headers_to_add: [header("x-empty", "", { keep_empty_value: true })],
          response_headers_to_add: [header("x-empty", "", { keep_empty_value: true })],
        },
      ],
    }),
    run: (wire) => wire.call(),
    proves: ["HeaderValueOption.keep_empty_value"],
  },
  {
    id: "header changes of redirects and direct responses",
    config: web({
      routes: [
        { match: { prefix: "/r" }, redirect: { path_redirect: "/x" }, response_headers_to_add: [header("x-a", "1")] },
        { match: { prefix: "/d" }, direct_response: { status: 200 }, response_headers_to_add: [header("x-a", "1")] },
      ],
      host: { response_headers_to_add: [header("x-host", "1")] },
    }),
    run: (wire) => wire.calls(["/r", "/d"]),
  },
  {
    id: "overrides of filters, level by level",
    config: web({
      routes: [
        { match: { prefix: "/route" }, route: { cluster: "app" }, typed_per_filter_config: { fault: abort(403) } },
        { match: { prefix: "/" }, route: { cluster: "app" } },
      ],
      host: { typed_per_filter_config: { fault: abort(402) } },
      hcm: { http_filters: [httpFilter("fault", "fault.v3.HTTPFault", faultOf(400)), ROUTER] },
      routeConfig: { typed_per_filter_config: { fault: abort(401) } },
    }),
    run: (wire) => wire.statuses(["/route", "/"]),
    proves: ["route.v3.Route.typed_per_filter_config", "VirtualHost.typed_per_filter_config"],
  },
  {
    id: "overrides of filters by a route configuration",
    config: web({
      hcm: { http_filters: [httpFilter("fault", "fault.v3.HTTPFault", faultOf(400)), ROUTER] },
      routeConfig: { typed_per_filter_config: { fault: abort(401) } },
    }),
    run: (wire) => wire.statuses(["/"]),
    proves: ["RouteConfiguration.typed_per_filter_config"],
  },
  {
    id: "opaque parts of routes",
    config: web({
      routes: [
        {
          match: { prefix: "/" },
          route: { cluster: "app" },
          stat_prefix: "some",
          name: "named",
          metadata: { filter_metadata: { other: { a: 1 } } },
        },
      ],
      host: { metadata: { filter_metadata: { other: { a: 1 } } }, require_tls: "NONE" },
      routeConfig: { metadata: { filter_metadata: { other: { a: 1 } } } },
    }),
    run: async (wire) => told(await wire.call(), "headers"),
    inert: [
      "route.v3.Route.stat_prefix",
      "RouteConfiguration.metadata",
      "VirtualHost.metadata",
      "VirtualHost.require_tls",
    ],
  },
];

function faultOf(status: number): Config {
  return { abort: { http_status: status, percentage: { numerator: 100 } } };
}

function abort(status: number): unknown {
  return httpFilter("", "fault.v3.HTTPFault", faultOf(status))["typed_config"];
}

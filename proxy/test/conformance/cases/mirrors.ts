// Copies of requests to a second cluster. Rule: shares are none or all, the destination's answer is what the caller gets, and what
// reached the mirror is waited for.

import { chosen } from "../answers";
import { cluster, HTTP2, header, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Ask } from "../wire";

const TWO: Readonly<Record<string, UpstreamKind>> = { app: "http", b: "http" };
const ALL = { default_value: { numerator: 100 } };
const NONE = { default_value: { numerator: 0 } };
const POLICY = "RouteAction.RequestMirrorPolicy.";

const mirrored = (policies: readonly Config[], action: Config = {}, route: Config = {}, clusters?: readonly Config[]) =>
  web({
    routes: [
      { match: { prefix: "/" }, route: { cluster: "app", ...action, request_mirror_policies: policies }, ...route },
    ],
    clusters: clusters ?? [cluster("app"), cluster("b")],
  });

/** Who answered each ask, and what reached the mirror. */
const both =
  (asks: readonly (Ask | string)[], count = asks.length): Case["run"] =>
  async (wire) => ({
    answers: (await wire.calls(asks)).map(chosen),
    mirrored: (await wire.reached("b", count)).map(withoutOwn),
  });

/** Envoy says in them that it asks itself: a row of docs/reference/envoy-differences.md. */
const OWN = new Set(["x-envoy-internal", "x-forwarded-for"]);
function withoutOwn(told: unknown): unknown {
  const { headers, ...rest } = told as { headers: Record<string, unknown> };
  return { ...rest, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN.has(name))) };
}

const POST: Ask = { method: "POST", path: "/x?y", body: "body", headers: { host: "shop.test:81", "x-a": "1" } };

export const mirrorCases: readonly Case[] = [
  {
    id: "mirror of every request",
    config: mirrored([{ cluster: "b", trace_sampled: false }]),
    upstreams: TWO,
    run: both(["/", POST]),
    proves: ["RouteAction.request_mirror_policies"],
    needs: [`${POLICY}cluster`],
    inert: [`${POLICY}trace_sampled`],
  },
  {
    id: "mirror of no request",
    config: mirrored([{ cluster: "b", runtime_fraction: NONE }]),
    upstreams: TWO,
    run: async (wire) => {
      const answer = await wire.call(POST);
      await wire.wait(100);
      return [chosen(answer), wire.received()];
    },
    proves: [`${POLICY}runtime_fraction`],
  },
  {
    id: "mirror of all requests in millionths",
    config: mirrored([
      { cluster: "b", runtime_fraction: { default_value: { numerator: 1_000_000, denominator: "MILLION" } } },
    ]),
    upstreams: TWO,
    run: both([POST]),
  },
  {
    id: "mirror of a share",
    config: mirrored([{ cluster: "b", runtime_fraction: { default_value: { numerator: 50 } } }]),
    upstreams: TWO,
    isChance: true,
    run: async (wire) => {
      await wire.tally(60, () => "/", chosen);
      const count = (await wire.reached("b", 1)).length;
      return count > 5 && count < 55 ? "some" : count;
    },
  },
  {
    id: "mirror with the host as it is",
    config: mirrored([{ cluster: "b", disable_shadow_host_suffix_append: true }]),
    upstreams: TWO,
    run: both([POST]),
    proves: [`${POLICY}disable_shadow_host_suffix_append`],
  },
  {
    id: "mirror gets what the destination gets",
    config: mirrored(
      [{ cluster: "b", runtime_fraction: ALL }],
      { prefix_rewrite: "/new", host_rewrite_literal: "new.test" },
      { request_headers_to_add: [header("x-added", "yes")], request_headers_to_remove: ["x-a"] },
    ),
    upstreams: TWO,
    run: both([POST]),
  },
  {
    id: "mirror over HTTP/2, with trailers",
    config: mirrored([{ cluster: "b" }], {}, {}, [cluster("app", HTTP2), cluster("b", HTTP2)]),
    upstreams: { app: "http2", b: "http2" },
    run: both([
      { ...POST, http2: true },
      { path: "/2", http2: true },
    ]),
  },
  {
    id: "two mirrors, one of them the destination",
    config: mirrored([{ cluster: "b" }, { cluster: "app" }]),
    upstreams: TWO,
    run: async (wire) => {
      const answer = await wire.call(POST);
      const reached = [(await wire.reached("b", 1)).length, (await wire.reached("app", 2)).length];
      return [chosen(answer), reached];
    },
  },
  ...(
    [
      [
        "a virtual host",
        { host: { request_mirror_policies: [{ cluster: "b" }] } },
        "VirtualHost.request_mirror_policies",
      ],
      [
        "a route configuration",
        { routeConfig: { request_mirror_policies: [{ cluster: "b" }] } },
        "RouteConfiguration.request_mirror_policies",
      ],
      [
        "a virtual host before the one of the configuration",
        {
          host: { request_mirror_policies: [{ cluster: "b" }] },
          routeConfig: { request_mirror_policies: [{ cluster: "app" }] },
        },
        "VirtualHost.request_mirror_policies",
      ],
      [
        "a route before the one of its host",
        {
          routes: [{ match: { prefix: "/" }, route: { cluster: "app", request_mirror_policies: [{ cluster: "b" }] } }],
          host: { request_mirror_policies: [{ cluster: "app" }] },
        },
        "RouteAction.request_mirror_policies",
      ],
    ] as const
  ).map(
    ([of, parts, row]): Case => ({
      id: `mirror of ${of}`,
      config: web({ clusters: [cluster("app"), cluster("b")], ...parts }),
      upstreams: TWO,
      run: async (wire) => {
        const answer = await wire.call(POST);
        await wire.wait(150);
        return [chosen(answer), wire.received().sort()];
      },
      proves: [row],
    }),
  ),
  {
    id: "mirror that fails",
    config: mirrored([{ cluster: "b" }]),
    upstreams: { app: "http", b: "dead" },
    run: async (wire) => (await wire.calls(["/", POST])).map(chosen),
  },
  {
    id: "mirror that answers an error and is slow",
    config: mirrored([{ cluster: "b" }], { timeout: "1s" }),
    upstreams: TWO,
    run: both([
      { ...POST, headers: { "x-bad": "b", "x-step": "503" } },
      { headers: { "x-bad": "b", "x-step": "slow300" } },
    ]),
  },
  {
    id: "mirror without a destination that answers",
    config: mirrored([{ cluster: "b" }], {}, {}, [
      { name: "app", load_assignment: { cluster_name: "app" } },
      cluster("b"),
    ]),
    upstreams: TWO,
    run: async (wire) => {
      const answer = await wire.call("/");
      await wire.wait(100);
      return [chosen(answer), wire.received()];
    },
  },
  {
    id: "mirror of a request that is tried again",
    config: mirrored([{ cluster: "b" }], { retry_policy: { retry_on: "5xx", num_retries: 1 } }),
    upstreams: TWO,
    run: both([{ ...POST, headers: { "x-bad": "app", "x-step": "503" } }]),
  },
];

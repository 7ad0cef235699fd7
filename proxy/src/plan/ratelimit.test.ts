// What a global rate limit may say, what is refused by its path, and by what a request is then counted.

import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { forward, route } from "../../test/support/plans";
import { findConstraintViolations } from "../contract/constraints";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { RateLimitPerRouteSchema, RateLimitSchema, RouteSchema } from "../contract/messages";
import type { Violation } from "../contract/violations";
import { quotaHeaders, rateLimitQuestion } from "../semantics";
import { NO_OVERRIDES } from "./http-filters";
import { rateLimitFilterPlan, rateLimitRoutePlan, rateLimitRules, routeRateLimits } from "./ratelimit";
import { Scope } from "./scope";
import type { RouteRateLimits } from "./types";
import { headerViewOf } from "./views";

type Config = Record<string, JsonValue>;
const SERVICE: Config = {
  rate_limit_service: { grpc_service: { envoy_grpc: { cluster_name: "rls" } }, transport_api_version: "V3" },
};

function planned(over: Config) {
  const decoded = decodeJson(RateLimitSchema, { domain: "shop", ...SERVICE, ...over });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: Violation[] = [];
  const plan = rateLimitFilterPlan("limit", decoded.value, new Scope("limit", found));
  const refused = [
    ...findUnsupported(RateLimitSchema, decoded.value, "limit"),
    ...findConstraintViolations(RateLimitSchema, decoded.value, "limit"),
  ];
  return { plan, problems: [...refused, ...found].map(({ path }) => path) };
}

test("what is not said is as in Envoy", () => {
  expect(planned({})).toMatchObject({
    problems: [],
    plan: {
      stage: 0,
      service: { cluster: "rls", authority: "rls", timeoutMs: 20 },
      deniesOnError: false,
      status: 429,
      statusOnError: 500,
      grpcStatus: null,
      tellsLimit: false,
      tellsRefusal: true,
    },
  });
  expect(planned({ timeout: "0s" }).plan.service.timeoutMs).toBeNull();
});

test.each<[what: string, config: Config, paths: string[]]>([
  ["requests of one kind only", { request_type: "external" }, ["limit.request_type"]],
  ["no domain", { domain: "" }, ["limit.domain"]],
  ["a stage that is none", { stage: 11 }, ["limit.stage"]],
  [
    "another client of gRPC",
    {
      rate_limit_service: {
        grpc_service: { google_grpc: { target_uri: "rls", stat_prefix: "x" } },
        transport_api_version: "V3",
      },
    },
    ["limit.rate_limit_service.grpc_service.google_grpc"],
  ],
  [
    "an old API",
    { rate_limit_service: { grpc_service: { envoy_grpc: { cluster_name: "rls" } }, transport_api_version: "V2" } },
    ["limit.rate_limit_service.transport_api_version"],
  ],
  ["a status that ends nothing", { status_on_error: { code: "Continue" } }, ["limit.status_on_error.code"]],
])("%s: refused by its path", (_what, config, paths) => {
  expect(planned(config).problems).toEqual(paths);
});

test.each<[what: string, config: Config, path: string]>([
  ["a limit that a request brings", { limit: { dynamic_metadata: { metadata_key: { key: "a" } } } }, "limit"],
  ["metadata", { actions: [{ metadata: { descriptor_key: "a", metadata_key: { key: "b" } } }] }, "actions[0].metadata"],
])("%s in what a route counts by: refused by its path", (_what, limit, path) => {
  const message = fromJson(RouteSchema, {
    match: { prefix: "/" },
    route: { cluster: "app", rate_limits: [{ actions: [{ source_cluster: {} }], ...limit }] },
  });
  expect(findUnsupported(RouteSchema, message, "r").map((each) => each.path)).toEqual([
    `r.route.rate_limits[0].${path}`,
  ]);
});

test("limits in what a route says about the filter are refused by their path", () => {
  const message = fromJson(RateLimitPerRouteSchema, { rate_limits: [{ actions: [{ source_cluster: {} }] }] });
  expect(findUnsupported(RateLimitPerRouteSchema, message, "r").map(({ path }) => path)).toEqual(["r.rate_limits"]);
});

const rules = (limits: Config[]) => {
  const message = fromJson(RouteSchema, { match: { prefix: "/" }, route: { cluster: "a", rate_limits: limits } });
  if (message.action.case !== "route") throw new Error("no route");
  return rateLimitRules(message.action.value.rateLimits, new Scope("r", []));
};
const asked = (rateLimits: RouteRateLimits | null, address = "10.1.2.3", said?: Config) => {
  const filters = said
    ? {
        ...NO_OVERRIDES.filters,
        rateLimits: new Map([["limit", rateLimitRoutePlan(fromJson(RateLimitPerRouteSchema, said))]]),
      }
    : null;
  const request = {
    method: "GET",
    path: "/cart?page=2",
    authority: "shop.test",
    scheme: "http" as const,
    headers: headerViewOf([["X-User", "ann"]]),
  };
  return rateLimitQuestion(planned({}).plan, route(forward([{ name: "app" }], { rateLimits })), filters, {
    request,
    ownCluster: "own",
    cluster: "app",
    remoteAddress: address,
  });
};
const fixed = (value: string): Config => ({ actions: [{ generic_key: { descriptor_value: value } }] });

test("a request is counted by what its route says; the limits of its virtual host stand in where it says nothing", () => {
  const own = rules([fixed("own")]);
  const host = rules([fixed("host")]);
  const keys = (limits: RouteRateLimits | null, said?: Config) =>
    asked(limits, undefined, said)?.descriptors.map(([entry]) => entry?.value) ?? null;
  expect(keys(routeRateLimits(own, host, false))).toEqual(["own"]);
  expect(keys(routeRateLimits([], host, false))).toEqual(["host"]);
  expect(keys(routeRateLimits(own, host, true))).toEqual(["own", "host"]);
  expect(keys(routeRateLimits(own, host, false), { vh_rate_limits: "INCLUDE" })).toEqual(["own", "host"]);
  expect(keys(routeRateLimits([], host, false), { vh_rate_limits: "IGNORE" })).toBeNull();
  expect(routeRateLimits([], [], true)).toBeNull();
  expect(asked(routeRateLimits(own, [], false), undefined, { domain: "other" })?.domain).toBe("other");
});

test("what is no address is not counted by address, and masks keep what they keep", () => {
  const masked = (v4: number, v6: number) =>
    routeRateLimits(
      rules([{ actions: [{ masked_remote_address: { v4_prefix_mask_len: v4, v6_prefix_mask_len: v6 } }] }]),
      [],
      false,
    );
  expect(asked(masked(24, 64), "a socket")).toBeNull();
  const address = (limits: RouteRateLimits | null, text: string) => asked(limits, text)?.descriptors[0]?.[0]?.value;
  expect(address(masked(12, 64), "10.31.2.3")).toBe("10.16.0.0/12");
  expect(address(masked(0, 64), "10.31.2.3")).toBe("0.0.0.0/0");
  expect(address(masked(32, 128), "10.31.2.3")).toBe("10.31.2.3/32");
  expect(address(masked(24, 64), "2001:db8:0:0:1::1")).toBe("2001:db8::/64");
  expect(address(masked(24, 0), "2001:db8::1")).toBe("::/0");
});

test("of equal rests the first is told, and nothing is told of nothing", () => {
  const status = (requests: number, remaining: number) => ({
    limit: { name: "", requests, unitSeconds: 60 },
    remaining,
    resetSeconds: 1,
  });
  expect(quotaHeaders([])).toEqual([]);
  expect(quotaHeaders([status(1, 5), status(2, 5), status(3, 6)])[0]).toEqual([
    "x-ratelimit-limit",
    "1, 1;w=60, 2;w=60, 3;w=60",
  ]);
});

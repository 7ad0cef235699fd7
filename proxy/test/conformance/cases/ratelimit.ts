// Global rate limits. Rule: the service answers by script (x-say) and tells in x-asked what it was asked, so that an action that is
// missing is seen in the answer to the caller.

import { cluster, HTTP2, header, httpFilter, REFUSED_HERE, ROUTER, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

const LIMIT = "ratelimit.v3.RateLimit";
const FILTER = "filters.http.ratelimit.v3.RateLimit";
const service = (name: string): Config => ({
  rate_limit_service: { grpc_service: { envoy_grpc: { cluster_name: name } }, transport_api_version: "V3" },
});
const filter = (value: Config, name = "limit"): Config =>
  httpFilter(name, LIMIT, { domain: "shop", timeout: "5s", ...service("rls"), ...value });
const fixed = (value: string, over: Config = {}): Config => ({ generic_key: { descriptor_value: value, ...over } });
const byHeader = (name: string, over: Config = {}): Config => ({
  request_headers: { header_name: name, descriptor_key: name.replace(/^x-/, ""), ...over },
});
const DO: Config = { actions: [fixed("always"), byHeader("x-say", { descriptor_key: "do" })] };
const perRoute = (over: Config): Config => ({
  typed_per_filter_config: {
    limit: { "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute", ...over },
  },
});

interface Parts {
  readonly filter?: Config;
  readonly limits?: readonly Config[];
  readonly action?: Config;
  readonly route?: Config;
  readonly host?: Config;
}

const limit = (id: string, parts: Parts, more: Partial<Case>): Case => ({
  id: `rate limit ${id}`,
  config: web({
    routes: [
      {
        match: { prefix: "/" },
        route: { cluster: "app", rate_limits: parts.limits ?? [DO], ...parts.action },
        ...parts.route,
      },
    ],
    host: parts.host ?? {},
    hcm: { http_filters: [filter(parts.filter ?? {}), ROUTER] },
    clusters: [cluster("app"), cluster("rls", HTTP2)],
  }),
  upstreams: { app: "http", rls: "rls" },
  run: (wire) => wire.call(does("ok")),
  ...more,
});
const does = (word: string, more: Ask = {}): Ask => ({ ...more, headers: { "x-say": word, ...more.headers } });
const GRPC: Ask = { method: "POST", headers: { "content-type": "application/grpc", te: "trailers" } };
const by = (...actions: Config[]): Pick<Parts, "limits"> => ({ limits: [{ actions }] });
const HEADERS = [{ name: "x-say", string_match: { exact: "ok" } }];
const QUERY = [{ name: "q", string_match: { exact: "1" } }];
const OWN = { actions: [fixed("own")] };
const HOST = { rate_limits: [{ actions: [fixed("host")] }] };

export const rateLimitCases: readonly Case[] = [
  limit(
    "asked and answered",
    {},
    {
      run: async (wire) => [
        await wire.calls(["add", "over", "body", "typed"].map((word) => does(word))),
        wire.received(),
      ],
      proves: ["route.v3.RouteAction.rate_limits"],
      needs: [
        `${FILTER}.domain`,
        `${FILTER}.rate_limit_service`,
        "RateLimitServiceConfig.grpc_service",
        "route.v3.RateLimit.actions",
        "route.v3.RateLimit.Action.request_headers",
        "Action.RequestHeaders.header_name",
        "Action.RequestHeaders.descriptor_key",
        "Action.GenericKey.descriptor_value",
      ],
    },
  ),
  limit(
    "of a service that fails",
    { filter: { failure_mode_deny: true, status_on_error: { code: "ServiceUnavailable" } } },
    { run: (wire) => wire.call(does("error")), proves: [`${FILTER}.failure_mode_deny`, `${FILTER}.status_on_error`] },
  ),
  limit(
    "of a service that takes its time",
    { filter: { failure_mode_deny: true, timeout: "0.3s" } },
    {
      run: (wire) => wire.late(250, () => wire.call(does("silent"))),
      proves: [`${FILTER}.timeout`],
    },
  ),
  limit(
    "status and headers of a refusal",
    {
      filter: {
        rate_limited_status: { code: "Forbidden" },
        disable_x_envoy_ratelimited_header: true,
        response_headers_to_add: [header("x-limited", "yes")],
      },
    },
    {
      run: (wire) => wire.calls([does("over"), does("ok")]),
      proves: [
        `${FILTER}.rate_limited_status`,
        `${FILTER}.disable_x_envoy_ratelimited_header`,
        `${FILTER}.response_headers_to_add`,
      ],
    },
  ),
  limit(
    "of gRPC",
    { filter: { rate_limited_as_resource_exhausted: true } },
    { run: (wire) => wire.call(does("over", GRPC)), proves: [`${FILTER}.rate_limited_as_resource_exhausted`] },
  ),
  limit(
    "told in headers",
    { filter: { enable_x_ratelimit_headers: "DRAFT_VERSION_03" } },
    {
      run: (wire) => wire.calls(["quota", "over-quota", "units", "ok"].map((word) => does(word))),
      proves: [`${FILTER}.enable_x_ratelimit_headers`],
    },
  ),
  limit(
    "of all requests, whoever sends them",
    { filter: { request_type: "both", stat_prefix: "some" } },
    {
      proves: [`${FILTER}.stat_prefix`],
      inert: [`${FILTER}.request_type`, "RateLimitServiceConfig.transport_api_version"],
    },
  ),
  limit(
    "of a stage",
    { filter: { stage: 1 }, limits: [{ stage: 1, actions: [fixed("late")] }, { actions: [fixed("early")] }] },
    { proves: [`${FILTER}.stage`, "route.v3.RateLimit.stage"] },
  ),
  limit(
    "without a runtime",
    { limits: [{ disable_key: "some", actions: [fixed("a")] }] },
    { inert: ["route.v3.RateLimit.disable_key"] },
  ),
  ...(
    [
      ["source cluster", { source_cluster: {} }, "source_cluster", ""],
      ["destination cluster", { destination_cluster: {} }, "destination_cluster", ""],
      ["remote address", { remote_address: {} }, "remote_address", ""],
      [
        "masked address",
        { masked_remote_address: { v4_prefix_mask_len: 11 } },
        "masked_remote_address",
        "MaskedRemoteAddress.v4_prefix_mask_len",
      ],
      ["fixed key", fixed("a", { descriptor_key: "b" }), "generic_key", "GenericKey.descriptor_key"],
      [
        "header match",
        { header_value_match: { descriptor_key: "k", descriptor_value: "v", headers: HEADERS } },
        "header_value_match",
        "HeaderValueMatch.descriptor_key",
      ],
      [
        "query match",
        { query_parameter_value_match: { descriptor_key: "k", descriptor_value: "v", query_parameters: QUERY } },
        "query_parameter_value_match",
        "QueryParameterValueMatch.descriptor_key",
      ],
    ] as const
  ).map(([id, action, field, inner]) =>
    limit(`by ${id}`, by(action as Config), {
      run: (wire) => wire.call(does("ok", { path: "/?q=1" })),
      needs: [`route.v3.RateLimit.Action.${field}`],
      proves: inner === "" ? [] : [`route.v3.RateLimit.Action.${inner}`],
    }),
  ),
  limit("by masked address of IPv6", by({ masked_remote_address: { v6_prefix_mask_len: 40 } }), {
    run: (wire) => wire.call({ headers: { "x-forwarded-for": "2001:db8:ffff::1" } }),
    proves: ["Action.MaskedRemoteAddress.v6_prefix_mask_len"],
  }),
  limit("by a header that may be absent", by(fixed("a"), byHeader("x-none", { skip_if_absent: true })), {
    proves: ["Action.RequestHeaders.skip_if_absent"],
  }),
  limit(
    "by what does not match",
    {
      limits: [
        { actions: [{ header_value_match: { descriptor_value: "h", expect_match: false, headers: HEADERS } }] },
        {
          actions: [
            { query_parameter_value_match: { descriptor_value: "q", expect_match: false, query_parameters: QUERY } },
          ],
        },
      ],
    },
    {
      run: (wire) => wire.calls([does("ok", { path: "/?q=1" }), does("no", { path: "/?q=2" })]),
      proves: ["Action.HeaderValueMatch.expect_match", "Action.QueryParameterValueMatch.expect_match"],
      needs: [
        "Action.HeaderValueMatch.headers",
        "Action.HeaderValueMatch.descriptor_value",
        "Action.QueryParameterValueMatch.query_parameters",
        "Action.QueryParameterValueMatch.descriptor_value",
      ],
    },
  ),
  limit("of a virtual host", { limits: [], host: HOST }, { proves: ["route.v3.VirtualHost.rate_limits"] }),
  limit(
    "of a virtual host beside those of the route",
    { limits: [OWN], host: HOST, action: { include_vh_rate_limits: true } },
    { proves: ["route.v3.RouteAction.include_vh_rate_limits"] },
  ),
  limit(
    "of a virtual host, as the route says of the filter",
    { limits: [OWN], host: HOST, route: perRoute({ vh_rate_limits: "INCLUDE", domain: "other" }) },
    { proves: ["RateLimitPerRoute.vh_rate_limits", "RateLimitPerRoute.domain"] },
  ),
  limit(
    "with an answer that ends nothing",
    { filter: { failure_mode_deny: true, status_on_error: { code: "Continue" } } },
    { run: async () => "as it is", explained: { "": REFUSED_HERE } },
  ),
];

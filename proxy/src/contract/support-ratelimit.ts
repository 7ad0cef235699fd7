// The part of the support table about global rate limits: the filter, what routes and virtual hosts count by. Rule: as in support.ts.

import { fields, type MessageSupport, NO_RUNTIME, only } from "./support-words";

const RATE_LIMIT = "envoy.extensions.filters.http.ratelimit.v3";
const ROUTE = "envoy.config.route.v3.RateLimit";

export const RATE_LIMIT_TYPE = `${RATE_LIMIT}.RateLimit`;
export const RATE_LIMIT_PER_ROUTE_TYPE = `${RATE_LIMIT}.RateLimitPerRoute`;

/** Beside what RouteAction and VirtualHost take otherwise. */
export const ROUTE_RATE_LIMITS: MessageSupport = {
  rate_limits: { note: "what the rate limit service is asked about; the local rate limit has no descriptors" },
};

export const RATE_LIMIT_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [RATE_LIMIT_TYPE]: {
    ...fields(`domain stage failure_mode_deny rate_limited_as_resource_exhausted rate_limit_service
      disable_x_envoy_ratelimited_header rate_limited_status response_headers_to_add status_on_error`),
    request_type: only("", "both"),
    timeout: { note: "20 ms where nothing is said; 0 waits for ever" },
    enable_x_ratelimit_headers: only("OFF", "DRAFT_VERSION_03"),
    stat_prefix: { note: "of statistics; Prometheus metrics are kept per cluster" },
  },
  [RATE_LIMIT_PER_ROUTE_TYPE]: fields("vh_rate_limits domain"),
  "envoy.config.ratelimit.v3.RateLimitServiceConfig": {
    grpc_service: { note: "a cluster that speaks HTTP/2" },
    transport_api_version: { only: ["AUTO", "V3"], inert: "there is no other version" },
  },
  [ROUTE]: { ...fields("stage actions"), disable_key: NO_RUNTIME },
  [`${ROUTE}.Action`]: fields(`source_cluster destination_cluster request_headers remote_address generic_key
    header_value_match masked_remote_address query_parameter_value_match`),
  [`${ROUTE}.Action.SourceCluster`]: {},
  [`${ROUTE}.Action.DestinationCluster`]: {},
  [`${ROUTE}.Action.RequestHeaders`]: fields("header_name descriptor_key skip_if_absent"),
  [`${ROUTE}.Action.RemoteAddress`]: {},
  [`${ROUTE}.Action.MaskedRemoteAddress`]: fields("v4_prefix_mask_len v6_prefix_mask_len"),
  [`${ROUTE}.Action.GenericKey`]: fields("descriptor_value descriptor_key"),
  [`${ROUTE}.Action.HeaderValueMatch`]: fields("descriptor_key descriptor_value expect_match headers"),
  [`${ROUTE}.Action.QueryParameterValueMatch`]: fields("descriptor_key descriptor_value expect_match query_parameters"),
};

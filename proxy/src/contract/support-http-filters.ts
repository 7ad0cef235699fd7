// The part of the support table about HTTP filters: which may stand in the list, what routes may say otherwise, and their fields.
// Rule: as in support.ts, what is not listed is refused by its path.

import { fields, inert, type MessageSupport, NO_RUNTIME, only } from "./support-words";

const FAULT = "envoy.extensions.filters.http.fault.v3";
const LOCAL_RATE_LIMIT = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
const HTTP_RBAC = "envoy.extensions.filters.http.rbac.v3.RBAC";
const ROUTER = "envoy.extensions.filters.http.router.v3.Router";

export const HTTP_FILTER_TYPES = [HTTP_RBAC, `${FAULT}.HTTPFault`, LOCAL_RATE_LIMIT, ROUTER];
export const PER_CLUSTER_FILTER_TYPES = [`${FAULT}.HTTPFault`, LOCAL_RATE_LIMIT];
export const PER_FILTER_TYPES = [`${HTTP_RBAC}PerRoute`, ...PER_CLUSTER_FILTER_TYPES];

export const HTTP_FILTER_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [HTTP_RBAC]: {
    ...fields("rules shadow_rules"),
    rules_stat_prefix: inert("metrics carry the policy's name"),
    shadow_rules_stat_prefix: inert("metrics carry the policy's name"),
  },
  [`${HTTP_RBAC}PerRoute`]: fields("rbac"),
  [`${FAULT}.HTTPFault`]: {
    ...fields("delay abort upstream_cluster headers max_active_faults"),
    delay_percent_runtime: NO_RUNTIME,
    abort_percent_runtime: NO_RUNTIME,
    delay_duration_runtime: NO_RUNTIME,
    abort_http_status_runtime: NO_RUNTIME,
    max_active_faults_runtime: NO_RUNTIME,
    response_rate_limit_percent_runtime: NO_RUNTIME,
    abort_grpc_status_runtime: NO_RUNTIME,
    disable_downstream_cluster_stats: inert("there are none per downstream cluster"),
  },
  [`${FAULT}.FaultAbort`]: fields("http_status grpc_status percentage"),
  "envoy.extensions.filters.common.fault.v3.FaultDelay": fields("fixed_delay percentage"),
  [LOCAL_RATE_LIMIT]: {
    ...fields(`status token_bucket filter_enabled filter_enforced request_headers_to_add_when_not_enforced
      response_headers_to_add rate_limited_as_resource_exhausted`),
    stat_prefix: inert("metrics are kept per workload"),
    local_rate_limit_per_downstream_connection: only(false),
    enable_x_ratelimit_headers: only("OFF", "DRAFT_VERSION_03"),
    stage: inert("rate limits of routes are refused"),
    vh_rate_limits: inert("rate limits of virtual hosts are refused"),
    always_consume_default_token_bucket: inert("descriptors are refused: there is the one bucket"),
  },
  "envoy.type.v3.TokenBucket": fields("max_tokens tokens_per_fill fill_interval"),
  "envoy.type.v3.HttpStatus": fields("code"),
  [ROUTER]: { dynamic_stats: inert("statistics are always kept") },
};

// The part of the support table about HTTP filters: which may stand in the list, what routes may say otherwise, and their fields.
// Rule: as in support.ts, what is not listed is refused by its path.

import { EXT_AUTHZ_PER_ROUTE_TYPE, EXT_AUTHZ_SUPPORT, EXT_AUTHZ_TYPE } from "./support-ext-authz";
import { JWT_SUPPORT } from "./support-jwt";
import { RATE_LIMIT_PER_ROUTE_TYPE, RATE_LIMIT_SUPPORT, RATE_LIMIT_TYPE } from "./support-ratelimit";
import { fields, inert, type MessageSupport, NO_RUNTIME, only } from "./support-words";

const CORS = "envoy.extensions.filters.http.cors.v3";
const BY_CALLER = {
  note: "x-envoy-fault-* of callers stay only where a listener has the filter; elsewhere they are removed",
};
const FAULT = "envoy.extensions.filters.http.fault.v3";
const HEADER_MUTATION = "envoy.extensions.filters.http.header_mutation.v3";
const HEALTH_CHECK = "envoy.extensions.filters.http.health_check.v3.HealthCheck";
const JWT = "envoy.extensions.filters.http.jwt_authn.v3";
const LOCAL_RATE_LIMIT = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
const HTTP_RBAC = "envoy.extensions.filters.http.rbac.v3.RBAC";
const ROUTER = "envoy.extensions.filters.http.router.v3.Router";

export const HTTP_FILTER_TYPES = [
  HTTP_RBAC,
  `${CORS}.Cors`,
  EXT_AUTHZ_TYPE,
  `${FAULT}.HTTPFault`,
  `${HEADER_MUTATION}.HeaderMutation`,
  HEALTH_CHECK,
  `${JWT}.JwtAuthentication`,
  LOCAL_RATE_LIMIT,
  RATE_LIMIT_TYPE,
  ROUTER,
];
export const PER_CLUSTER_FILTER_TYPES = [
  `${CORS}.CorsPolicy`,
  EXT_AUTHZ_PER_ROUTE_TYPE,
  `${FAULT}.HTTPFault`,
  `${HEADER_MUTATION}.HeaderMutationPerRoute`,
  `${JWT}.PerRouteConfig`,
  LOCAL_RATE_LIMIT,
  RATE_LIMIT_PER_ROUTE_TYPE,
];
export const PER_FILTER_TYPES = [`${HTTP_RBAC}PerRoute`, ...PER_CLUSTER_FILTER_TYPES];

export const HTTP_FILTER_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [HTTP_RBAC]: {
    ...fields("rules shadow_rules"),
    rules_stat_prefix: { note: "of statistics; Prometheus metrics carry the policy's name" },
    shadow_rules_stat_prefix: { note: "before the names of what shadow rules say, and of statistics" },
  },
  [`${HTTP_RBAC}PerRoute`]: fields("rbac"),
  [`${CORS}.Cors`]: {},
  [`${CORS}.CorsPolicy`]: {
    ...fields(`allow_origin_string_match allow_methods allow_headers expose_headers max_age allow_credentials
      filter_enabled allow_private_network_access forward_not_matching_preflights`),
    shadow_enabled: { note: "counted: cors.origin_valid and origin_invalid, meshwright_cors_origins_total" },
  },
  ...EXT_AUTHZ_SUPPORT,
  [`${FAULT}.HTTPFault`]: {
    ...fields("delay abort upstream_cluster headers max_active_faults response_rate_limit"),
    delay_percent_runtime: NO_RUNTIME,
    abort_percent_runtime: NO_RUNTIME,
    delay_duration_runtime: NO_RUNTIME,
    abort_http_status_runtime: NO_RUNTIME,
    max_active_faults_runtime: NO_RUNTIME,
    response_rate_limit_percent_runtime: NO_RUNTIME,
    abort_grpc_status_runtime: NO_RUNTIME,
    disable_downstream_cluster_stats: inert("there are none per downstream cluster"),
  },
  [`${FAULT}.FaultAbort`]: {
    ...fields("http_status grpc_status percentage"),
    header_abort: BY_CALLER,
  },
  [`${HEADER_MUTATION}.HeaderMutation`]: fields("mutations most_specific_header_mutations_wins"),
  [`${HEADER_MUTATION}.HeaderMutationPerRoute`]: fields("mutations"),
  [`${HEADER_MUTATION}.Mutations`]: fields("request_mutations response_mutations"),
  "envoy.config.common.mutation_rules.v3.HeaderMutation": fields("remove append"),
  [HEALTH_CHECK]: {
    ...fields("pass_through_mode cluster_min_healthy_percentages"),
    headers: { note: "all of them; a draining proxy fails like one that was told to by POST /healthcheck/fail" },
  },
  "envoy.extensions.filters.common.fault.v3.FaultDelay": {
    ...fields("fixed_delay percentage"),
    header_delay: BY_CALLER,
  },
  "envoy.extensions.filters.common.fault.v3.FaultRateLimit": {
    ...fields("fixed_limit percentage"),
    header_limit: BY_CALLER,
  },
  "envoy.extensions.filters.common.fault.v3.FaultRateLimit.FixedLimit": fields("limit_kbps"),
  ...JWT_SUPPORT,
  [LOCAL_RATE_LIMIT]: {
    ...fields(`status token_bucket filter_enabled filter_enforced request_headers_to_add_when_not_enforced
      response_headers_to_add rate_limited_as_resource_exhausted`),
    stat_prefix: { note: "of statistics; Prometheus metrics are kept per workload" },
    local_rate_limit_per_downstream_connection: only(false),
    enable_x_ratelimit_headers: only("OFF", "DRAFT_VERSION_03"),
    stage: inert("descriptors are refused, so there is nothing to count by"),
    vh_rate_limits: inert("descriptors are refused, so there is nothing to count by"),
    always_consume_default_token_bucket: inert("descriptors are refused: there is the one bucket"),
  },
  ...RATE_LIMIT_SUPPORT,
  "envoy.type.v3.TokenBucket": fields("max_tokens tokens_per_fill fill_interval"),
  "envoy.type.v3.HttpStatus": fields("code"),
  [ROUTER]: fields("dynamic_stats"),
};

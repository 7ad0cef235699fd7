// The part of the support table about JWT authentication and what authorization asks of it. Rule: as in support.ts.

import { fields, inert, type MessageSupport, only } from "./support-words";

const JWT = "envoy.extensions.filters.http.jwt_authn.v3";
const MATCHER = "envoy.type.matcher.v3";

export const JWT_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [`${JWT}.JwtAuthentication`]: fields("providers rules bypass_cors_preflight requirement_map strip_failure_response"),
  [`${JWT}.JwtProvider`]: {
    ...fields(`issuer audiences subjects require_expiration max_lifetime remote_jwks forward from_headers
      from_params from_cookies forward_payload_header pad_forward_payload_header payload_in_metadata
      normalize_payload_in_metadata header_in_metadata clock_skew_seconds claim_to_headers`),
    local_jwks: { note: "read when the configuration is applied; at most 1 MiB and 500 keys" },
    jwt_cache_config: inert("verified tokens are always remembered, up to 1,000 of a key set"),
    clear_route_cache: only(false),
  },
  [`${JWT}.JwtProvider.NormalizePayload`]: fields("space_delimited_claims"),
  [`${JWT}.JwtCacheConfig`]: { jwt_cache_size: inert("verified tokens are always remembered") },
  [`${JWT}.RemoteJwks`]: fields("http_uri cache_duration async_fetch retry_policy"),
  [`${JWT}.JwksAsyncFetch`]: {
    ...fields("failed_refetch_duration"),
    fast_listener: inert("listeners never wait for keys: a request does that needs them before they are there"),
  },
  [`${JWT}.JwtHeader`]: fields("name value_prefix"),
  [`${JWT}.JwtClaimToHeader`]: fields("header_name claim_name"),
  [`${JWT}.ProviderWithAudiences`]: fields("provider_name audiences"),
  [`${JWT}.JwtRequirement`]: fields(
    "provider_name provider_and_audiences requires_any requires_all allow_missing_or_failed allow_missing",
  ),
  [`${JWT}.JwtRequirementOrList`]: fields("requirements"),
  [`${JWT}.JwtRequirementAndList`]: fields("requirements"),
  [`${JWT}.RequirementRule`]: fields("match requires requirement_name"),
  [`${JWT}.PerRouteConfig`]: fields("disabled requirement_name"),
  "envoy.config.core.v3.HttpUri": fields("uri cluster timeout"),
  "envoy.config.core.v3.RetryPolicy": {
    ...fields("retry_back_off num_retries"),
    retry_on: inert("what fails is fetched again, whatever the failure was"),
  },
  "envoy.config.core.v3.BackoffStrategy": fields("base_interval max_interval"),
  [`${MATCHER}.MetadataMatcher`]: {
    ...fields("path value invert"),
    filter: { note: "envoy.filters.http.jwt_authn and envoy.filters.http.ext_authz say something" },
  },
  [`${MATCHER}.MetadataMatcher.PathSegment`]: fields("key"),
  [`${MATCHER}.ValueMatcher`]: fields(
    "null_match double_match string_match bool_match present_match list_match or_match",
  ),
  [`${MATCHER}.ValueMatcher.NullMatch`]: {},
  [`${MATCHER}.DoubleMatcher`]: fields("range exact"),
  [`${MATCHER}.ListMatcher`]: fields("one_of"),
  [`${MATCHER}.OrMatcher`]: fields("value_matchers"),
  "envoy.type.v3.DoubleRange": fields("start end"),
};

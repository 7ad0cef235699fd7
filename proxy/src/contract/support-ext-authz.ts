// The part of the support table about external authorization. Rule: as in support.ts.

import { fields, inert, type MessageSupport, NO_RUNTIME, only } from "./support-words";

const EXT_AUTHZ = "envoy.extensions.filters.http.ext_authz.v3";

export const EXT_AUTHZ_TYPE = `${EXT_AUTHZ}.ExtAuthz`;
export const EXT_AUTHZ_PER_ROUTE_TYPE = `${EXT_AUTHZ}.ExtAuthzPerRoute`;

const HEADERS_OF = { note: "by name, in lower case" };

export const EXT_AUTHZ_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [EXT_AUTHZ_TYPE]: {
    ...fields(`http_service failure_mode_allow failure_mode_allow_header_add with_request_body clear_route_cache
      status_on_error filter_enabled filter_enabled_metadata deny_at_disable include_peer_certificate include_tls_session
      charge_cluster_response_stats`),
    grpc_service: { note: "a cluster that speaks HTTP/2; answers up to 1 MiB" },
    transport_api_version: { ...only("AUTO", "V3"), inert: "there is no other version" },
    validate_mutations: inert("what an authorizer changes is always looked at: an invalid header is a 500"),
    stat_prefix: { note: "of statistics; Prometheus metrics are kept per cluster: meshwright_ext_authz_total" },
    enable_dynamic_metadata_ingestion: { note: "rules may ask for it under envoy.filters.http.ext_authz" },
    allowed_headers: HEADERS_OF,
    disallowed_headers: HEADERS_OF,
  },
  [`${EXT_AUTHZ}.BufferSettings`]: {
    ...fields("allow_partial_message"),
    max_request_bytes: { note: "at most 1 MiB; 64 MiB are held in all, then 503" },
    pack_as_bytes: { note: "without effect for an http_service, as in Envoy" },
  },
  [`${EXT_AUTHZ}.HttpService`]: {
    ...fields("path_prefix authorization_request authorization_response"),
    server_uri: { note: "the cluster and the timeout count; the path is the request's; answers up to 1 MiB" },
  },
  [`${EXT_AUTHZ}.AuthorizationRequest`]: { allowed_headers: HEADERS_OF, ...fields("headers_to_add") },
  [`${EXT_AUTHZ}.AuthorizationResponse`]: {
    allowed_upstream_headers: HEADERS_OF,
    allowed_upstream_headers_to_append: HEADERS_OF,
    allowed_client_headers: HEADERS_OF,
    allowed_client_headers_on_success: HEADERS_OF,
  },
  [EXT_AUTHZ_PER_ROUTE_TYPE]: fields("disabled check_settings"),
  [`${EXT_AUTHZ}.CheckSettings`]: fields("context_extensions disable_request_body_buffering with_request_body"),
  "envoy.config.core.v3.RuntimeFeatureFlag": { ...fields("default_value"), runtime_key: NO_RUNTIME },
  "envoy.type.matcher.v3.ListStringMatcher": fields("patterns"),
};

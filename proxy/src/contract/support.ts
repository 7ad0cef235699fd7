// What this proxy takes from Envoy's configuration, message by message. docs/reference/envoy-support.md is made of it.
// One rule: a field is listed here only when plan() (or the bootstrap reader) acts on it, or when leaving it out of
// account cannot be observed and `inert` says why. Every field that is set and not listed is refused by its path.

import { ACCESS_LOG_SUPPORT } from "./support-access-log";
import { ACTIVE_HEALTH_SUPPORT } from "./support-active-health";
import { BALANCING_SUPPORT, BALANCING_TYPES, CLUSTER_BALANCING } from "./support-balancing";
import {
  HTTP_FILTER_SUPPORT,
  HTTP_FILTER_TYPES,
  PER_CLUSTER_FILTER_TYPES,
  PER_FILTER_TYPES,
} from "./support-http-filters";
import { OVERLOAD_SUPPORT } from "./support-overload";
import { ROUTE_RATE_LIMITS } from "./support-ratelimit";
import { TRACING_SUPPORT } from "./support-tracing";
import { type FieldSupport, fields, inert, type MessageSupport, NO_RUNTIME, only, types, yes } from "./support-words";

export type { FieldSupport, MessageSupport } from "./support-words";

const HEADER_OPS = fields(
  "request_headers_to_add request_headers_to_remove response_headers_to_add response_headers_to_remove",
);
const NETWORK_RBAC = "envoy.extensions.filters.network.rbac.v3.RBAC";
const HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const PROXY_PROTOCOL = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";
const CONNECTION_LIMIT = "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit";
const NETWORK_LOCAL_RATE_LIMIT = "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit";
const SNI_CLUSTER = "envoy.extensions.filters.network.sni_cluster.v3.SniCluster";
const TCP_PROXY = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
const TLS = "envoy.extensions.transport_sockets.tls.v3";
const RETRY = "envoy.extensions.retry";
const INTERNAL_REDIRECT = "envoy.extensions.internal_redirect";
const UPSTREAM_PROXY_PROTOCOL = "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport";
const RAW_BUFFER = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer";
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const KEY_NOTE = "the key is the name of the filter in the chain; the most specific level wins";
const PER_FILTER: FieldSupport = { types: PER_FILTER_TYPES, note: KEY_NOTE };
const PER_CLUSTER_FILTER: FieldSupport = { types: PER_CLUSTER_FILTER_TYPES, note: KEY_NOTE };
const STATIC_LISTENER_PARTS = "name address filter_chains default_filter_chain listener_filters";
const UPGRADE: MessageSupport = {
  upgrade_type: { note: "upgrades of HTTP/1.1 such as websocket, and CONNECT" },
  enabled: yes,
};

export const SUPPORT: Readonly<Record<string, MessageSupport>> = {
  // --- bootstrap ---
  "envoy.config.bootstrap.v3.Bootstrap": fields(
    "node static_resources dynamic_resources admin cluster_manager overload_manager",
  ),
  ...OVERLOAD_SUPPORT,
  "envoy.config.bootstrap.v3.ClusterManager": {
    local_cluster_name: { note: "a cluster of static_resources; with ADS, one of CDS" },
  },
  "envoy.config.bootstrap.v3.Bootstrap.StaticResources": fields("listeners clusters secrets"),
  "envoy.config.bootstrap.v3.Bootstrap.DynamicResources": fields("lds_config cds_config ads_config"),
  "envoy.config.bootstrap.v3.Admin": {
    ...fields("address"),
    profile_path: inert("no profiler"),
    ignore_global_conn_limit: inert("connections to the admin interface do not count"),
  },
  "envoy.config.core.v3.Node": {
    ...fields("id cluster metadata"),
    locality: { note: "sent to the control plane, and where zone-aware routing begins" },
    user_agent_name: { note: "sent to the control plane" },
  },
  "envoy.config.core.v3.Locality": fields("region zone sub_zone"),
  "envoy.config.core.v3.ConfigSource": {
    ads: yes,
    resource_api_version: only("AUTO", "V3"),
    initial_fetch_timeout: inert("what is missing is waited for; meanwhile the configuration before stays in force"),
  },
  "envoy.config.core.v3.AggregatedConfigSource": {},
  "envoy.config.core.v3.ApiConfigSource": {
    api_type: only("GRPC", "DELTA_GRPC"),
    transport_api_version: only("V3"),
    grpc_services: { note: "exactly one" },
    set_node_on_first_message_only: inert("the node is sent on the first message only"),
  },
  "envoy.config.core.v3.GrpcService": {
    ...fields("envoy_grpc"),
    timeout: { note: "of a call; the stream of discovery and the rate limit have none of their own" },
  },
  "envoy.config.core.v3.GrpcService.EnvoyGrpc": {
    ...fields("cluster_name"),
    authority: { note: "of a call; the name of the cluster where nothing is said" },
  },

  // --- addresses and small parts ---
  "envoy.config.core.v3.Address": fields("socket_address"),
  "envoy.config.core.v3.SocketAddress": { ...fields("address port_value"), protocol: only("TCP") },
  "envoy.config.core.v3.CidrRange": fields("address_prefix prefix_len"),
  "envoy.config.core.v3.Metadata": {
    filter_metadata: {
      note: 'strings under "meshwright" become labels, of endpoints "envoy.lb" makes subsets; other keys are opaque',
    },
  },
  "envoy.config.core.v3.DataSource": {
    ...fields("filename inline_bytes inline_string"),
    environment_variable: { note: "TLS material only" },
  },
  "envoy.config.core.v3.TransportSocket": {
    ...fields("name"),
    typed_config: types(
      `${TLS}.DownstreamTlsContext`,
      `${TLS}.UpstreamTlsContext`,
      RAW_BUFFER,
      UPSTREAM_PROXY_PROTOCOL,
    ),
  },
  [UPSTREAM_PROXY_PROTOCOL]: { config: yes, transport_socket: { note: "TLS or raw_buffer" } },
  "envoy.config.core.v3.ProxyProtocolConfig": {
    version: { note: "whom it tells of shares connections with nobody" },
    pass_through_tlvs: { note: "of those that the listener's filter kept; by version 2" },
  },
  "envoy.config.core.v3.ProxyProtocolPassThroughTLVs": { match_type: yes, tlv_type: { note: "from 0 to 255" } },
  "envoy.config.core.v3.HeaderValueOption": fields("header append append_action keep_empty_value"),
  "envoy.config.core.v3.HeaderValue": {
    key: yes,
    value: { note: "%% is a percent sign; command operators are refused" },
  },
  "envoy.config.core.v3.RuntimeFractionalPercent": { ...fields("default_value"), runtime_key: NO_RUNTIME },
  "envoy.type.v3.FractionalPercent": fields("numerator denominator"),
  "envoy.type.v3.Percent": fields("value"),
  "envoy.type.v3.Int64Range": fields("start end"),
  "envoy.type.v3.Int32Range": fields("start end"),
  "envoy.type.matcher.v3.StringMatcher": fields("exact prefix suffix safe_regex contains ignore_case"),
  "envoy.type.matcher.v3.RegexMatcher": { ...fields("regex"), google_re2: inert("RE2 is what is used") },
  "envoy.type.matcher.v3.RegexMatcher.GoogleRE2": {
    max_program_size: inert("deprecated in Envoy; matching is linear here"),
  },
  "envoy.type.matcher.v3.RegexMatchAndSubstitute": fields("pattern substitution"),
  "envoy.type.matcher.v3.PathMatcher": fields("path"),

  // --- listeners ---
  "envoy.config.listener.v3.Listener": {
    ...fields(`${STATIC_LISTENER_PARTS} listener_filters_timeout traffic_direction per_connection_buffer_limit_bytes`),
    access_log: { note: "a line for each connection when it ends, also for those that no filter chain took" },
    stat_prefix: { note: "of statistics, in place of its address" },
    metadata: inert("opaque"),
    enable_reuse_port: only(false),
    ignore_global_conn_limit: { note: "its connections do not count either" },
  },
  "envoy.config.listener.v3.ListenerFilter": {
    ...fields("name"),
    typed_config: types(
      "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
      "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
      PROXY_PROTOCOL,
    ),
  },
  [PROXY_PROTOCOL]: {
    allow_requests_without_proxy_protocol: yes,
    disallowed_versions: { note: "not both" },
    pass_through_tlvs: { note: "kept for clusters that pass them on" },
    stat_prefix: yes,
  },
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector": {},
  "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector": {},
  "envoy.config.listener.v3.FilterChain": {
    ...fields("filter_chain_match filters transport_socket name"),
    metadata: inert("opaque"),
  },
  "envoy.config.listener.v3.FilterChainMatch": {
    ...fields(`destination_port prefix_ranges server_names application_protocols direct_source_prefix_ranges source_type
      source_prefix_ranges source_ports`),
    transport_protocol: only("", "tls", "raw_buffer"),
  },
  "envoy.config.listener.v3.Filter": {
    ...fields("name"),
    typed_config: types(HCM, TCP_PROXY, NETWORK_RBAC, SNI_CLUSTER, CONNECTION_LIMIT, NETWORK_LOCAL_RATE_LIMIT),
  },

  // --- HTTP connection manager ---
  [HCM]: {
    ...fields(`stat_prefix rds route_config http_filters common_http_protocol_options http_protocol_options http2_protocol_options server_name
      stream_idle_timeout request_headers_timeout access_log use_remote_address skip_xff_append
      generate_request_id preserve_external_request_id always_set_request_id_in_response forward_client_cert_details
      set_current_client_cert_details normalize_path merge_slashes request_timeout via max_request_headers_kb
      upgrade_configs tracing`),
    codec_type: only("AUTO", "HTTP1", "HTTP2"),
    server_header_transformation: only("PASS_THROUGH"),
    path_with_escaped_slashes_action: only(
      "IMPLEMENTATION_SPECIFIC_DEFAULT",
      "KEEP_UNCHANGED",
      "REJECT_REQUEST",
      "UNESCAPE_AND_FORWARD",
    ),
  },
  [`${HCM}.UpgradeConfig`]: UPGRADE,
  [`${HCM.replace(/\.\w+$/, "")}.Rds`]: fields("config_source route_config_name"),
  [`${HCM}.SetCurrentClientCertDetails`]: fields("subject dns uri"),
  [HCM.replace(/\w+$/, "HttpFilter")]: {
    ...fields("name"),
    typed_config: types(...HTTP_FILTER_TYPES),
  },
  "envoy.config.core.v3.HttpProtocolOptions": {
    ...fields("idle_timeout max_connection_duration max_requests_per_connection max_headers_count"),
    headers_with_underscores_action: { note: "downstream only" },
    max_stream_duration: { note: "downstream only" },
  },
  "envoy.config.core.v3.Http1ProtocolOptions": {
    allow_absolute_url: only(true),
    enable_trailers: yes,
    allow_chunked_length: only(false),
  },
  "envoy.config.core.v3.Http2ProtocolOptions": {
    ...fields("max_concurrent_streams initial_stream_window_size initial_connection_window_size"),
    allow_connect: { note: "downstream: CONNECT, plain and extended for upgrades (RFC 8441)" },
    hpack_table_size: { note: "at most 65536 are announced" },
  },
  ...TRACING_SUPPORT,
  ...HTTP_FILTER_SUPPORT,
  [NETWORK_RBAC]: {
    ...fields("rules shadow_rules stat_prefix"),
    shadow_rules_stat_prefix: { note: "of statistics; Prometheus metrics carry the policy's name" },
    enforcement_type: only("ONE_TIME_ON_FIRST_BYTE"),
  },
  [SNI_CLUSTER]: {},
  [CONNECTION_LIMIT]: fields("stat_prefix max_connections delay runtime_enabled"),
  [NETWORK_LOCAL_RATE_LIMIT]: fields("stat_prefix token_bucket runtime_enabled share_key"),
  [TCP_PROXY]: {
    ...fields("stat_prefix cluster weighted_clusters idle_timeout access_log max_connect_attempts hash_policy"),
    metadata_match: { note: 'what is under "envoy.lb", of clusters with lb_subset_config' },
  },
  [`${TCP_PROXY}.WeightedCluster`]: fields("clusters"),
  [`${TCP_PROXY}.WeightedCluster.ClusterWeight`]: fields("name weight metadata_match"),
  "envoy.type.v3.HashPolicy": fields("source_ip"),
  "envoy.type.v3.HashPolicy.SourceIp": {},

  // --- access log ---
  ...ACCESS_LOG_SUPPORT,

  // --- RBAC ---
  "envoy.config.rbac.v3.RBAC": fields("action policies"),
  "envoy.config.rbac.v3.Policy": fields("permissions principals"),
  "envoy.config.rbac.v3.Permission": fields(`and_rules or_rules any header url_path destination_ip destination_port
    destination_port_range not_rule requested_server_name metadata`),
  "envoy.config.rbac.v3.Permission.Set": fields("rules"),
  "envoy.config.rbac.v3.Principal": fields(
    "and_ids or_ids any authenticated source_ip direct_remote_ip remote_ip header url_path metadata not_id",
  ),
  "envoy.config.rbac.v3.Principal.Set": fields("ids"),
  "envoy.config.rbac.v3.Principal.Authenticated": fields("principal_name"),

  // --- routes ---
  "envoy.config.route.v3.RouteConfiguration": {
    ...fields("name virtual_hosts most_specific_header_mutations_wins validate_clusters ignore_port_in_host_matching"),
    request_mirror_policies: { note: "of routes whose virtual host and action name none" },
    ...fields("max_direct_response_body_size_bytes"),
    ...HEADER_OPS,
    typed_per_filter_config: PER_FILTER,
    metadata: inert("opaque"),
  },
  "envoy.config.route.v3.VirtualHost": {
    ...fields("name domains routes include_request_attempt_count include_attempt_count_in_response retry_policy"),
    request_mirror_policies: { note: "of routes whose action names none" },
    per_request_buffer_limit_bytes: { note: "of routes that say none" },
    ...HEADER_OPS,
    ...ROUTE_RATE_LIMITS,
    require_tls: only("NONE"),
    typed_per_filter_config: PER_FILTER,
    metadata: inert("opaque"),
  },
  "envoy.config.route.v3.Route": {
    ...fields("name match route redirect direct_response metadata tracing"),
    per_request_buffer_limit_bytes: {
      note: "how much of a body is kept for another try, 64 KiB where nothing is said, 1 MiB at most",
    },
    ...HEADER_OPS,
    typed_per_filter_config: PER_FILTER,
    stat_prefix: inert("metrics are kept per cluster and workload"),
  },
  "envoy.config.route.v3.RouteMatch": fields(
    "prefix path safe_regex path_separated_prefix case_sensitive runtime_fraction headers query_parameters grpc connect_matcher",
  ),
  "envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions": {},
  "envoy.config.route.v3.RouteMatch.ConnectMatcher": {},
  "envoy.config.route.v3.HeaderMatcher":
    fields(`name exact_match safe_regex_match range_match present_match prefix_match
    suffix_match contains_match string_match invert_match treat_missing_header_as_empty`),
  "envoy.config.route.v3.QueryParameterMatcher": fields("name string_match present_match"),
  "envoy.config.route.v3.RouteAction": {
    ...fields(`cluster cluster_header weighted_clusters prefix_rewrite regex_rewrite host_rewrite_literal auto_host_rewrite
      host_rewrite_header host_rewrite_path_regex
      append_x_forwarded_host timeout idle_timeout retry_policy max_stream_duration max_grpc_timeout
      grpc_timeout_offset upgrade_configs include_vh_rate_limits hash_policy`),
    internal_redirect_policy: { note: "of requests whose body is complete and kept, as for another try" },
    request_mirror_policies: {
      note: "not of upgrades; a mirror that is more than 1 MiB behind is given up, it never holds up the request",
    },
    ...ROUTE_RATE_LIMITS,
    metadata_match: { note: 'what is under "envoy.lb", of clusters with lb_subset_config' },
    cluster_not_found_response_code: only("SERVICE_UNAVAILABLE", "NOT_FOUND"),
    priority: only("DEFAULT"),
  },
  "envoy.config.route.v3.InternalRedirectPolicy": {
    ...fields("max_internal_redirects redirect_response_codes predicates allow_cross_scheme_redirect"),
    response_headers_to_copy: { note: "not what frames or routes the request" },
  },
  "envoy.config.core.v3.TypedExtensionConfig": {
    ...fields("name"),
    typed_config: types(
      ...BALANCING_TYPES,
      `${INTERNAL_REDIRECT}.allow_listed_routes.v3.AllowListedRoutesConfig`,
      `${INTERNAL_REDIRECT}.previous_routes.v3.PreviousRoutesConfig`,
      `${INTERNAL_REDIRECT}.safe_cross_scheme.v3.SafeCrossSchemeConfig`,
    ),
  },
  [`${INTERNAL_REDIRECT}.allow_listed_routes.v3.AllowListedRoutesConfig`]: fields("allowed_route_names"),
  [`${INTERNAL_REDIRECT}.previous_routes.v3.PreviousRoutesConfig`]: {},
  [`${INTERNAL_REDIRECT}.safe_cross_scheme.v3.SafeCrossSchemeConfig`]: {},
  "envoy.config.route.v3.RouteAction.RequestMirrorPolicy": {
    ...fields("cluster cluster_header runtime_fraction disable_shadow_host_suffix_append"),
    trace_sampled: inert("the copy is not traced"),
  },
  "envoy.config.route.v3.RouteAction.HashPolicy": fields(
    "header cookie connection_properties query_parameter terminal",
  ),
  "envoy.config.route.v3.RouteAction.HashPolicy.Header": fields("header_name regex_rewrite"),
  "envoy.config.route.v3.RouteAction.HashPolicy.Cookie": fields("name ttl path attributes"),
  "envoy.config.route.v3.RouteAction.HashPolicy.CookieAttribute": fields("name value"),
  "envoy.config.route.v3.RouteAction.HashPolicy.ConnectionProperties": fields("source_ip"),
  "envoy.config.route.v3.RouteAction.HashPolicy.QueryParameter": fields("name"),
  "envoy.config.route.v3.RouteAction.UpgradeConfig": {
    ...UPGRADE,
    connect_config: {
      note: "CONNECT ends here, its bytes go to the cluster as TCP; the listener names CONNECT as well",
    },
  },
  "envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig": {},
  "envoy.config.route.v3.RouteAction.MaxStreamDuration": fields(
    "max_stream_duration grpc_timeout_header_max grpc_timeout_header_offset",
  ),
  "envoy.config.route.v3.WeightedCluster": { ...fields("clusters total_weight"), runtime_key_prefix: NO_RUNTIME },
  "envoy.config.route.v3.WeightedCluster.ClusterWeight": {
    ...fields("name cluster_header weight metadata_match"),
    ...HEADER_OPS,
    typed_per_filter_config: PER_CLUSTER_FILTER,
  },
  "envoy.config.route.v3.RedirectAction":
    fields(`https_redirect scheme_redirect host_redirect port_redirect path_redirect
    prefix_rewrite regex_rewrite response_code strip_query`),
  "envoy.config.route.v3.DirectResponseAction": { ...fields("status"), body: { note: "inline" } },
  "envoy.config.route.v3.RetryPolicy": fields(`retry_on num_retries per_try_timeout per_try_idle_timeout
    retry_priority retry_host_predicate host_selection_retry_max_attempts retriable_status_codes retry_back_off retriable_headers
    retriable_request_headers rate_limited_retry_back_off`),
  "envoy.config.route.v3.RetryPolicy.RateLimitedRetryBackOff": fields("reset_headers max_interval"),
  "envoy.config.route.v3.RetryPolicy.ResetHeader": fields("name format"),
  "envoy.config.route.v3.RetryPolicy.RetryBackOff": fields("base_interval max_interval"),
  "envoy.config.route.v3.RetryPolicy.RetryHostPredicate": {
    ...fields("name"),
    typed_config: types(
      `${RETRY}.host.previous_hosts.v3.PreviousHostsPredicate`,
      `${RETRY}.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate`,
      `${RETRY}.host.omit_host_metadata.v3.OmitHostMetadataConfig`,
    ),
  },
  "envoy.config.route.v3.RetryPolicy.RetryPriority": {
    ...fields("name"),
    typed_config: types(`${RETRY}.priority.previous_priorities.v3.PreviousPrioritiesConfig`),
  },
  [`${RETRY}.host.previous_hosts.v3.PreviousHostsPredicate`]: {},
  [`${RETRY}.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate`]: {},
  [`${RETRY}.host.omit_host_metadata.v3.OmitHostMetadataConfig`]: {
    metadata_match: { note: 'what is under "envoy.lb"; a list has a value when one of its items is it' },
  },
  [`${RETRY}.priority.previous_priorities.v3.PreviousPrioritiesConfig`]: fields("update_frequency"),

  // --- clusters and endpoints ---
  "envoy.config.cluster.v3.Cluster": {
    ...fields(`name alt_stat_name eds_cluster_config connect_timeout per_connection_buffer_limit_bytes load_assignment
      circuit_breakers typed_extension_protocol_options dns_refresh_rate outlier_detection transport_socket metadata
      ignore_health_on_host_removal preconnect_policy`),
    ...CLUSTER_BALANCING,
    health_checks: { note: "at most one" },
    upstream_connection_options: yes,
    type: only("STATIC", "STRICT_DNS", "LOGICAL_DNS", "EDS"),
    dns_lookup_family: yes,
    typed_extension_protocol_options: {
      types: [HTTP_OPTIONS],
      keys: ["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"],
    },
  },
  "envoy.config.cluster.v3.Cluster.PreconnectPolicy": {
    per_upstream_preconnect_ratio: { note: "of HTTP; TCP connects when somebody calls" },
  },
  "envoy.config.cluster.v3.UpstreamConnectionOptions": fields("tcp_keepalive"),
  "envoy.config.core.v3.TcpKeepalive": {
    keepalive_time: { note: "from 1 to 32767; 7200 where it is not set" },
    keepalive_interval: { only: [1], note: "what Node.js sets, and lets nobody change; it has 1 where it is not set" },
    keepalive_probes: { only: [10], note: "what Node.js sets, and lets nobody change; it has 10 where it is not set" },
  },
  "envoy.config.cluster.v3.Cluster.EdsClusterConfig": fields("eds_config service_name"),
  ...BALANCING_SUPPORT,
  "envoy.config.cluster.v3.CircuitBreakers": { thresholds: { note: "at most one, of priority DEFAULT" } },
  "envoy.config.cluster.v3.CircuitBreakers.Thresholds": {
    ...fields("max_connections max_pending_requests max_requests max_retries retry_budget"),
    priority: only("DEFAULT"),
    track_remaining: inert("limits and use are always in the metrics"),
  },
  "envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget": fields("budget_percent min_retry_concurrency"),
  "envoy.config.cluster.v3.OutlierDetection": fields(`consecutive_5xx interval base_ejection_time max_ejection_percent
    enforcing_consecutive_5xx enforcing_success_rate success_rate_minimum_hosts success_rate_request_volume
    success_rate_stdev_factor consecutive_gateway_failure enforcing_consecutive_gateway_failure
    split_external_local_origin_errors consecutive_local_origin_failure enforcing_consecutive_local_origin_failure
    enforcing_local_origin_success_rate failure_percentage_threshold enforcing_failure_percentage
    enforcing_failure_percentage_local_origin failure_percentage_minimum_hosts failure_percentage_request_volume
    max_ejection_time max_ejection_time_jitter always_eject_one_host successful_active_health_check_uneject_host`),
  ...ACTIVE_HEALTH_SUPPORT,
  [HTTP_OPTIONS]: fields("common_http_protocol_options explicit_http_config auto_config outlier_detection"),
  [`${HTTP_OPTIONS}.OutlierDetection`]: {
    error_matcher: { note: "of :status alone; grpc-status of a head is judged as ever, as in Envoy" },
  },
  "envoy.config.common.matcher.v3.MatchPredicate": fields("or_match http_response_headers_match"),
  "envoy.config.common.matcher.v3.MatchPredicate.MatchSet": fields("rules"),
  "envoy.config.common.matcher.v3.HttpHeadersMatch": { headers: { note: "at most 500 of all rules" } },
  [`${HTTP_OPTIONS}.ExplicitHttpConfig`]: fields("http_protocol_options http2_protocol_options"),
  [`${HTTP_OPTIONS}.AutoHttpConfig`]: {
    ...fields("http_protocol_options http2_protocol_options"),
    http2_protocol_options: { note: "ALPN decides; offered as h2, http/1.1 unless alpn_protocols says otherwise" },
  },
  "envoy.config.endpoint.v3.ClusterLoadAssignment": fields("cluster_name endpoints policy"),
  "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy": fields("overprovisioning_factor"),
  "envoy.config.endpoint.v3.LocalityLbEndpoints": {
    ...fields("lb_endpoints"),
    locality: { note: "for zone-aware routing, which cluster_manager.local_cluster_name begins" },
    load_balancing_weight: { note: "of locality-weighted balancing" },
    priority: yes,
    metadata: inert("opaque"),
  },
  "envoy.config.endpoint.v3.LbEndpoint": fields("endpoint health_status metadata load_balancing_weight"),
  "envoy.config.endpoint.v3.Endpoint": fields("address hostname health_check_config"),

  // --- TLS ---
  [`${TLS}.DownstreamTlsContext`]: {
    ...fields("common_tls_context require_client_certificate"),
    disable_stateless_session_resumption: inert("sessions are never resumed: a resumed one skips verification"),
    disable_stateful_session_resumption: inert("sessions are never resumed"),
  },
  [`${TLS}.UpstreamTlsContext`]: {
    ...fields("common_tls_context sni"),
    max_session_keys: inert("sessions are never resumed"),
  },
  [`${TLS}.CommonTlsContext`]: fields(`tls_params tls_certificates tls_certificate_sds_secret_configs validation_context
    validation_context_sds_secret_config combined_validation_context alpn_protocols`),
  [`${TLS}.CommonTlsContext.CombinedCertificateValidationContext`]: fields(
    "default_validation_context validation_context_sds_secret_config",
  ),
  [`${TLS}.TlsParameters`]: {
    tls_minimum_protocol_version: only("TLS_AUTO", "TLSv1_2", "TLSv1_3"),
    tls_maximum_protocol_version: only("TLS_AUTO", "TLSv1_2", "TLSv1_3"),
  },
  [`${TLS}.SdsSecretConfig`]: { ...fields("name"), sds_config: { note: "ads; without it a static secret" } },
  [`${TLS}.Secret`]: fields("name tls_certificate validation_context generic_secret"),
  [`${TLS}.TlsCertificate`]: fields("certificate_chain private_key"),
  [`${TLS}.CertificateValidationContext`]: {
    ...fields("match_typed_subject_alt_names"),
    trusted_ca: { note: "not needed beside verify_certificate_hash and verify_certificate_spki" },
    crl: { note: "beside the trusted_ca that it is of; in a combined context in the secret" },
    verify_certificate_hash: { note: "or the other of the two" },
    verify_certificate_spki: { note: "or the other of the two" },
  },
  [`${TLS}.SubjectAltNameMatcher`]: { matcher: yes, san_type: only("EMAIL", "DNS", "URI", "IP_ADDRESS") },
  [`${TLS}.GenericSecret`]: fields("secret"),
  [RAW_BUFFER]: {},
};

/** Fields of the cluster that ADS runs over, beyond the table: its stream is HTTP/2. */
export const ADS_CLUSTER_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  "envoy.config.core.v3.Http2ProtocolOptions": fields("connection_keepalive"),
  "envoy.config.core.v3.KeepaliveSettings": fields("interval timeout"),
};

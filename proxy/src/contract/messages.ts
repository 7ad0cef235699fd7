// The Envoy v3 messages that Meshwright speaks, by one flat set of names.
// One rule: a name that Envoy uses in several packages gets a prefix here (HttpRBAC, NetworkRBAC, ...).

export { type Any, AnySchema, type Duration, DurationSchema, StructSchema } from "@bufbuild/protobuf/wkt";
export {
  type AccessLog,
  type AccessLogFilter,
  AccessLogSchema,
  ComparisonFilter_Op,
} from "./gen/envoy/config/accesslog/v3/accesslog_pb";
export { type Admin, AdminSchema, type Bootstrap, BootstrapSchema } from "./gen/envoy/config/bootstrap/v3/bootstrap_pb";
export { type CircuitBreakers, CircuitBreakersSchema } from "./gen/envoy/config/cluster/v3/circuit_breaker_pb";
export {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  Cluster_LbPolicy,
  Cluster_LbSubsetConfig_LbSubsetFallbackPolicy,
  Cluster_LbSubsetConfig_LbSubsetSelector_LbSubsetSelectorFallbackPolicy,
  Cluster_RingHashLbConfig_HashFunction,
  type Cluster_SlowStartConfig,
  ClusterSchema,
} from "./gen/envoy/config/cluster/v3/cluster_pb";
export { type OutlierDetection, OutlierDetectionSchema } from "./gen/envoy/config/cluster/v3/outlier_detection_pb";
export type { MatchPredicate } from "./gen/envoy/config/common/matcher/v3/matcher_pb";
export { type Address, AddressSchema } from "./gen/envoy/config/core/v3/address_pb";
export {
  type DataSource,
  type HeaderValueOption,
  HeaderValueOption_HeaderAppendAction,
  HeaderValueOptionSchema,
  type Locality,
  type Metadata,
  type Node,
  NodeSchema,
  RequestMethod,
  RoutingPriority,
  TrafficDirection,
  type TransportSocket,
  TransportSocketSchema,
} from "./gen/envoy/config/core/v3/base_pb";
export { ApiVersion, type ConfigSource } from "./gen/envoy/config/core/v3/config_source_pb";
export {
  type HealthCheck,
  type HealthCheck_HttpHealthCheck,
  type HealthCheck_Payload,
  type HealthCheck_TcpHealthCheck,
  HealthStatus,
} from "./gen/envoy/config/core/v3/health_check_pb";
export { ProxyProtocolConfig_Version } from "./gen/envoy/config/core/v3/proxy_protocol_pb";
export {
  type Endpoint,
  type LbEndpoint,
  LbEndpointSchema,
} from "./gen/envoy/config/endpoint/v3/endpoint_components_pb";
export {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "./gen/envoy/config/endpoint/v3/endpoint_pb";
export {
  type Filter,
  type FilterChain,
  FilterChainSchema,
} from "./gen/envoy/config/listener/v3/listener_components_pb";
export { type Listener, ListenerSchema } from "./gen/envoy/config/listener/v3/listener_pb";
export {
  type Permission,
  PermissionSchema,
  type Policy,
  PolicySchema,
  type Principal,
  PrincipalSchema,
  type RBAC,
  RBAC_Action,
  RBACSchema,
} from "./gen/envoy/config/rbac/v3/rbac_pb";
export {
  type HeaderMatcher,
  HeaderMatcherSchema,
  type InternalRedirectPolicy,
  type QueryParameterMatcher,
  type RateLimit as RouteRateLimit,
  type RedirectAction,
  RedirectAction_RedirectResponseCode,
  type RetryPolicy,
  RetryPolicySchema,
  type Route,
  type RouteAction,
  RouteAction_ClusterNotFoundResponseCode,
  type RouteAction_HashPolicy,
  type RouteAction_RequestMirrorPolicy,
  type RouteMatch,
  RouteMatchSchema,
  RouteSchema,
  type VirtualHost,
  VirtualHost_TlsRequirementType,
  VirtualHostSchema,
} from "./gen/envoy/config/route/v3/route_components_pb";
export { type RouteConfiguration, RouteConfigurationSchema } from "./gen/envoy/config/route/v3/route_pb";
export { type FileAccessLog, FileAccessLogSchema } from "./gen/envoy/extensions/access_loggers/file/v3/file_pb";
export {
  type OpenTelemetryAccessLogConfig,
  OpenTelemetryAccessLogConfigSchema,
} from "./gen/envoy/extensions/access_loggers/open_telemetry/v3/logs_service_pb";
export { type StdoutAccessLog, StdoutAccessLogSchema } from "./gen/envoy/extensions/access_loggers/stream/v3/stream_pb";
export { type CorsPolicy, CorsPolicySchema, CorsSchema } from "./gen/envoy/extensions/filters/http/cors/v3/cors_pb";
export {
  type BufferSettings,
  type ExtAuthz,
  type ExtAuthzPerRoute,
  ExtAuthzPerRouteSchema,
  ExtAuthzSchema,
  type HttpService as ExtAuthzHttpService,
} from "./gen/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb";
export {
  type HTTPFault,
  HTTPFaultSchema,
} from "./gen/envoy/extensions/filters/http/fault/v3/fault_pb";
export {
  HeaderMutationPerRouteSchema,
  HeaderMutationSchema,
  type Mutations as HeaderMutations,
} from "./gen/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb";
export {
  type HealthCheck as HttpHealthCheck,
  HealthCheckSchema as HttpHealthCheckSchema,
} from "./gen/envoy/extensions/filters/http/health_check/v3/health_check_pb";
export {
  type JwtAuthentication,
  JwtAuthenticationSchema,
  type JwtProvider,
  type JwtRequirement,
  type PerRouteConfig as JwtPerRoute,
  PerRouteConfigSchema as JwtPerRouteSchema,
  type RemoteJwks,
} from "./gen/envoy/extensions/filters/http/jwt_authn/v3/config_pb";
export {
  type LocalRateLimit,
  LocalRateLimitSchema,
} from "./gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb";
export {
  type RateLimit,
  type RateLimitPerRoute,
  RateLimitPerRoute_VhRateLimitsOptions,
  RateLimitPerRouteSchema,
  RateLimitSchema,
} from "./gen/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb";
export {
  type RBAC as HttpRBAC,
  type RBACPerRoute,
  RBACPerRouteSchema,
  RBACSchema as HttpRBACSchema,
} from "./gen/envoy/extensions/filters/http/rbac/v3/rbac_pb";
export { RouterSchema } from "./gen/envoy/extensions/filters/http/router/v3/router_pb";
export { TlsInspectorSchema } from "./gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb";
export {
  type HttpConnectionManager,
  HttpConnectionManager_CodecType,
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManagerSchema,
  type HttpFilter,
  HttpFilterSchema,
} from "./gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";
export {
  type RBAC as NetworkRBAC,
  RBACSchema as NetworkRBACSchema,
} from "./gen/envoy/extensions/filters/network/rbac/v3/rbac_pb";
export { type TcpProxy, TcpProxySchema } from "./gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb";
export { AllowListedRoutesConfigSchema } from "./gen/envoy/extensions/internal_redirect/allow_listed_routes/v3/allow_listed_routes_config_pb";
export { PreviousRoutesConfigSchema } from "./gen/envoy/extensions/internal_redirect/previous_routes/v3/previous_routes_config_pb";
export { SafeCrossSchemeConfigSchema } from "./gen/envoy/extensions/internal_redirect/safe_cross_scheme/v3/safe_cross_scheme_config_pb";
export type {
  LocalityLbConfig,
  LocalityLbConfig_ZoneAwareLbConfig,
  SlowStartConfig,
} from "./gen/envoy/extensions/load_balancing_policies/common/v3/common_pb";
export {
  LeastRequest_SelectionMethod,
  LeastRequestSchema,
} from "./gen/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb";
export { MaglevSchema } from "./gen/envoy/extensions/load_balancing_policies/maglev/v3/maglev_pb";
export {
  type PeakEwma,
  PeakEwmaSchema,
} from "./gen/envoy/extensions/load_balancing_policies/peak_ewma/v3alpha/peak_ewma_pb";
export { RandomSchema } from "./gen/envoy/extensions/load_balancing_policies/random/v3/random_pb";
export {
  RingHash_HashFunction,
  RingHashSchema,
} from "./gen/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb";
export { RoundRobinSchema } from "./gen/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb";
export { OmitCanaryHostsPredicateSchema } from "./gen/envoy/extensions/retry/host/omit_canary_hosts/v3/omit_canary_hosts_pb";
export { OmitHostMetadataConfigSchema } from "./gen/envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config_pb";
export { PreviousHostsPredicateSchema } from "./gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb";
export { PreviousPrioritiesConfigSchema } from "./gen/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb";
export { ProxyProtocolUpstreamTransportSchema } from "./gen/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol_pb";
export { RawBufferSchema } from "./gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb";
export {
  SubjectAltNameMatcher_SanType,
  TlsParameters_TlsProtocol,
} from "./gen/envoy/extensions/transport_sockets/tls/v3/common_pb";
export { type Secret, SecretSchema } from "./gen/envoy/extensions/transport_sockets/tls/v3/secret_pb";
export {
  type CommonTlsContext,
  type DownstreamTlsContext,
  DownstreamTlsContextSchema,
  type UpstreamTlsContext,
  UpstreamTlsContextSchema,
} from "./gen/envoy/extensions/transport_sockets/tls/v3/tls_pb";
export {
  type HttpProtocolOptions,
  type HttpProtocolOptions_OutlierDetection,
  HttpProtocolOptionsSchema,
} from "./gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb";
export {
  CheckRequestSchema,
  type CheckResponse,
  CheckResponseSchema,
} from "./gen/envoy/service/auth/v3/external_auth_pb";
export { AggregatedDiscoveryService } from "./gen/envoy/service/discovery/v3/ads_pb";
export {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "./gen/envoy/service/discovery/v3/discovery_pb";
export {
  type RateLimitRequest,
  RateLimitRequestSchema,
  type RateLimitResponse,
  RateLimitResponse_Code,
  RateLimitResponse_RateLimit_Unit,
  RateLimitResponseSchema,
} from "./gen/envoy/service/ratelimit/v3/rls_pb";
export { type StringMatcher, StringMatcherSchema } from "./gen/envoy/type/matcher/v3/string_pb";
export type { HashPolicy } from "./gen/envoy/type/v3/hash_policy_pb";
export { CodecClientType } from "./gen/envoy/type/v3/http_pb";
export { FractionalPercent_DenominatorType } from "./gen/envoy/type/v3/percent_pb";

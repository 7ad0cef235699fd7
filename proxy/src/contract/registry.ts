// All Envoy messages this proxy knows by name: what an Any may hold. One rule: a type that is not here cannot be
// decoded, so a configuration that carries it is refused by its path.

import { createRegistry, type DescMessage } from "@bufbuild/protobuf";
import { file_envoy_config_bootstrap_v3_bootstrap } from "./gen/envoy/config/bootstrap/v3/bootstrap_pb";
import { file_envoy_config_trace_v3_opentelemetry } from "./gen/envoy/config/trace/v3/opentelemetry_pb";
import { file_envoy_extensions_access_loggers_file_v3_file } from "./gen/envoy/extensions/access_loggers/file/v3/file_pb";
import { file_envoy_extensions_access_loggers_open_telemetry_v3_logs_service } from "./gen/envoy/extensions/access_loggers/open_telemetry/v3/logs_service_pb";
import { file_envoy_extensions_access_loggers_stream_v3_stream } from "./gen/envoy/extensions/access_loggers/stream/v3/stream_pb";
import { file_envoy_extensions_filters_http_cors_v3_cors } from "./gen/envoy/extensions/filters/http/cors/v3/cors_pb";
import { file_envoy_extensions_filters_http_ext_authz_v3_ext_authz } from "./gen/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb";
import { file_envoy_extensions_filters_http_fault_v3_fault } from "./gen/envoy/extensions/filters/http/fault/v3/fault_pb";
import { file_envoy_extensions_filters_http_header_mutation_v3_header_mutation } from "./gen/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb";
import { file_envoy_extensions_filters_http_health_check_v3_health_check } from "./gen/envoy/extensions/filters/http/health_check/v3/health_check_pb";
import { file_envoy_extensions_filters_http_jwt_authn_v3_config } from "./gen/envoy/extensions/filters/http/jwt_authn/v3/config_pb";
import { file_envoy_extensions_filters_http_local_ratelimit_v3_local_rate_limit } from "./gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb";
import { file_envoy_extensions_filters_http_ratelimit_v3_rate_limit } from "./gen/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb";
import { file_envoy_extensions_filters_http_rbac_v3_rbac } from "./gen/envoy/extensions/filters/http/rbac/v3/rbac_pb";
import { file_envoy_extensions_filters_http_router_v3_router } from "./gen/envoy/extensions/filters/http/router/v3/router_pb";
import { file_envoy_extensions_filters_listener_http_inspector_v3_http_inspector } from "./gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb";
import { file_envoy_extensions_filters_listener_proxy_protocol_v3_proxy_protocol } from "./gen/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol_pb";
import { file_envoy_extensions_filters_listener_tls_inspector_v3_tls_inspector } from "./gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb";
import { file_envoy_extensions_filters_network_connection_limit_v3_connection_limit } from "./gen/envoy/extensions/filters/network/connection_limit/v3/connection_limit_pb";
import { file_envoy_extensions_filters_network_http_connection_manager_v3_http_connection_manager } from "./gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";
import { file_envoy_extensions_filters_network_local_ratelimit_v3_local_rate_limit } from "./gen/envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit_pb";
import { file_envoy_extensions_filters_network_rbac_v3_rbac } from "./gen/envoy/extensions/filters/network/rbac/v3/rbac_pb";
import { file_envoy_extensions_filters_network_sni_cluster_v3_sni_cluster } from "./gen/envoy/extensions/filters/network/sni_cluster/v3/sni_cluster_pb";
import { file_envoy_extensions_filters_network_tcp_proxy_v3_tcp_proxy } from "./gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb";
import { file_envoy_extensions_internal_redirect_allow_listed_routes_v3_allow_listed_routes_config } from "./gen/envoy/extensions/internal_redirect/allow_listed_routes/v3/allow_listed_routes_config_pb";
import { file_envoy_extensions_internal_redirect_previous_routes_v3_previous_routes_config } from "./gen/envoy/extensions/internal_redirect/previous_routes/v3/previous_routes_config_pb";
import { file_envoy_extensions_internal_redirect_safe_cross_scheme_v3_safe_cross_scheme_config } from "./gen/envoy/extensions/internal_redirect/safe_cross_scheme/v3/safe_cross_scheme_config_pb";
import { file_envoy_extensions_load_balancing_policies_least_request_v3_least_request } from "./gen/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb";
import { file_envoy_extensions_load_balancing_policies_maglev_v3_maglev } from "./gen/envoy/extensions/load_balancing_policies/maglev/v3/maglev_pb";
import { file_envoy_extensions_load_balancing_policies_peak_ewma_v3alpha_peak_ewma } from "./gen/envoy/extensions/load_balancing_policies/peak_ewma/v3alpha/peak_ewma_pb";
import { file_envoy_extensions_load_balancing_policies_random_v3_random } from "./gen/envoy/extensions/load_balancing_policies/random/v3/random_pb";
import { file_envoy_extensions_load_balancing_policies_ring_hash_v3_ring_hash } from "./gen/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb";
import { file_envoy_extensions_load_balancing_policies_round_robin_v3_round_robin } from "./gen/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb";
import { file_envoy_extensions_resource_monitors_downstream_connections_v3_downstream_connections } from "./gen/envoy/extensions/resource_monitors/downstream_connections/v3/downstream_connections_pb";
import { file_envoy_extensions_resource_monitors_fixed_heap_v3_fixed_heap } from "./gen/envoy/extensions/resource_monitors/fixed_heap/v3/fixed_heap_pb";
import { file_envoy_extensions_retry_host_omit_canary_hosts_v3_omit_canary_hosts } from "./gen/envoy/extensions/retry/host/omit_canary_hosts/v3/omit_canary_hosts_pb";
import { file_envoy_extensions_retry_host_omit_host_metadata_v3_omit_host_metadata_config } from "./gen/envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config_pb";
import { file_envoy_extensions_retry_host_previous_hosts_v3_previous_hosts } from "./gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb";
import { file_envoy_extensions_retry_priority_previous_priorities_v3_previous_priorities_config } from "./gen/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb";
import { file_envoy_extensions_transport_sockets_proxy_protocol_v3_upstream_proxy_protocol } from "./gen/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol_pb";
import { file_envoy_extensions_transport_sockets_raw_buffer_v3_raw_buffer } from "./gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb";
import { file_envoy_extensions_transport_sockets_tls_v3_tls } from "./gen/envoy/extensions/transport_sockets/tls/v3/tls_pb";
import { file_envoy_extensions_transport_sockets_tls_v3_tls_spiffe_validator_config } from "./gen/envoy/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config_pb";
import { file_envoy_extensions_upstreams_http_v3_http_protocol_options } from "./gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb";
import { file_envoy_service_discovery_v3_discovery } from "./gen/envoy/service/discovery/v3/discovery_pb";

export const registry = createRegistry(
  file_envoy_config_bootstrap_v3_bootstrap,
  file_envoy_service_discovery_v3_discovery,
  file_envoy_config_trace_v3_opentelemetry,
  file_envoy_extensions_access_loggers_file_v3_file,
  file_envoy_extensions_access_loggers_open_telemetry_v3_logs_service,
  file_envoy_extensions_access_loggers_stream_v3_stream,
  file_envoy_extensions_filters_http_cors_v3_cors,
  file_envoy_extensions_filters_http_ext_authz_v3_ext_authz,
  file_envoy_extensions_filters_http_fault_v3_fault,
  file_envoy_extensions_filters_http_header_mutation_v3_header_mutation,
  file_envoy_extensions_filters_http_health_check_v3_health_check,
  file_envoy_extensions_filters_http_jwt_authn_v3_config,
  file_envoy_extensions_filters_http_local_ratelimit_v3_local_rate_limit,
  file_envoy_extensions_filters_http_ratelimit_v3_rate_limit,
  file_envoy_extensions_filters_http_rbac_v3_rbac,
  file_envoy_extensions_filters_http_router_v3_router,
  file_envoy_extensions_filters_listener_http_inspector_v3_http_inspector,
  file_envoy_extensions_filters_listener_proxy_protocol_v3_proxy_protocol,
  file_envoy_extensions_filters_listener_tls_inspector_v3_tls_inspector,
  file_envoy_extensions_filters_network_connection_limit_v3_connection_limit,
  file_envoy_extensions_filters_network_http_connection_manager_v3_http_connection_manager,
  file_envoy_extensions_filters_network_local_ratelimit_v3_local_rate_limit,
  file_envoy_extensions_filters_network_rbac_v3_rbac,
  file_envoy_extensions_filters_network_sni_cluster_v3_sni_cluster,
  file_envoy_extensions_filters_network_tcp_proxy_v3_tcp_proxy,
  file_envoy_extensions_internal_redirect_allow_listed_routes_v3_allow_listed_routes_config,
  file_envoy_extensions_internal_redirect_previous_routes_v3_previous_routes_config,
  file_envoy_extensions_internal_redirect_safe_cross_scheme_v3_safe_cross_scheme_config,
  file_envoy_extensions_load_balancing_policies_least_request_v3_least_request,
  file_envoy_extensions_load_balancing_policies_maglev_v3_maglev,
  file_envoy_extensions_load_balancing_policies_peak_ewma_v3alpha_peak_ewma,
  file_envoy_extensions_load_balancing_policies_random_v3_random,
  file_envoy_extensions_load_balancing_policies_ring_hash_v3_ring_hash,
  file_envoy_extensions_load_balancing_policies_round_robin_v3_round_robin,
  file_envoy_extensions_resource_monitors_downstream_connections_v3_downstream_connections,
  file_envoy_extensions_resource_monitors_fixed_heap_v3_fixed_heap,
  file_envoy_extensions_retry_host_previous_hosts_v3_previous_hosts,
  file_envoy_extensions_retry_host_omit_canary_hosts_v3_omit_canary_hosts,
  file_envoy_extensions_retry_host_omit_host_metadata_v3_omit_host_metadata_config,
  file_envoy_extensions_retry_priority_previous_priorities_v3_previous_priorities_config,
  file_envoy_extensions_transport_sockets_proxy_protocol_v3_upstream_proxy_protocol,
  file_envoy_extensions_transport_sockets_raw_buffer_v3_raw_buffer,
  file_envoy_extensions_transport_sockets_tls_v3_tls,
  file_envoy_extensions_transport_sockets_tls_v3_tls_spiffe_validator_config,
  file_envoy_extensions_upstreams_http_v3_http_protocol_options,
);

/** The message of a type URL (`type.googleapis.com/envoy...`), if known. */
export function messageOfTypeUrl(typeUrl: string): DescMessage | undefined {
  return registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
}

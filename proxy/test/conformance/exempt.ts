// Rows that no configuration can prove by comparison with Envoy. Rule: a reason per class, and a row is exempt only as long as
// no case proves it.

import { rowOf } from "./fields";

const CLASSES: Readonly<Record<string, string>> = {
  "read by metrics and labels only, whose names are Istio's here": `
    core.v3.Metadata.filter_metadata route.v3.Route.metadata cluster.v3.Cluster.metadata LbEndpoint.metadata
    v3.Listener.traffic_direction`,
  "a name that nothing refers to": `
    v3.Listener.name route.v3.RouteConfiguration.name config.accesslog.v3.AccessLog.name`,
  "taken by Envoy without, though its published constraints ask for it": `
    core.v3.RuntimeFeatureFlag.runtime_key core.v3.RuntimeUInt32.runtime_key core.v3.RuntimeDouble.runtime_key`,
  "on the socket, where no peer of one machine sees it; read from the kernel in tcp-keepalive.integration.test.ts": `
    Cluster.upstream_connection_options UpstreamConnectionOptions.tcp_keepalive TcpKeepalive.keepalive_time
    TcpKeepalive.keepalive_interval TcpKeepalive.keepalive_probes`,
  "memory only": `
    v3.Listener.per_connection_buffer_limit_bytes cluster.v3.Cluster.per_connection_buffer_limit_bytes
    trace.v3.OpenTelemetryConfig.max_cache_size`,
  "asked for by ours only, for its deny list": "tls.v3.GenericSecret.secret",
  "when the first check is made is chance, and both wait for it before they serve": "HealthCheck.initial_jitter",
  "only hosts that come or go while it runs tell it; held by tests of clusters": `
    cluster.v3.Cluster.ignore_health_on_host_removal CommonLbConfig.ignore_new_hosts_until_first_hc`,
  "stock Envoy does not have the policy, which is in its contrib builds; held by tests of our own": `
    PeakEwma.decay_time PeakEwma.default_rtt PeakEwma.penalty_value PeakEwma.aggregation_interval
    PeakEwma.max_samples_per_host`,
  "each proxy tells its own": "core.v3.Node.user_agent_name",
};

/** Full name of the row -> why. */
export const EXEMPT: ReadonlyMap<string, string> = new Map(
  Object.entries(CLASSES).flatMap(([why, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name): [string, string] => [rowOf(name).name, why]),
  ),
);

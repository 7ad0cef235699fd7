// The pair's configuration in Envoy v3, the same for our proxy and for Envoy: weighted routes with a header match,
// RBAC, retries, circuit breakers, outlier detection and a JSON access log that is really written.

import { join } from "node:path";
import { calleeId, callerId } from "./certificates.mjs";

const typed = (name, rest) => ({ "@type": `type.googleapis.com/${name}`, ...rest });
const tlsPrefix = "envoy.extensions.transport_sockets.tls.v3";

function commonTls(folder, name, peer, isH2) {
  return {
    alpn_protocols: isH2 ? ["h2", "http/1.1"] : ["http/1.1"],
    tls_params: {
      tls_minimum_protocol_version: "TLSv1_3",
      tls_maximum_protocol_version: "TLSv1_3",
    },
    tls_certificates: [
      {
        certificate_chain: { filename: join(folder, `${name}.pem`) },
        private_key: { filename: join(folder, `${name}.key`) },
      },
    ],
    validation_context: {
      trusted_ca: { filename: join(folder, "ca.pem") },
      match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: peer } }],
    },
  };
}

function accessLog(path) {
  return {
    name: "envoy.access_loggers.file",
    typed_config: typed("envoy.extensions.access_loggers.file.v3.FileAccessLog", {
      path,
      log_format: {
        json_format: {
          start_time: "%START_TIME%",
          method: "%REQ(:METHOD)%",
          path: "%REQ(:PATH)%",
          code: "%RESPONSE_CODE%",
          flags: "%RESPONSE_FLAGS%",
          details: "%RESPONSE_CODE_DETAILS%",
          bytes_in: "%BYTES_RECEIVED%",
          bytes_out: "%BYTES_SENT%",
          duration: "%DURATION%",
          request_id: "%REQ(X-REQUEST-ID)%",
          authority: "%REQ(:AUTHORITY)%",
          upstream: "%UPSTREAM_HOST%",
          cluster: "%UPSTREAM_CLUSTER%",
          peer: "%DOWNSTREAM_PEER_URI_SAN%",
          route: "%ROUTE_NAME%",
        },
      },
    }),
  };
}

function manager(options) {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
      stat_prefix: options.name,
      codec_type: options.codec ?? "HTTP1",
      normalize_path: true,
      merge_slashes: true,
      ...(options.xfcc
        ? { forward_client_cert_details: "SANITIZE_SET", set_current_client_cert_details: { uri: true } }
        : {}),
      access_log: [accessLog(options.log)],
      ...options.more,
      route_config: { name: options.name, virtual_hosts: options.hosts },
      http_filters: [
        ...(options.rbac ? [options.rbac] : []),
        {
          name: "envoy.filters.http.router",
          typed_config: typed("envoy.extensions.filters.http.router.v3.Router", {}),
        },
      ],
    }),
  };
}

function clusterOf(name, port, more) {
  return {
    name,
    type: "STATIC",
    connect_timeout: "5s",
    lb_policy: "LEAST_REQUEST",
    load_assignment: {
      cluster_name: name,
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: port } } } }] },
      ],
    },
    circuit_breakers: {
      thresholds: [{ max_connections: 1024, max_pending_requests: 1024, max_requests: 1024, max_retries: 10 }],
    },
    outlier_detection: { consecutive_5xx: 5, interval: "10s", base_ejection_time: "30s", max_ejection_percent: 50 },
    ...more,
  };
}

const listenerOf = (name, direction, port, more) => ({
  name,
  traffic_direction: direction,
  address: { socket_address: { address: "127.0.0.1", port_value: port } },
  ...more,
});

const bootstrap = (id, adminPort, resources) => ({
  node: { id, cluster: id, metadata: { WORKLOAD: id, NAMESPACE: "bench", SERVICE: id, VERSION: "v1" } },
  admin: { address: { socket_address: { address: "127.0.0.1", port_value: adminPort } } },
  static_resources: resources,
});

const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

const overHttp2 = {
  typed_extension_protocol_options: {
    [httpOptions]: typed(httpOptions, { explicit_http_config: { http2_protocol_options: {} } }),
  },
};

/** Caller's sidecar: plain in, mTLS out. `hop`: what the sidecars speak with each other, `app`: what the apps speak; "h2" or "h1". */
export function outboundConfig(folder, ports, { hop = "h2", app = "h1", isTls = true } = {}) {
  const socket = {
    name: "envoy.transport_sockets.tls",
    typed_config: typed(`${tlsPrefix}.UpstreamTlsContext`, {
      common_tls_context: commonTls(folder, "a", calleeId, hop === "h2"),
    }),
  };
  const retry = { retry_on: "connect-failure,refused-stream,reset", num_retries: 2 };
  const more = { ...(isTls ? { transport_socket: socket } : {}), ...(hop === "h2" ? overHttp2 : {}) };
  return bootstrap("caller", ports.adminA, {
    listeners: [
      listenerOf("outbound", "OUTBOUND", ports.a, {
        filter_chains: [
          {
            filters: [
              manager({
                name: "outbound",
                codec: app === "h2" ? "AUTO" : "HTTP1",
                log: join(folder, "a.log"),
                hosts: [
                  {
                    name: "callee",
                    domains: ["callee", "callee:8080", "callee.bench"],
                    routes: [
                      {
                        match: {
                          prefix: "/",
                          headers: [{ name: "x-user-type", string_match: { exact: "beta-tester" } }],
                        },
                        route: { cluster: "callee-v2", timeout: "15s", retry_policy: retry },
                      },
                      {
                        match: { prefix: "/" },
                        route: {
                          weighted_clusters: {
                            clusters: [
                              { name: "callee-v1", weight: 90 },
                              { name: "callee-v2", weight: 10 },
                            ],
                          },
                          timeout: "15s",
                          retry_policy: retry,
                        },
                      },
                    ],
                  },
                ],
              }),
            ],
          },
        ],
      }),
    ],
    clusters: [clusterOf("callee-v1", ports.b, more), clusterOf("callee-v2", ports.b, more)],
  });
}

/** Callee's sidecar: mTLS in with RBAC, plain to the app. */
export function inboundConfig(folder, ports, { hop = "h2", app = "h1" } = {}) {
  const socket = {
    name: "envoy.transport_sockets.tls",
    typed_config: typed(`${tlsPrefix}.DownstreamTlsContext`, {
      require_client_certificate: true,
      common_tls_context: commonTls(folder, "b", callerId, hop === "h2"),
    }),
  };
  const rbac = {
    name: "envoy.filters.http.rbac",
    typed_config: typed("envoy.extensions.filters.http.rbac.v3.RBAC", {
      rules: {
        action: "ALLOW",
        policies: {
          callers: {
            permissions: [
              { header: { name: ":method", string_match: { exact: "GET" } } },
              { header: { name: ":method", string_match: { exact: "POST" } } },
            ],
            principals: [{ authenticated: { principal_name: { exact: callerId } } }],
          },
        },
      },
    }),
  };
  return bootstrap("callee", ports.adminB, {
    listeners: [
      listenerOf("inbound", "INBOUND", ports.b, {
        listener_filters: [
          {
            name: "envoy.filters.listener.tls_inspector",
            typed_config: typed("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", {}),
          },
        ],
        filter_chains: [
          {
            name: "tls",
            filter_chain_match: { transport_protocol: "tls" },
            transport_socket: socket,
            filters: [
              manager({
                name: "inbound",
                codec: hop === "h2" ? "AUTO" : "HTTP1",
                log: join(folder, "b.log"),
                xfcc: true,
                rbac,
                hosts: [
                  {
                    name: "app",
                    domains: ["*"],
                    routes: [{ match: { prefix: "/" }, route: { cluster: "app", timeout: "15s" } }],
                  },
                ],
              }),
            ],
          },
        ],
      }),
    ],
    clusters: [clusterOf("app", ports.origin, app === "h2" ? overHttp2 : {})],
  });
}

/** A configuration with many more virtual hosts, routes and clusters than are called. */
export function withMany(config, { hosts, routesEach }) {
  const [listener] = config.static_resources.listeners;
  const { virtual_hosts } = listener.filter_chains[0].filters[0].typed_config.route_config;
  for (let i = 0; i < hosts; i++) {
    config.static_resources.clusters.push(clusterOf(`other-${i}`, 9, overHttp2));
    const routes = Array.from({ length: routesEach }, (_, k) => ({
      match: k + 1 < routesEach ? { path_separated_prefix: `/v${k}` } : { prefix: "/" },
      route: { cluster: `other-${i}`, timeout: "15s" },
    }));
    virtual_hosts.push({ name: `other-${i}`, domains: [`other-${i}`, `other-${i}.bench`], routes });
  }
  return config;
}

/** The same pair for bytes: TCP in, mTLS between, TCP out. */
export function tcpConfigs(folder, ports) {
  const proxyTo = (cluster) => ({
    name: "envoy.filters.network.tcp_proxy",
    typed_config: typed("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", { stat_prefix: cluster, cluster }),
  });
  const socket = (context, name, peer, more) => ({
    name: "envoy.transport_sockets.tls",
    typed_config: typed(`${tlsPrefix}.${context}`, {
      ...more,
      common_tls_context: commonTls(folder, name, peer, false),
    }),
  });
  const outgoing = { transport_socket: socket("UpstreamTlsContext", "a", calleeId, {}) };
  const incoming = socket("DownstreamTlsContext", "b", callerId, { require_client_certificate: true });
  const chain = { transport_socket: incoming, filters: [proxyTo("app")] };
  return [
    bootstrap("caller", ports.adminA, {
      listeners: [listenerOf("outbound", "OUTBOUND", ports.a, { filter_chains: [{ filters: [proxyTo("callee")] }] })],
      clusters: [clusterOf("callee", ports.b, outgoing)],
    }),
    bootstrap("callee", ports.adminB, {
      listeners: [listenerOf("inbound", "INBOUND", ports.b, { filter_chains: [chain] })],
      clusters: [clusterOf("app", ports.origin, {})],
    }),
  ];
}

/** One proxy without TLS, for fuzz and soak. */
export function plainConfig(folder, ports) {
  return bootstrap("plain", ports.admin, {
    listeners: [
      listenerOf("inbound", "INBOUND", ports.listen, {
        filter_chains: [
          {
            filters: [
              manager({
                name: "inbound",
                log: join(folder, "plain.log"),
                more: {
                  codec_type: "AUTO",
                  http_protocol_options: { enable_trailers: true },
                  http2_protocol_options: { allow_connect: true },
                  upgrade_configs: [{ upgrade_type: "websocket" }, { upgrade_type: "CONNECT" }],
                },
                hosts: [
                  { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "app" } }] },
                ],
              }),
            ],
          },
        ],
      }),
    ],
    clusters: [
      clusterOf("app", ports.origin, {
        outlier_detection: { consecutive_5xx: 1000000 },
        typed_extension_protocol_options: {
          "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            { explicit_http_config: { http_protocol_options: { enable_trailers: true } } },
          ),
        },
      }),
    ],
  });
}

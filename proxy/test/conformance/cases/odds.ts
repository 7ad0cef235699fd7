// Fields that stand in no other subject: caller certificates in headers, names in logs, what of a bootstrap a batch can show.
// Rule: as everywhere; nothing here is less certain.

import { chosen, told } from "../answers";
import { cluster, direct, EXT, httpOptions, listener, logging, REFUSED_HERE, TO_APP, typed, web } from "../config";
import type { Case, Config } from "../types";

const HCM = "HttpConnectionManager.";
const TLS = {
  transport_socket: {
    name: "tls",
    typed_config: {
      "@type": `${EXT}.transport_sockets.tls.v3.DownstreamTlsContext`,
      common_tls_context: {
        tls_certificates: [
          {
            certificate_chain: { inline_string: "@pem:server.cert" },
            private_key: { inline_string: "@pem:server.key" },
          },
        ],
        validation_context: { trusted_ca: { inline_string: "@pem:ca.cert" } },
      },
    },
  },
};
const certificate = (id: string, hcm: Config, more: Partial<Case>): Case => ({
  id: `certificate in a header ${id}`,
  config: web({ hcm, chain: TLS }),
  run: async (wire) => {
    const forged = { "x-forwarded-client-cert": "By=forged" };
    const answers = await wire.calls([
      { tls: { as: "client" } },
      { tls: { as: "client" }, headers: forged },
      { tls: {}, headers: forged },
    ]);
    return answers.map((answer) => {
      const { "x-forwarded-client-cert": one = "" } = (told(answer, "headers") ?? {}) as Record<string, string>;
      return one.replace(/Hash=[0-9a-f]{64}/g, "Hash=<hash>");
    });
  },
  ...more,
});
const SET = { forward_client_cert_details: "SANITIZE_SET" };
const auto = (value: Config): Config => ({
  ...httpOptions({ auto_config: value }),
  transport_socket: {
    name: "tls",
    typed_config: {
      "@type": `${EXT}.transport_sockets.tls.v3.UpstreamTlsContext`,
      common_tls_context: { tls_params: { tls_maximum_protocol_version: "TLSv1_3" } },
    },
  },
});

export const oddCases: readonly Case[] = [
  ...["SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY"].map((mode) =>
    certificate(
      mode,
      { forward_client_cert_details: mode },
      mode === "SANITIZE" ? {} : { proves: [`${HCM}forward_client_cert_details`] },
    ),
  ),
  certificate(
    "with its subject",
    { ...SET, set_current_client_cert_details: { subject: true } },
    {
      proves: [`${HCM}set_current_client_cert_details`, "SetCurrentClientCertDetails.subject"],
    },
  ),
  certificate(
    "with its URI",
    { ...SET, set_current_client_cert_details: { uri: true, dns: true } },
    {
      proves: ["SetCurrentClientCertDetails.uri"],
    },
  ),
  {
    ...certificate("with its names", { ...SET, set_current_client_cert_details: { dns: true } }, {}),
    run: async (wire) => {
      const { "x-forwarded-client-cert": one = "" } = (told(await wire.call({ tls: { as: "named" } }), "headers") ??
        {}) as Record<string, string>;
      return one.replace(/Hash=[0-9a-f]{64}/g, "Hash=<hash>");
    },
    proves: ["SetCurrentClientCertDetails.dns"],
  },
  {
    id: "request id of a caller outside, kept",
    config: web({ hcm: { use_remote_address: true, preserve_external_request_id: true } }),
    run: async (wire) => {
      const headers = { "x-request-id": "mine", "x-forwarded-for": "8.8.8.8" };
      return (
        ((told(await wire.call({ headers }), "headers") ?? {}) as Record<string, unknown>)["x-request-id"] === "mine"
      );
    },
    proves: [`${HCM}preserve_external_request_id`],
  },
  {
    id: "a name of a route in the log",
    config: web({ routes: [{ ...TO_APP, name: "named" }], hcm: logging("%ROUTE_NAME%") }),
    run: async (wire) => {
      await wire.call();
      return wire.log(1);
    },
    proves: ["route.v3.Route.name"],
  },
  {
    id: "ports of a permission",
    config: web({
      hcm: {
        http_filters: [
          {
            name: "rbac",
            typed_config: typed("filters.http.rbac.v3.RBAC", {
              rules: {
                policies: {
                  one: {
                    permissions: [{ destination_port_range: { start: 65_535, end: 65_536 } }],
                    principals: [{ any: true }],
                  },
                },
              },
            }),
          },
          { name: "router", typed_config: typed("filters.http.router.v3.Router") },
        ],
      },
    }),
    run: (wire) => wire.status(),
    proves: ["Int32Range.start"],
  },
  {
    id: "an upgrade without a type",
    config: web({ hcm: { upgrade_configs: [{ upgrade_type: "websocket" }] } }),
    upstreams: { app: "tcp" },
    run: async (wire) => {
      await wire.raw("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", {
        until: /\r\n\r\n/,
        forMs: 800,
      });
      return wire.received().length;
    },
    proves: ["HttpConnectionManager.UpgradeConfig.upgrade_type"],
  },
  {
    id: "priority of a route",
    config: web({ routes: [{ match: { prefix: "/" }, route: { cluster: "app", priority: "DEFAULT" } }] }),
    run: (wire) => wire.status(),
    inert: ["RouteAction.priority"],
  },
  {
    id: "listeners and clusters of a bootstrap",
    config: web(),
    run: async (wire) => chosen(await wire.call()),
    proves: ["StaticResources.listeners", "Bootstrap.static_resources"].slice(0, 1),
    needs: ["StaticResources.clusters"],
  },
  {
    id: "a chain without filters",
    config: web(),
    run: (wire) => wire.status(),
    needs: ["listener.v3.FilterChain.filters"],
    explained: { "listener.v3.FilterChain.filters": REFUSED_HERE },
  },
  {
    id: "a cluster without endpoints",
    config: web(),
    run: (wire) => wire.status(),
    needs: ["cluster.v3.Cluster.load_assignment"],
    explained: { "cluster.v3.Cluster.load_assignment": REFUSED_HERE },
  },
  {
    id: "names that are only names",
    config: {
      listeners: [
        listener(
          [
            {
              name: "http",
              typed_config: typed("filters.network.http_connection_manager.v3.HttpConnectionManager", {
                stat_prefix: "main",
                http_filters: [{ name: "router", typed_config: typed("filters.http.router.v3.Router") }],
                route_config: {
                  name: "routes",
                  virtual_hosts: [
                    { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, ...direct(200) }] },
                  ],
                },
              }),
            },
          ],
          {
            listener_filters: [
              { name: "inspector", typed_config: { "@type": `${EXT}.filters.listener.tls_inspector.v3.TlsInspector` } },
            ],
          },
        ),
      ],
    },
    run: (wire) => wire.status(),
    needs: ["ListenerFilter.name"],
  },
  {
    id: "tls from the environment",
    config: web({
      chain: {
        transport_socket: {
          name: "tls",
          typed_config: {
            "@type": `${EXT}.transport_sockets.tls.v3.DownstreamTlsContext`,
            common_tls_context: {
              tls_certificates: [
                {
                  certificate_chain: { environment_variable: "CONFORMANCE_CERTIFICATE" },
                  private_key: { environment_variable: "CONFORMANCE_KEY" },
                },
              ],
            },
          },
        },
      },
    }),
    run: (wire) => wire.handshake({}),
    needs: ["DataSource.environment_variable"],
  },
  {
    id: "trust that names no authority",
    config: web({
      chain: {
        transport_socket: {
          name: "tls",
          typed_config: {
            "@type": `${EXT}.transport_sockets.tls.v3.DownstreamTlsContext`,
            require_client_certificate: true,
            common_tls_context: {
              tls_certificates: [
                {
                  certificate_chain: { inline_string: "@pem:server.cert" },
                  private_key: { inline_string: "@pem:server.key" },
                },
              ],
              validation_context: { trusted_ca: { inline_string: "@pem:ca.cert" } },
            },
          },
        },
      },
    }),
    run: (wire) => wire.handshake({ as: "client" }),
    needs: ["CertificateValidationContext.trusted_ca"],
    explained: { "CertificateValidationContext.trusted_ca": REFUSED_HERE },
  },
  {
    id: "either protocol to the upstream",
    config: web({
      clusters: [
        cluster("app", auto({ http_protocol_options: { enable_trailers: true }, http2_protocol_options: {} })),
      ],
    }),
    upstreams: { app: "tls-http2" },
    run: async (wire) => told(await wire.call(), "protocol"),
    needs: ["upstreams.http.v3.HttpProtocolOptions.auto_config"],
  },
  {
    id: "HTTP/1 to the upstream, said",
    config: web({ clusters: [cluster("app", httpOptions({ explicit_http_config: { http_protocol_options: {} } }))] }),
    run: async (wire) => told(await wire.call(), "protocol"),
    needs: ["ExplicitHttpConfig.http_protocol_options"],
  },
];

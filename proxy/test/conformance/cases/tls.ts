// TLS on both sides: certificates, who is asked for one, names, versions, ALPN. Rule: what a handshake came to is seen by using
// the connection, because TLS 1.3 refuses late.

import { told } from "../answers";
import { cluster, EXT, httpOptions, web } from "../config";
import type { Case, Config } from "../types";
import type { TlsAsk, Wire } from "../wire";

const TLS = "transport_sockets.tls.v3";
const context = (type: string, value: Config): Config => ({
  transport_socket: { name: "tls", typed_config: { "@type": `${EXT}.${TLS}.${type}`, ...value } },
});
const pair = (name: string): Config => ({
  certificate_chain: { inline_string: `@pem:${name}.cert` },
  private_key: { inline_string: `@pem:${name}.key` },
});
const OWN = { tls_certificates: [pair("server")] };
const CA = { trusted_ca: { inline_string: "@pem:ca.cert" } };
const ASKS: readonly TlsAsk[] = [{}, { as: "client" }, { as: "second" }, { as: "stranger" }];
const PUBLIC_ASKS: readonly TlsAsk[] = [
  ...[{ as: "mailed" }, { as: "addressed" }, { as: "twofold" }, { as: "named" }],
  ...[{ as: "client" }, { as: "stranger" }, {}],
];
const greet = async (wire: Wire, asks: readonly TlsAsk[]): Promise<unknown[]> => {
  const all: unknown[] = [];
  for (const ask of asks) all.push(await wire.handshake(ask));
  return all;
};
const down = (id: string, common: Config, more: Partial<Case> = {}, own: Config = {}, asks = ASKS): Case => ({
  id: `tls ${id}`,
  config: web({ chain: context("DownstreamTlsContext", { common_tls_context: { ...OWN, ...common }, ...own }) }),
  run: (wire) => greet(wire, asks),
  ...more,
});
const san = (type: string, matcher: Config): Config => ({
  validation_context: { ...CA, match_typed_subject_alt_names: [{ san_type: type, matcher }] },
});
/** Envoy's clients stop at 1.2 unless told otherwise. */
const UP_TO_13 = { tls_maximum_protocol_version: "TLSv1_3" };
const CLIENT = { suffix: "/sa/client" };
const up = (
  id: string,
  common: Config,
  more: Partial<Case> = {},
  own: Config = {},
  clusterOver: Config = {},
): Case => ({
  id: `upstream tls ${id}`,
  config: web({
    clusters: [
      cluster("app", {
        ...context("UpstreamTlsContext", { common_tls_context: { tls_params: UP_TO_13, ...common }, ...own }),
        ...clusterOver,
      }),
    ],
  }),
  upstreams: { app: "tls-http2" },
  run: async (wire) => {
    const answer = await wire.call();
    return [answer === "no answer" ? answer : answer.status, told(answer, "tls"), told(answer, "protocol")];
  },
  ...more,
});
const withSecrets = (config: Config, secrets: readonly Config[]): Config => ({ ...config, secrets });
const AUTO = httpOptions({ auto_config: { http_protocol_options: {}, http2_protocol_options: {} } });
const CONTEXT = "CommonTlsContext.";
const VERSIONS: readonly TlsAsk[] = [{ max: "TLSv1.2" }, { min: "TLSv1.3" }];

export const tlsCases: readonly Case[] = [
  down(
    "with an own certificate",
    {},
    {
      proves: ["listener.v3.FilterChain.transport_socket"],
      needs: [
        "DownstreamTlsContext.common_tls_context",
        `${CONTEXT}tls_certificates`,
        "TlsCertificate.certificate_chain",
        "TlsCertificate.private_key",
        "core.v3.TransportSocket.name",
        "core.v3.TransportSocket.typed_config",
        "DataSource.inline_string",
      ],
    },
  ),
  down(
    "from files",
    {
      tls_certificates: [
        { certificate_chain: { filename: "@file:server.cert" }, private_key: { filename: "@file:server.key" } },
      ],
    },
    {
      needs: ["DataSource.filename"],
    },
  ),
  down(
    "verifies callers",
    { validation_context: CA },
    {
      proves: [`${CONTEXT}validation_context`],
      removal: {},
    },
  ),
  down(
    "asks every caller",
    { validation_context: CA },
    { proves: ["DownstreamTlsContext.require_client_certificate"] },
    { require_client_certificate: true },
  ),
  down("trusts an authority", { validation_context: CA }, { needs: [] }, { require_client_certificate: true }),
  down(
    "by the name of a caller",
    san("URI", CLIENT),
    {
      proves: ["CertificateValidationContext.match_typed_subject_alt_names"],
      needs: ["SubjectAltNameMatcher.matcher"],
    },
    { require_client_certificate: true },
  ),
  down("by a name of another type", san("DNS", CLIENT), { proves: [] }, { require_client_certificate: true }),
  down(
    "by a name of a type that is required",
    san("URI", CLIENT),
    { needs: ["SubjectAltNameMatcher.san_type"] },
    { require_client_certificate: true },
  ),
  down("by a name, without asking every caller", san("URI", CLIENT), {
    proves: ["CertificateValidationContext.match_typed_subject_alt_names"],
  }),
  ...(
    [
      ["an e-mail", "EMAIL", "one@mail.test"],
      ["an IP address", "IP_ADDRESS", "2001:db8::1"],
      ["one URI of several", "URI", "https://one.test/b"],
      ["a DNS name", "DNS", "named.test"],
    ] as const
  ).map(([id, type, exact]) =>
    down(
      `of a public server, by ${id}`,
      { tls_certificates: [pair("plain")], ...san(type, { exact }) },
      {
        proves: ["CertificateValidationContext.match_typed_subject_alt_names"],
        needs: ["SubjectAltNameMatcher.san_type"],
      },
      { require_client_certificate: true },
      PUBLIC_ASKS,
    ),
  ),
  down("offers protocols", { alpn_protocols: ["h2", "http/1.1"] }, { proves: [`${CONTEXT}alpn_protocols`] }, {}, [
    { alpn: ["h2"] },
    { alpn: ["http/1.1"] },
    {},
  ]),
  down(
    "shares no protocol",
    { alpn_protocols: ["h2", "http/1.1"] },
    {
      explained: { "": "without a shared ALPN protocol the handshake is refused" },
    },
    {},
    [{ alpn: ["other"] }],
  ),
  ...["minimum", "maximum"].map((which) =>
    down(
      `${which} version`,
      { tls_params: { [`tls_${which}_protocol_version`]: which === "minimum" ? "TLSv1_3" : "TLSv1_2" } },
      { proves: [`TlsParameters.tls_${which}_protocol_version`, `${CONTEXT}tls_params`] },
      {},
      VERSIONS,
    ),
  ),
  down(
    "without resumption",
    {},
    {
      inert: [
        "DownstreamTlsContext.disable_stateless_session_resumption",
        "DownstreamTlsContext.disable_stateful_session_resumption",
      ],
    },
    { disable_stateless_session_resumption: true, disable_stateful_session_resumption: true },
  ),
  {
    id: "tls from static secrets",
    config: withSecrets(
      web({
        chain: context("DownstreamTlsContext", {
          require_client_certificate: true,
          common_tls_context: {
            tls_certificate_sds_secret_configs: [{ name: "own" }],
            validation_context_sds_secret_config: { name: "trust" },
          },
        }),
      }),
      [
        { name: "own", tls_certificate: pair("server") },
        { name: "trust", validation_context: CA },
      ],
    ),
    run: (wire) => greet(wire, ASKS),
    needs: [
      `${CONTEXT}tls_certificate_sds_secret_configs`,
      "Secret.name",
      "Secret.tls_certificate",
      "Secret.validation_context",
      "StaticResources.secrets",
      "SdsSecretConfig.name",
    ],
  },
  {
    id: "tls from static secrets without certificates of callers",
    config: withSecrets(
      web({
        chain: context("DownstreamTlsContext", {
          common_tls_context: {
            tls_certificates: [pair("server")],
            validation_context_sds_secret_config: { name: "trust" },
          },
        }),
      }),
      [{ name: "trust", validation_context: CA }],
    ),
    run: (wire) => greet(wire, ASKS),
    proves: [`${CONTEXT}validation_context_sds_secret_config`],
  },
  {
    id: "tls from a secret and own names",
    config: withSecrets(
      web({
        chain: context("DownstreamTlsContext", {
          common_tls_context: {
            tls_certificates: [pair("server")],
            combined_validation_context: {
              default_validation_context: { match_typed_subject_alt_names: [{ san_type: "URI", matcher: CLIENT }] },
              validation_context_sds_secret_config: { name: "trust" },
            },
          },
        }),
      }),
      [{ name: "trust", validation_context: CA }],
    ),
    run: (wire) => greet(wire, ASKS),
    proves: [`${CONTEXT}combined_validation_context`],
    needs: [
      "CombinedCertificateValidationContext.default_validation_context",
      "CombinedCertificateValidationContext.validation_context_sds_secret_config",
    ],
  },
  ...(
    [
      ["a list of revoked callers", "second.crl", ["CertificateValidationContext.crl"]],
      ["an empty list", "none.crl", []],
      ["a list of another authority", "other.crl", ["CertificateValidationContext.crl"]],
      ["a list that has expired", "expired.crl", ["CertificateValidationContext.crl"]],
      ["a list for each authority", "both.crl", []],
      ["a list of an authority below", "deep.crl", ["CertificateValidationContext.crl"]],
    ] as const
  ).map(([id, list, proves]) =>
    down(
      `with ${id}`,
      { validation_context: { ...CA, crl: { inline_string: `@pem:${list}` } } },
      { proves },
      { require_client_certificate: true },
      [...ASKS, { as: "deep" }],
    ),
  ),
  down(
    "with a list of revoked callers in a file",
    { validation_context: { ...CA, crl: { filename: "@file:second.crl" } } },
    { proves: ["CertificateValidationContext.crl"] },
  ),
  down(
    "with a list among the authorities",
    { validation_context: { trusted_ca: { inline_string: "@pem:ca-and-second.crl" } } },
    {},
    { require_client_certificate: true },
  ),
  ...(
    [
      ["certificate", { verify_certificate_hash: ["@pem:client.hash"] }, ["verify_certificate_hash"]],
      ["key", { verify_certificate_spki: ["@pem:client.spki"] }, ["verify_certificate_spki"]],
      [
        "certificate or key",
        { verify_certificate_hash: ["@pem:client.hash"], verify_certificate_spki: ["@pem:second.spki"] },
        ["verify_certificate_hash", "verify_certificate_spki"],
      ],
    ] as const
  ).flatMap(([id, pins, rows]) => {
    const proves = rows.map((row) => `CertificateValidationContext.${row}`);
    return [
      down(`by a pinned ${id}`, { validation_context: { ...CA, ...pins } }, { proves }),
      down(`by a pinned ${id} whoever signed it`, { validation_context: pins }, { proves: [] }),
    ];
  }),
  down("by a pinned certificate of a stranger", {
    validation_context: { verify_certificate_hash: ["@pem:stranger.hash"] },
  }),
  {
    id: "tls from a secret with a list, and own pins",
    config: withSecrets(
      web({
        chain: context("DownstreamTlsContext", {
          common_tls_context: {
            tls_certificates: [pair("server")],
            combined_validation_context: {
              default_validation_context: { verify_certificate_hash: ["@pem:client.hash", "@pem:second.hash"] },
              validation_context_sds_secret_config: { name: "trust" },
            },
          },
        }),
      }),
      [{ name: "trust", validation_context: { ...CA, crl: { inline_string: "@pem:second.crl" } } }],
    ),
    run: (wire) => greet(wire, [...ASKS, { as: "named" }]),
    proves: ["CertificateValidationContext.crl"],
  },
  ...(
    [
      ["with an empty list of revoked servers", { ...CA, crl: { inline_string: "@pem:none.crl" } }, []],
      ["with a list of revoked servers", { ...CA, crl: { inline_string: "@pem:server.crl" } }, ["crl"]],
      ["by its pinned key", { verify_certificate_spki: ["@pem:server.spki"] }, []],
      [
        "by a pinned key of another",
        { ...CA, verify_certificate_spki: ["@pem:client.spki"] },
        ["verify_certificate_spki"],
      ],
      [
        "by a pinned certificate of another",
        { ...CA, verify_certificate_hash: ["@pem:client.hash"] },
        ["verify_certificate_hash"],
      ],
    ] as const
  ).map(([id, value, rows]) =>
    up(id, { validation_context: value }, { proves: rows.map((row) => `CertificateValidationContext.${row}`) }),
  ),
  up("without a certificate", {}, { proves: ["cluster.v3.Cluster.transport_socket"] }),
  up("with a certificate", { tls_certificates: [pair("client")] }, { proves: [`${CONTEXT}tls_certificates`] }),
  up("verified", { validation_context: CA }, {}),
  up(
    "of another authority",
    { validation_context: { trusted_ca: { inline_string: "@pem:other-ca.cert" } } },
    {
      proves: [`${CONTEXT}validation_context`],
    },
  ),
  up("by a name", san("URI", { suffix: "/sa/else" }), {
    proves: ["CertificateValidationContext.match_typed_subject_alt_names"],
  }),
  up(
    "of versions and certificates",
    { tls_certificates: [pair("client")], tls_params: { tls_maximum_protocol_version: "TLSv1_2" } },
    {
      proves: ["UpstreamTlsContext.common_tls_context"],
      explained: { "UpstreamTlsContext.common_tls_context": "TLS to upstreams is 1.3 where nothing is said" },
    },
  ),
  up("by the right name", san("URI", { suffix: "/sa/server" })),
  up(
    "of versions that are not said",
    { tls_params: {} },
    {
      explained: { "": "TLS to upstreams is 1.3 where nothing is said" },
    },
  ),
  up("with a server name", {}, { proves: ["UpstreamTlsContext.sni"] }, { sni: "named.test", max_session_keys: 0 }),
  up("without resumption", {}, { inert: ["UpstreamTlsContext.max_session_keys"] }, { max_session_keys: 0 }),
  up(
    "by ALPN",
    { alpn_protocols: ["h2", "http/1.1"] },
    { proves: ["HttpProtocolOptions.auto_config"].slice(1) },
    {},
    AUTO,
  ),
  up("by ALPN, unasked", {}, { needs: ["HttpProtocolOptions.auto_config"].slice(1) }, {}, AUTO),
  up("asking for a protocol", { alpn_protocols: ["other", "http/1.1"] }, {}),
  ...["minimum", "maximum"].map((which) =>
    up(
      `${which} version`,
      {
        tls_params: {
          tls_minimum_protocol_version: which === "minimum" ? "TLSv1_3" : "TLSv1_2",
          tls_maximum_protocol_version: which === "minimum" ? "TLSv1_3" : "TLSv1_2",
        },
      },
      {},
    ),
  ),
];

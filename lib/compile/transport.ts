// Transport sockets: who proves what to whom. Keys and bundle come by SDS under the names `identity` and `bundle`.
// The rule: both sides check the peer's SPIFFE ID, and no session is ever resumed, because a resumed one skips the check.
import { type ClientCertificates, type ExternalTls, plainHost } from "@/lib/mesh";
import { ADS, any, compact, isIpAddress, type Json, type JsonObject } from "./envoy-json";
import type { BoundCertificate, ExternalTlsFiles } from "./types";

export const SECRET_NAMES = ["bundle", "denylist", "identity"] as const;

const TLS = "extensions.transport_sockets.tls.v3";
const VERSIONS = { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" };

/** Reads the first bytes of a connection: is it TLS, and whom does the client ask for? */
export const TLS_INSPECTOR: JsonObject = {
  name: "envoy.filters.listener.tls_inspector",
  typed_config: any("extensions.filters.listener.tls_inspector.v3.TlsInspector"),
};

/** HTTP/2 between sidecars; a peer that does not offer it (an older sidecar during an upgrade) gets HTTP/1.1. */
const HTTP_ALPN: readonly string[] = ["h2", "http/1.1"];

function commonContext(sanMatchers: JsonObject[], alpn = HTTP_ALPN): JsonObject {
  return {
    tls_params: VERSIONS,
    ...(alpn.length > 0 ? { alpn_protocols: [...alpn] } : {}),
    tls_certificate_sds_secret_configs: [{ name: "identity", sds_config: ADS }],
    combined_validation_context: {
      default_validation_context: {
        match_typed_subject_alt_names: sanMatchers.map((matcher) => ({ san_type: "URI", matcher })),
      },
      validation_context_sds_secret_config: { name: "bundle", sds_config: ADS },
    },
  };
}

/** Takes any caller of the trust domain; who may call what is decided by the RBAC filters, which can say why. */
export function downstreamTls(trustDomain: string, alpn = HTTP_ALPN): JsonObject {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: any(`${TLS}.DownstreamTlsContext`, {
      common_tls_context: commonContext([{ prefix: `spiffe://${trustDomain}/` }], alpn),
      require_client_certificate: true,
      disable_stateless_session_resumption: true,
      disable_stateful_session_resumption: true,
    }),
  };
}

/** Name of the secret by which a gateway's proxy gets a certificate that the control plane keeps. */
export const storedCertificateSecret = (gateway: { namespace: string; name: string }, certificate: string): string =>
  `gateway-certificate/${gateway.namespace}/${gateway.name}/${certificate}`;

/** Of the authorities whose certificates its clients may show. */
export const storedClientsSecret = (certificateSecret: string): string => `${certificateSecret}/clients`;

/**
 * For clients outside the mesh: what browsers speak.
 *
 * @param secret its name where the control plane delivers the certificate; else it is in files of the machine
 * @param clients they are asked for certificates, signed by the authorities that are bound
 */
export function publicServerTls(bound: BoundCertificate, secret: string, clients?: ClientCertificates): JsonObject {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: any(`${TLS}.DownstreamTlsContext`, {
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: "TLSv1_2", tls_maximum_protocol_version: "TLSv1_3" },
        alpn_protocols: [...HTTP_ALPN],
        ...("stored" in bound
          ? { tls_certificate_sds_secret_configs: [{ name: secret, sds_config: ADS }] }
          : {
              tls_certificates: [
                { certificate_chain: { filename: bound.chain }, private_key: { filename: bound.key } },
              ],
            }),
        ...(clients ? clientValidation(bound, secret, clients) : {}),
      },
      ...(clients
        ? {
            require_client_certificate: clients.mode === "required",
            disable_stateless_session_resumption: true,
            disable_stateful_session_resumption: true,
          }
        : {}),
    }),
  };
}

function clientValidation(
  bound: BoundCertificate,
  secret: string,
  { names, pinnedKeys, pinnedCertificates }: ClientCertificates,
): JsonObject {
  const expected: JsonObject = compact({
    match_typed_subject_alt_names: names?.map(exactName),
    verify_certificate_spki: pinnedKeys,
    verify_certificate_hash: pinnedCertificates,
  });
  if ("chain" in bound) {
    const [ca, crl] = [{ filename: bound.ca ?? "" }, bound.crl && { filename: bound.crl }];
    return { validation_context: { trusted_ca: ca, ...compact({ crl }), ...expected } };
  }
  // with the lists that are kept beside them
  const delivered = { name: storedClientsSecret(secret), sds_config: ADS };
  return Object.keys(expected).length > 0
    ? {
        combined_validation_context: {
          default_validation_context: expected,
          validation_context_sds_secret_config: delivered,
        },
      }
    : { validation_context_sds_secret_config: delivered };
}

const SAN_TYPES = { uri: "URI", dns: "DNS", email: "EMAIL", ip: "IP_ADDRESS" } as const;

/** Each kind of alternative name looks different: a URI has its scheme, an e-mail address its @. */
export function kindOfClientName(name: string): keyof typeof SAN_TYPES {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(name) || name.startsWith("urn:")) return "uri";
  if (isIpAddress(name)) return "ip";
  return name.includes("@") ? "email" : "dns";
}

/** Where Debian, Ubuntu and Alpine keep the certificates of public authorities. */
const PUBLIC_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/** To a server outside the mesh, as a browser would: its name, signed by a public authority. */
export function publicTls(host: string): JsonObject {
  return serverTls({ host });
}

/**
 * To a server outside the mesh, by what the design says.
 *
 * @param host the server name where the design does not say one
 * @param files those that the design wants are there
 */
export function externalTls(
  tls: ExternalTls,
  host: string,
  files: ExternalTlsFiles,
  alpn: "h2" | "http/1.1",
): JsonObject {
  const { mode, sni = plainHost(host), subjectAltNames = [sni], authorities, insecureSkipVerify } = tls;
  const ca = { filename: authorities === "environment" ? (files.ca ?? "") : PUBLIC_AUTHORITIES };
  const own = { certificate_chain: { filename: files.chain ?? "" }, private_key: { filename: files.key ?? "" } };
  const common = {
    tls_params: { tls_minimum_protocol_version: "TLSv1_2", tls_maximum_protocol_version: "TLSv1_3" },
    alpn_protocols: [alpn],
    tls_certificates: mode === "mutual" ? [own] : undefined,
    validation_context: insecureSkipVerify ? undefined : shownNames(ca, subjectAltNames),
  };
  return outsideTls(sni, common, { max_session_keys: 0 });
}

const RAW_BUFFER: JsonObject = {
  name: "envoy.transport_sockets.raw_buffer",
  typed_config: any("extensions.transport_sockets.raw_buffer.v3.RawBuffer"),
};

/** Says who called before anything else is said, TLS too. */
export function behindProxyProtocol(version: "v1" | "v2", socket: JsonObject = RAW_BUFFER): JsonObject {
  return {
    name: "envoy.transport_sockets.upstream_proxy_protocol",
    typed_config: any("extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport", {
      config: { version: version === "v2" ? "V2" : "V1" },
      transport_socket: socket,
    }),
  };
}

/** @param name an address is not asked for (RFC 6066 section 3) */
function outsideTls(name: string, common: Record<string, Json | undefined>, more: JsonObject = {}): JsonObject {
  const sni = isIpAddress(name) ? undefined : name;
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: any(`${TLS}.UpstreamTlsContext`, compact({ common_tls_context: compact(common), sni, ...more })),
  };
}

/** A certificate for one of the names, signed by one of the authorities. */
const shownNames = (ca: JsonObject, names: readonly string[]): JsonObject => ({
  trusted_ca: ca,
  match_typed_subject_alt_names: names.map(exactName),
});

const exactName = (name: string): JsonObject => ({
  san_type: SAN_TYPES[kindOfClientName(name)],
  matcher: { exact: name },
});

/** To a server outside the mesh: its name or address, signed by a public authority or by those of `ca`. */
export function serverTls(server: {
  host: string;
  ca?: { filename: string } | { inline_string: string };
  alpn?: "h2" | "http/1.1";
}): JsonObject {
  const { host, ca = { filename: PUBLIC_AUTHORITIES }, alpn } = server;
  return outsideTls(host, { alpn_protocols: alpn && [alpn], validation_context: shownNames(ca, [host]) });
}

/** Speaks only to a callee with one of these identities. */
export function upstreamTls(
  spiffeIds: readonly string[],
  { sni, alpn }: { sni: string; alpn?: readonly string[] },
): JsonObject {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: any(`${TLS}.UpstreamTlsContext`, {
      common_tls_context: commonContext(
        spiffeIds.map((id) => ({ exact: id })),
        alpn,
      ),
      sni,
      max_session_keys: 0,
    }),
  };
}

// What one connection is made with: TLS and its matchers, HTTP/2 options. Rule: the same shapes downstream and upstream.

export interface TlsPlan {
  /** Secret with the own chain and key (`CertificateSecret`). null only upstream (no client certificate). */
  readonly identitySecret: string | null;
  /** Secret with the trusted CAs (`ValidationSecret`). null: the peer is not verified. */
  readonly validationSecret: string | null;
  /** The peer's certificate must match one of these; empty: any certificate of a trusted CA. */
  readonly sanMatchers: readonly SanMatcher[];
  /** The peer's certificate must be one of these; left out: any that the rest accepts. */
  readonly pins?: readonly CertificatePin[];
  readonly alpn: readonly string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion: "TLSv1.2" | "TLSv1.3";
}

/** Of the certificate as it came, or of its public key (SubjectPublicKeyInfo), both DER. */
export interface CertificatePin {
  readonly of: "certificate" | "public-key";
  /** Lower-case hex, 64 digits. */
  readonly sha256: string;
}

export interface DownstreamTlsPlan extends TlsPlan {
  readonly identitySecret: string;
  readonly requireClientCertificate: boolean;
}

export interface UpstreamTlsPlan extends TlsPlan {
  readonly sni: string | null;
}

export interface SanMatcher {
  readonly type: "uri" | "dns" | "email" | "ip";
  readonly value: StringMatcher;
}

/** A compiled Envoy StringMatcher. `text` is for people and for comparing. */
export interface StringMatcher {
  readonly text: string;
  readonly matches: (value: string) => boolean;
  /** Set when the matcher is a case-sensitive exact match: lets callers index it. */
  readonly exact: string | null;
}

/** Http2ProtocolOptions of one side of one connection. */
export interface Http2Plan {
  /** Downstream: streams the peer may have open. Upstream: streams we open at most, whatever the peer allows. */
  readonly maxConcurrentStreams: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly headerTableBytes: number;
  /** Downstream: takes CONNECT with :protocol (RFC 8441), which is how upgrades cross HTTP/2. */
  readonly allowConnect: boolean;
}

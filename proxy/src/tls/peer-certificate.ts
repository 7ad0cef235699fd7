// Who a TLS peer is: its URI SANs, read from the certificate that the handshake already verified against the bundle.
// Rule: an SVID has exactly one URI SAN, is not a CA, and belongs to our trust domain or is wanted by its whole name. Two SANs pass TLS: refuse them here.

import { createHash, X509Certificate } from "node:crypto";
import { checkSvid, normalizeSerial } from "../identity/svid";
import type { CertificatePin, PeerIdentity, SanMatcher } from "../plan/types";
import { hasSubjectAltName, type SubjectAltNames, subjectAltNames } from "../semantics/subject-alt-names";

export interface PeerCertificate extends PeerIdentity, SubjectAltNames {
  readonly serial: string;
  readonly spiffeId: string;
  readonly isCa: boolean;
  readonly der: Uint8Array;
  readonly fingerprint256: string;
}

export function readPeerCertificate(certificate: X509Certificate): PeerCertificate {
  const names = subjectAltNames(certificate.subjectAltName);
  const [first] = names.uriSans;
  return {
    ...names,
    // Node leaves it undefined for an empty subject, which SVIDs have.
    subject: (certificate.subject ?? "").split("\n").reverse().join(","),
    serial: normalizeSerial(certificate.serialNumber),
    spiffeId: first?.startsWith("spiffe://") ? first : "",
    isCa: certificate.ca,
    der: certificate.raw,
    fingerprint256: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}

export function trustDomainOf(spiffeId: string): string {
  return /^spiffe:\/\/([^/]+)\//.exec(spiffeId)?.[1] ?? "";
}

export interface PeerRules {
  readonly sanMatchers: readonly SanMatcher[];
  /** One of them must be of the certificate; empty: any. */
  readonly pins: readonly CertificatePin[];
  /** Trust domain of our own SVID; "" when we have none: then plain certificates of the CA are accepted. */
  readonly trustDomain: string;
}

/** Why the peer is refused, or undefined. */
export function refusePeer(peer: PeerCertificate, rules: PeerRules): string | undefined {
  if (rules.trustDomain !== "") {
    if (peer.isCa) return "peer_certificate_is_a_ca";
    if (peer.uriSans.length > 1) return "several_uri_sans";
    if (peer.spiffeId === "") return "no_spiffe_id";
    if (!/^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/.test(peer.spiffeId)) return "malformed_spiffe_id";
    const isForeign = trustDomainOf(peer.spiffeId) !== rules.trustDomain;
    if (isForeign && !isNamed(peer.spiffeId, rules)) return "foreign_trust_domain";
    // Key usage and the rest of the X.509-SVID profile, once per connection.
    if (!checkSvid(peer.der).ok) return "not_an_svid";
  }
  if (!hasSubjectAltName(peer, rules.sanMatchers)) return "san_not_matched";
  return rules.pins.length === 0 || isPinned(peer, rules.pins) ? undefined : "certificate_not_pinned";
}

function isPinned({ der, fingerprint256 }: PeerCertificate, pins: readonly CertificatePin[]): boolean {
  const key = pins.some((pin) => pin.of === "public-key") ? keyFingerprint(der) : "";
  return pins.some((pin) => pin.sha256 === (pin.of === "certificate" ? fingerprint256 : key));
}

function keyFingerprint(der: Uint8Array): string {
  const { publicKey } = new X509Certificate(der);
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

/** By its whole ID, as the control plane is: it has a trust domain of its own. */
function isNamed(spiffeId: string, { sanMatchers }: PeerRules): boolean {
  return sanMatchers.some(({ type, value }) => type === "uri" && value.exact === spiffeId);
}

// Who is on the other end of a mutual TLS connection: the checks of X509-SVID.md that OpenSSL leaves to us.
// One rule: TLS having accepted a certificate is not enough; exactly one URI name, no CA, one parsable SPIFFE ID.

import "reflect-metadata";
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from "@peculiar/x509";
import { parseSpiffeId } from "./spiffe-id";

export interface PeerIdentity {
  spiffeId: string;
  serial: string;
}

export type PeerResult = { ok: true; peer: PeerIdentity } | { ok: false; reason: string };

/** Reads the SPIFFE identity of a peer's leaf certificate (DER), whose chain TLS has already verified. */
export function readPeer(der: Uint8Array): PeerResult {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(new Uint8Array(der));
  } catch {
    return { ok: false, reason: "the peer's certificate cannot be decoded" };
  }
  const uris = (certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? []).filter(
    (name) => name.type === "url",
  );
  if (uris.length !== 1) {
    return { ok: false, reason: `the peer's certificate has ${uris.length} URI names and must have exactly one` };
  }
  if (certificate.getExtension(BasicConstraintsExtension)?.ca === true) {
    return { ok: false, reason: "the peer presented a CA certificate" };
  }
  const usages = certificate.getExtension(KeyUsagesExtension)?.usages ?? 0;
  if ((usages & KeyUsageFlags.digitalSignature) === 0 || (usages & KeyUsageFlags.keyCertSign) !== 0) {
    return { ok: false, reason: "the peer's certificate has the wrong key usage for a workload" };
  }
  const spiffeId = uris[0]?.value ?? "";
  return parseSpiffeId(spiffeId)
    ? { ok: true, peer: { spiffeId, serial: certificate.serialNumber.toLowerCase() } }
    : { ok: false, reason: `"${spiffeId}" is not a workload's SPIFFE ID` };
}

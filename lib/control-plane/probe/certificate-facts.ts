// A served certificate as facts. One rule: only what stands in the certificate; the identity controls judge it.

import { X509Certificate } from "node:crypto";
import { subjectAltNames } from "@meshwright/proxy/semantics";
import type { CertificateFacts } from "@/lib/compliance";

export function certificateFacts(der: Buffer): CertificateFacts {
  const certificate = new X509Certificate(der);
  const key = certificate.publicKey;
  const details = key.asymmetricKeyDetails;
  return {
    spiffeIds: [...subjectAltNames(certificate.subjectAltName).uriSans],
    serial: certificate.serialNumber.toLowerCase(),
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    isCa: certificate.ca,
    keyType: `${key.asymmetricKeyType}:${details?.namedCurve ?? details?.modulusLength ?? "unknown"}`,
    // Node calls the extended usages keyUsage.
    extendedKeyUsage: certificate.keyUsage ?? [],
  };
}

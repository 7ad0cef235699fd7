// A served certificate as facts. One rule: only what stands in the certificate; the identity controls judge it.

import { X509Certificate } from "node:crypto";
import type { CertificateFacts } from "@/lib/compliance";

export function certificateFacts(der: Buffer): CertificateFacts {
  const certificate = new X509Certificate(der);
  const key = certificate.publicKey;
  const details = key.asymmetricKeyDetails;
  return {
    spiffeIds: uriNames(certificate.subjectAltName ?? ""),
    serial: certificate.serialNumber.toLowerCase(),
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    isCa: certificate.ca,
    keyType: `${key.asymmetricKeyType}:${details?.namedCurve ?? details?.modulusLength ?? "unknown"}`,
    // Node calls the extended usages keyUsage.
    extendedKeyUsage: certificate.keyUsage ?? [],
  };
}

/** Values with special characters are JSON strings in Node's text, so a comma inside cannot forge a name. */
function uriNames(text: string): string[] {
  const names = [...text.matchAll(/(?:^|, )URI:("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  return names.map(([, value = ""]) => (value.startsWith('"') ? String(JSON.parse(value)) : value));
}

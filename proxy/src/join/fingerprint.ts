// SHA-256 of a certificate's DER, in the one form in which it is compared. Rule: every usual way to write it is read, none is guessed.

import { createHash, X509Certificate } from "node:crypto";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** `sha256:ab…`, `AB:CD:…` or plain hex -> 64 lower-case digits; null: it is none of these. */
export function fingerprintOf(text: string): string | null {
  const plain = text
    .trim()
    .replace(/^sha256[:=]/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(plain) ? plain : null;
}

/** Each certificate of a bundle with its fingerprint. Text that is no certificate is left out. */
export function fingerprintsIn(pem: string): { fingerprint: string; pem: string }[] {
  return (pem.match(CERTIFICATE) ?? []).flatMap((one) => {
    try {
      const { raw } = new X509Certificate(one);
      return [{ fingerprint: createHash("sha256").update(raw).digest("hex"), pem: `${one}\n` }];
    } catch {
      return [];
    }
  });
}

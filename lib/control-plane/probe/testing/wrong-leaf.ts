// A certificate authority gone wrong, for tests: leaves of the real issuer without the extension that says what they are for.

import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Authority, IssuedChain } from "../../ca/authority";
import { readCsrKey, type Signer } from "../../ca/x509";

const HOUR_MS = 3_600_000;

export async function signWithoutUsages(authority: Authority, csrPem: string, spiffeId: string): Promise<IssuedChain> {
  const { issuer, issuerPem } = authority as unknown as { issuer: Signer; issuerPem: string };
  const serial = `4${Date.now().toString(16).padStart(31, "a")}`;
  const leaf = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject: "",
    issuer: issuer.certificate.subject,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + HOUR_MS),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    publicKey: await readCsrKey(csrPem),
    signingKey: issuer.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new SubjectAlternativeNameExtension([{ type: "url", value: spiffeId }], true),
    ],
  });
  return {
    certificatePem: `${leaf.toString("pem").trim()}\n${issuerPem.trim()}\n`,
    serial,
    issuerSerial: authority.issuerSerial,
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
  };
}

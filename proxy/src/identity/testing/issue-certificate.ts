// Certificates for tests, right and wrong ones, made by a library that is not ours.

import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

export interface LeafOptions {
  readonly uris: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly serial?: string;
  readonly subject?: string;
  readonly isCa?: boolean;
  /** null: no key usage. */
  readonly keyUsage?: readonly (keyof typeof x509.KeyUsageFlags)[] | null;
  readonly isKeyUsageCritical?: boolean;
  readonly extendedUsage?: readonly ("serverAuth" | "clientAuth")[];
  readonly isSanCritical?: boolean;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** DER of a self-signed certificate. */
export async function issueCertificate(options: LeafOptions): Promise<Uint8Array> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const { keyUsage = ["digitalSignature"], extendedUsage = ["serverAuth", "clientAuth"] } = options;
  const flags = (keyUsage ?? []).reduce((sum, name) => sum | x509.KeyUsageFlags[name], 0);
  const names = [
    ...options.uris.map((value) => ({ type: "url" as const, value })),
    ...(options.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: options.serial ?? "01",
    name: options.subject ?? "CN=leaf",
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: ALGORITHM,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(options.isCa ?? false, undefined, true),
      ...(keyUsage === null ? [] : [new x509.KeyUsagesExtension(flags, options.isKeyUsageCritical ?? true)]),
      new x509.ExtendedKeyUsageExtension(extendedUsage.map((name) => x509.ExtendedKeyUsage[name])),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names, options.isSanCritical ?? true)] : []),
    ],
  });
  return new Uint8Array(certificate.rawData);
}

// A small certificate authority for tests, with the leaves an attacker would like to use.

import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Secret } from "../../src/plan/types";

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export interface TestCa {
  readonly pem: string;
  /** An authority of its own, signed by this one. */
  subordinate(name: string): Promise<TestCa>;
  /** A list of revoked serials (hex), PEM; in force for an hour, or until `minutes` from now. */
  revoke(serials: readonly string[], minutes?: number): Promise<string>;
  issue(
    uris: readonly string[],
    options?: {
      isCa?: boolean;
      serial?: string;
      subject?: string;
      dns?: readonly string[];
      email?: readonly string[];
      ip?: readonly string[];
      /** In minutes from now; else valid. */
      valid?: readonly [from: number, to: number];
    },
  ): Promise<TestLeaf>;
}

export interface TestLeaf {
  readonly certPem: string;
  readonly keyPem: string;
  readonly serial: string;
}

export async function createCa(name: string): Promise<TestCa> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const notBefore = new Date(Date.now() - 60_000);
  const notAfter = new Date(Date.now() + 3_600_000);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: `CN=${name}`,
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys,
    extensions: authorityExtensions(2),
  });
  return authority(root, keys, [notBefore, notAfter]);
}

const authorityExtensions = (pathLength: number): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, pathLength, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
];

function authority(
  root: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
  [notBefore, notAfter]: readonly [Date, Date],
): TestCa {
  let next = 0x1000;
  return {
    pem: root.toString("pem"),
    async subordinate(name) {
      const own = (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: (next++).toString(16),
        subject: `CN=${name}`,
        issuer: root.subject,
        notBefore,
        notAfter,
        signingAlgorithm: algorithm,
        publicKey: own.publicKey as x509.PublicKeyType,
        signingKey: keys.privateKey,
        extensions: authorityExtensions(1),
      });
      return authority(certificate, own, [notBefore, notAfter]);
    },
    async revoke(serials, minutes = 60) {
      const list = await x509.X509CrlGenerator.create({
        issuer: root.subject,
        thisUpdate: new Date(Date.now() - 3_600_000),
        nextUpdate: new Date(Date.now() + minutes * 60_000),
        // With a reason: without one the library writes an empty list of extensions, which Envoy's library refuses.
        entries: serials.map((serialNumber) => ({
          serialNumber,
          revocationDate: notBefore,
          reason: x509.X509CrlReason.keyCompromise,
        })),
        signingAlgorithm: algorithm,
        signingKey: keys.privateKey,
      });
      // The library calls it "CRL"; OpenSSL and everybody after it "X509 CRL".
      return list.toString("pem").replaceAll(" CRL-", " X509 CRL-");
    },
    async issue(uris, options = {}) {
      const { dns = [], email = [], ip = [], valid } = options;
      const names = [
        ...uris.map((value) => ({ type: "url" as const, value })),
        ...dns.map((value) => ({ type: "dns" as const, value })),
        ...email.map((value) => ({ type: "email" as const, value })),
        ...ip.map((value) => ({ type: "ip" as const, value })),
      ];
      const at = (minutes: number | undefined, otherwise: Date): Date =>
        minutes === undefined ? otherwise : new Date(Date.now() + minutes * 60_000);
      const leafKeys = (await webcrypto.subtle.generateKey(algorithm, true, [
        "sign",
        "verify",
      ])) as webcrypto.CryptoKeyPair;
      const serial = options.serial ?? (next++).toString(16);
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serial,
        // Our own authority issues SVIDs with an empty subject.
        subject: options.subject ?? "",
        issuer: root.subject,
        notBefore: at(valid?.[0], notBefore),
        notAfter: at(valid?.[1], notAfter),
        signingAlgorithm: algorithm,
        publicKey: leafKeys.publicKey as x509.PublicKeyType,
        signingKey: keys.privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(options.isCa === true, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
          ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names, true)] : []),
        ],
      });
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", leafKeys.privateKey)).toString("base64");
      const keyPem = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, "$1\n")}\n-----END PRIVATE KEY-----\n`;
      return { certPem: certificate.toString("pem"), keyPem, serial };
    },
  };
}

export function secretsOf(leaf: TestLeaf, ca: TestCa): Map<string, Secret> {
  return new Map<string, Secret>([
    ["identity", { kind: "certificate", name: "identity", chainPem: leaf.certPem, privateKeyPem: leaf.keyPem }],
    ["bundle", { kind: "validation", name: "bundle", trustedCaPem: ca.pem, sanMatchers: [] }],
  ]);
}

/** What a pair of sidecars needs: one authority, checkout that calls and payment-service that is called. */
export async function pairIdentities(): Promise<{ ca: TestCa; caller: TestLeaf; callee: TestLeaf }> {
  const ca = await createCa("mesh");
  return { ca, caller: await ca.issue([spiffe("checkout")]), callee: await ca.issue([spiffe("payment-service")]) };
}

export const spiffe = (account: string, domain = "mesh.local"): string =>
  `spiffe://${domain}/ns/production/sa/${account}`;

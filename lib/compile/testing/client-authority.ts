// Certificates of people and partners outside the mesh, with whatever alternative names a test wants.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const LIFETIME_MS = 3_600_000;

export type ClientCertificate = { cert: string; key: string };
export type ClientAuthority = { pem: string; issue(names: x509.JsonGeneralNames): Promise<ClientCertificate> };

export async function createClientAuthority(name: string): Promise<ClientAuthority> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const dates = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + LIFETIME_MS) };
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: "01", name: `CN=${name}`, ...dates, signingAlgorithm: algorithm, keys },
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  let next = 0x1000;
  return {
    pem: root.toString("pem"),
    async issue(names) {
      const own = await newKeys();
      const leaf = await x509.X509CertificateGenerator.create({
        ...{ serialNumber: (next++).toString(16), subject: "CN=client", issuer: root.subject, ...dates },
        ...{ signingAlgorithm: algorithm, publicKey: own.publicKey, signingKey: keys.privateKey },
        extensions: [
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
          ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
        ],
      });
      const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", own.privateKey)).toString("base64");
      return { cert: leaf.toString("pem"), key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n` };
    },
  };
}

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;

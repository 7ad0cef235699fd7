// An authority outside the mesh, for what gateways show and for their clients: certificates from an intermediate of its own root.
// The rule: real chains and keys, made anew each time; what is wrong with one is asked for by name.
import "reflect-metadata"; // @peculiar/x509 2.x refuses to load without it
import { randomBytes, webcrypto, X509Certificate } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
} from "@peculiar/x509";
import { createIssuer, createRoot, exportPrivateKey, generateKeyPair, loadSigner } from "@/lib/control-plane/ca/x509";

const HOUR_MS = 3_600_000;

export interface PublicCertificate {
  /** Its own, then the intermediate. */
  chainPem: string;
  keyPem: string;
}

export interface PublicAuthority {
  rootPem: string;
  intermediatePem: string;
  /**
   * @param names alternative names; a text is a DNS name
   * @param dates in milliseconds from now; default from an hour ago to in an hour
   */
  issue(
    names: readonly (string | JsonGeneralName)[],
    dates?: { from?: number; to?: number },
  ): Promise<PublicCertificate>;
  /** Revocation lists of root and intermediate, in PEM: what looks at lists wants one of each authority of a chain. */
  revoke(certificates: readonly PublicCertificate[], dates?: { to?: number }): Promise<string>;
}

export async function createPublicAuthority(): Promise<PublicAuthority> {
  const now = Date.now();
  const root = await createRoot("public.example", "A", now, 24 * HOUR_MS);
  const pair = await createIssuer(await loadSigner(root), "public.example", "1", now, 24 * HOUR_MS);
  const issuer = await loadSigner(pair);
  return {
    rootPem: `${root.certificatePem}\n`,
    intermediatePem: `${pair.certificatePem}\n`,
    async revoke(certificates, { to = HOUR_MS } = {}) {
      const serials = certificates.map(({ chainPem }) => new X509Certificate(chainPem).serialNumber);
      const lists = [
        { signer: await loadSigner(root), revoked: [] },
        { signer: issuer, revoked: serials },
      ];
      const pems = await Promise.all(
        lists.map(async ({ signer, revoked }) => {
          const list = await X509CrlGenerator.create({
            issuer: signer.certificate.subject,
            thisUpdate: new Date(now - HOUR_MS),
            nextUpdate: new Date(now + to),
            // With a reason: without one the library writes an empty list of extensions, which Envoy's library refuses.
            entries: revoked.map((serialNumber) => ({
              serialNumber,
              revocationDate: new Date(now - HOUR_MS),
              reason: X509CrlReason.keyCompromise,
            })),
            signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
            signingKey: signer.privateKey,
          });
          // The library calls it "CRL"; OpenSSL and everybody after it "X509 CRL".
          return `${list.toString("pem").replaceAll(" CRL-", " X509 CRL-")}\n`;
        }),
      );
      return pems.join("");
    },
    async issue(names, { from = -HOUR_MS, to = HOUR_MS } = {}) {
      const keys = await generateKeyPair();
      const all = names.map((name) => (typeof name === "string" ? { type: "dns" as const, value: name } : name));
      const leaf = await X509CertificateGenerator.create(
        {
          serialNumber: `01${randomBytes(15).toString("hex")}`,
          subject: `CN=${typeof names[0] === "string" ? names[0] : "nobody"}`,
          issuer: issuer.certificate.subject,
          notBefore: new Date(now + from),
          notAfter: new Date(now + to),
          signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
          publicKey: keys.publicKey,
          signingKey: issuer.privateKey,
          extensions: [
            new BasicConstraintsExtension(false, undefined, true),
            new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
            await SubjectKeyIdentifierExtension.create(keys.publicKey),
            await AuthorityKeyIdentifierExtension.create(issuer.certificate),
            ...(all.length > 0 ? [new SubjectAlternativeNameExtension(all)] : []),
          ],
        },
        webcrypto as Crypto,
      );
      const der = (await exportPrivateKey(keys.privateKey)).toString("base64");
      return {
        chainPem: `${leaf.toString("pem")}\n${pair.certificatePem}\n`,
        keyPem: `-----BEGIN PRIVATE KEY-----\n${der.replace(/(.{64})/g, "$1\n")}\n-----END PRIVATE KEY-----\n`,
      };
    },
  };
}

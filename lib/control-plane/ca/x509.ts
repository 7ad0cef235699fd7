// Makes and reads certificates: P-256 keys, SHA-256, random 128-bit serials, SPIFFE SVIDs as X509-SVID.md asks.
// One rule: names in a CSR are ignored. Only its public key is used; the caller passes the identity to stamp.

import "reflect-metadata"; // @peculiar/x509 2.x refuses to load without it
import { randomBytes, webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

cryptoProvider.set(webcrypto as Crypto);

export { X509Certificate };

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" } as const;
/** Accepted by peers whose clock is behind ours by up to a minute (research: back-date 60 s). */
export const BACKDATE_MS = 60_000;

export interface SigningPair {
  certificatePem: string;
  privateKeyDer: Buffer;
}

export interface Signer {
  certificate: X509Certificate;
  privateKey: CryptoKey;
}

export interface IssuedCertificate {
  pem: string;
  serial: string;
  notBefore: Date;
  notAfter: Date;
}

export class CsrError extends Error {
  readonly code = "csr_invalid";
}

export function generateKeyPair(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

export async function exportPrivateKey(key: CryptoKey): Promise<Buffer> {
  return Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
}

export async function loadSigner(pair: SigningPair): Promise<Signer> {
  const privateKey = (await webcrypto.subtle.importKey("pkcs8", pair.privateKeyDer, KEY_ALGORITHM, false, [
    "sign",
  ])) as CryptoKey;
  return { certificate: new X509Certificate(pair.certificatePem), privateKey };
}

/** RFC 5280 4.1.2.2: positive, at most 20 octets. 128 random bits, the first kept below 0x80. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString("hex");
}

/** `slot` is in the name: two roots that are trusted at once are told apart by people, too. */
export async function createRoot(
  trustDomain: string,
  slot: string,
  now: number,
  lifetimeMs: number,
): Promise<SigningPair> {
  const keys = await generateKeyPair();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: `CN=Meshwright root ${slot}, O=${trustDomain}`,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + lifetimeMs),
    signingAlgorithm: SIGNING_ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      new SubjectAlternativeNameExtension([{ type: "url", value: `spiffe://${trustDomain}` }]),
    ],
  });
  return { certificatePem: certificate.toString("pem"), privateKeyDer: await exportPrivateKey(keys.privateKey) };
}

export async function createIssuer(
  root: Signer,
  trustDomain: string,
  slot: string,
  now: number,
  lifetimeMs: number,
): Promise<SigningPair> {
  const keys = await generateKeyPair();
  const notAfter = Math.min(now + lifetimeMs, root.certificate.notAfter.getTime());
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: `CN=Meshwright issuer ${slot}, O=${trustDomain}`,
    issuer: root.certificate.subject,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(notAfter),
    signingAlgorithm: SIGNING_ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: root.privateKey,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(root.certificate),
    ],
  });
  return { certificatePem: certificate.toString("pem"), privateKeyDer: await exportPrivateKey(keys.privateKey) };
}

/** Reads a CSR's public key after checking its proof of possession. */
export async function readCsrKey(csrPem: string): Promise<CryptoKey> {
  let request: Pkcs10CertificateRequest;
  try {
    request = new Pkcs10CertificateRequest(csrPem);
  } catch {
    throw new CsrError(
      "csrPem is not a PKCS#10 request in PEM form. Send the request that starts with -----BEGIN CERTIFICATE REQUEST-----.",
    );
  }
  let key: CryptoKey;
  try {
    key = await request.publicKey.export(KEY_ALGORITHM, ["verify"]);
  } catch {
    throw new CsrError("The CSR's key is not ECDSA P-256. Generate a P-256 key and sign the request with it.");
  }
  if (!(await request.verify())) {
    throw new CsrError("The CSR's signature does not match its key. Sign the request with the private key it names.");
  }
  return key;
}

/** Issues one SVID. Its life ends with the issuer's at the latest; the subject stays empty, so the SAN is critical. */
export async function issueLeaf(
  issuer: Signer,
  input: { publicKey: CryptoKey; spiffeId: string; now: number; lifetimeMs: number; subject?: string },
): Promise<IssuedCertificate> {
  const notBefore = new Date(Math.max(input.now - BACKDATE_MS, issuer.certificate.notBefore.getTime()));
  const notAfter = new Date(Math.min(input.now + input.lifetimeMs, issuer.certificate.notAfter.getTime()));
  const serial = randomSerial();
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    await SubjectKeyIdentifierExtension.create(input.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer.certificate),
    new SubjectAlternativeNameExtension([{ type: "url", value: input.spiffeId }], true),
  ];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject: input.subject ?? "",
    issuer: issuer.certificate.subject,
    notBefore,
    notAfter,
    signingAlgorithm: SIGNING_ALGORITHM,
    publicKey: input.publicKey,
    signingKey: issuer.privateKey,
    extensions,
  });
  return { pem: certificate.toString("pem"), serial, notBefore: certificate.notBefore, notAfter: certificate.notAfter };
}

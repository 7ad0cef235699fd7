// Checks of an X.509-SVID leaf (spiffe/spiffe standards/X509-SVID.md) after TLS has verified the chain.
// One rule: a certificate that breaks a rule has no identity; TLS alone lets two URI SANs pass.

import { X509Certificate } from "node:crypto";
import { readChildren, readDer, TAG, toHex } from "./der";
import { formatSpiffeId, parseSpiffeId } from "./spiffe-id";

export interface Svid {
  /** Normal form: lower-case trust domain. */
  readonly spiffeId: string;
  readonly trustDomain: string;
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
  readonly dnsSans: readonly string[];
  readonly subject: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly issuer: string;
}

export type SvidCheck = { readonly ok: true; readonly svid: Svid } | { readonly ok: false; readonly reason: string };

const OID_SUBJECT_ALT_NAME = "551d11";
const OID_KEY_USAGE = "551d0f";
const OID_BASIC_CONSTRAINTS = "551d13";
const EKU_SERVER = "1.3.6.1.5.5.7.3.1";
const EKU_CLIENT = "1.3.6.1.5.5.7.3.2";
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;
const CRL_SIGN = 0x02;

interface Extension {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** Lower-case hex without leading zeros, as deny lists are written. */
export function normalizeSerial(serial: string): string {
  return serial.toLowerCase().replace(/^0+(?=.)/, "");
}

/** @param der the leaf as it came in the handshake */
export function checkSvid(der: Uint8Array): SvidCheck {
  try {
    return checkParsed(new X509Certificate(der), extensionsOf(der));
  } catch (error) {
    return { ok: false, reason: `the certificate cannot be read (${(error as Error).message})` };
  }
}

function checkParsed(certificate: X509Certificate, extensions: ReadonlyMap<string, Extension>): SvidCheck {
  const names = alternativeNames(extensions.get(OID_SUBJECT_ALT_NAME));
  const reason = leafProblem(certificate, extensions, names.uris);
  if (reason !== null) {
    return { ok: false, reason };
  }
  const id = parseSpiffeId(names.uris[0] ?? "");
  if (!id || id.path === "") {
    return { ok: false, reason: "its URI SAN is not the SPIFFE ID of a workload" };
  }
  return {
    ok: true,
    svid: {
      spiffeId: formatSpiffeId(id),
      trustDomain: id.trustDomain,
      serial: normalizeSerial(certificate.serialNumber),
      dnsSans: names.dnsNames,
      subject: certificate.subject ?? "",
      notBefore: Date.parse(certificate.validFrom),
      notAfter: Date.parse(certificate.validTo),
      issuer: certificate.issuer,
    },
  };
}

function leafProblem(
  certificate: X509Certificate,
  extensions: ReadonlyMap<string, Extension>,
  uris: readonly string[],
): string | null {
  if (uris.length !== 1) {
    return uris.length === 0 ? "it has no URI SAN" : `it has ${uris.length} URI SANs, an SVID has exactly one`;
  }
  if (certificate.ca || isCa(extensions.get(OID_BASIC_CONSTRAINTS))) {
    return "it is a CA certificate, which must not authenticate";
  }
  if (!certificate.subject && !extensions.get(OID_SUBJECT_ALT_NAME)?.isCritical) {
    return "its subject is empty but its SAN is not critical";
  }
  return keyUsageProblem(extensions.get(OID_KEY_USAGE)) ?? extendedUsageProblem(certificate.keyUsage);
}

function keyUsageProblem(extension: Extension | undefined): string | null {
  if (!extension?.isCritical) {
    return "its key usage is missing or not critical";
  }
  const bits = readDer(extension.value).content[1] ?? 0; // content[0]: number of unused bits
  if ((bits & DIGITAL_SIGNATURE) === 0) {
    return "its key usage lacks digitalSignature";
  }
  return (bits & (KEY_CERT_SIGN | CRL_SIGN)) === 0 ? null : "its key usage allows signing certificates or CRLs";
}

/** node:crypto calls the extended key usage `keyUsage`. */
function extendedUsageProblem(usages: readonly string[] | undefined): string | null {
  const isFine = !usages || usages.length === 0 || (usages.includes(EKU_SERVER) && usages.includes(EKU_CLIENT));
  return isFine ? null : "its extended key usage lacks serverAuth or clientAuth";
}

function isCa(extension: Extension | undefined): boolean {
  const [first] = extension ? readChildren(readDer(extension.value).content) : [];
  return first?.tag === TAG.boolean && first.content[0] !== 0;
}

/** GeneralName: [2] dNSName, [6] uniformResourceIdentifier (RFC 5280 4.2.1.6). */
function alternativeNames(extension: Extension | undefined): { uris: string[]; dnsNames: string[] } {
  const names = extension ? readChildren(readDer(extension.value).content) : [];
  const text = (content: Uint8Array): string => Buffer.from(content).toString("latin1");
  return {
    uris: names.filter(({ tag }) => tag === 0x86).map(({ content }) => text(content)),
    dnsNames: names.filter(({ tag }) => tag === 0x82).map(({ content }) => text(content)),
  };
}

/** TBSCertificate's [3] extensions by hex OID; an OID twice is an error (RFC 5280 4.2). */
function extensionsOf(der: Uint8Array): Map<string, Extension> {
  const tbs = readDer(readDer(der).content);
  const holder = readChildren(tbs.content).find(({ tag }) => tag === 0xa3);
  const found = new Map<string, Extension>();
  for (const node of holder ? readChildren(readDer(holder.content).content) : []) {
    const [oid, second, third] = readChildren(node.content);
    const value = third ?? second;
    const key = toHex(oid?.content ?? new Uint8Array());
    if (found.has(key) || value?.tag !== TAG.octetString) {
      throw new Error("an extension is malformed or stands twice");
    }
    found.set(key, { isCritical: third !== undefined && second?.content[0] === 0xff, value: value.content });
  }
  return found;
}

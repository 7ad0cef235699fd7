// A certificate and its key as a person gives them: PEM text -> facts, or every problem at its field with what to do.
// The rule: what a gateway could not serve, or its clients would refuse today, is refused here; a key is read and never told.
import "reflect-metadata"; // @peculiar/x509 2.x refuses to load without it
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { subjectAltNames } from "@meshwright/proxy/semantics";
import { X509Crl } from "@peculiar/x509";
import type { Problematic } from "@/lib/errors";

export interface CertificateFacts {
  subject: string;
  issuer: string;
  /** DNS names; a common name is no name to clients of today (RFC 9525 section 2). */
  names: string[];
  notBefore: string;
  notAfter: string;
  /** `ec:prime256v1`, `rsa:2048`. */
  keyType: string;
  /** SHA-256. */
  fingerprint: string;
  isSelfSigned: boolean;
}

/** Chains of public authorities have two to four. */
const MAX_CERTIFICATES = 10;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

interface Block {
  label: string;
  pem: string;
}

const blocksOf = (text: string): Block[] =>
  [...text.matchAll(BLOCK)].map(([pem, label = ""]) => ({ label, pem: `${pem}\n` }));

export type ReadCertificate =
  | { ok: true; facts: CertificateFacts; chainPem: string; keyPem: string }
  | { ok: false; problems: Problematic[] };

/** @param now in milliseconds since 1970 */
export function readCertificate(given: { chain: string; key: string }, now: number): ReadCertificate {
  const problems: Problematic[] = [];
  const chain = readChain(given.chain, now, problems);
  const key = readKey(given.key, problems);
  const [leaf] = chain ?? [];
  if (leaf && key && !leaf.checkPrivateKey(key.key)) {
    problems.push({
      path: "body.key",
      message: `is not the key of the certificate of ${nameOf(leaf.subject)}`,
      fix: "Give the key that the certificate was asked for with, or the certificate that was issued for this key.",
    });
  }
  const chainPem = (chain ?? []).map((each) => each.toString()).join("");
  const keyPem = key?.pem ?? "";
  if (problems.length > 0 || !leaf) return { ok: false, problems };
  return { ok: true, facts: certificateFacts(leaf), chainPem, keyPem };
}

export interface AuthorityFacts {
  subject: string;
  notAfter: string;
  fingerprint: string;
}

/** Of whom it is; until when it counts: after that every certificate is refused. null: it does not say. */
export interface RevocationListFacts {
  issuer: string;
  nextUpdate: string | null;
}

/** Authorities whose certificates clients may show, then their revocation lists, each once. @param now in milliseconds since 1970 */
export function readAuthorities(
  text: string,
  now: number,
): { ok: true; pem: string } | { ok: false; problems: Problematic[] } {
  const refuse = (message: string, fix: string) => ({
    ok: false as const,
    problems: [{ path: "body.clientCa", message, fix }],
  });
  const blocks = blocksOf(text);
  if (blocks.some(({ label }) => label.endsWith("PRIVATE KEY")))
    return refuse("has a private key in it", "Leave it out: only the authority itself needs it.");
  const authorities = certificatesIn(blocks.filter(isCertificate));
  if (typeof authorities === "number") return refuse(...unreadable("certificate", authorities));
  if (authorities.length === 0)
    return refuse("has no certificate in PEM", "Give those of the authorities that sign your clients' certificates.");
  const leaf = authorities.find(({ ca }) => !ca);
  if (leaf)
    return refuse(`has a certificate (${nameOf(leaf.subject)}) of no authority`, "Give that of who signed it instead.");
  const ended = authorities.find(({ validTo }) => Date.parse(validTo) <= now);
  if (ended)
    return refuse(
      `has an authority (${nameOf(ended.subject)}) that expired on ${day(ended.validTo)}`,
      "Leave it out, or give its successor.",
    );
  const lists = blocks.filter(isRevocationList);
  for (const [index, { pem }] of lists.entries()) {
    const list = listIn(pem);
    if (!list) return refuse(...unreadable("revocation list", index + 1));
    const { issuer, nextUpdate } = listFacts(list);
    if (!authorities.some((each) => sameName(each.subject, list.issuer)))
      return refuse(`has a revocation list of ${issuer}, who is none of these authorities`, "Give that authority too.");
    if (nextUpdate !== null && Date.parse(nextUpdate) <= now)
      return refuse(
        `has a revocation list of ${issuer} that ended on ${day(nextUpdate)}: with it every client is refused`,
        "Give the newest one.",
      );
  }
  const pems = [...authorities.map((each) => each.toString()), ...lists.map(({ pem }) => pem)];
  return { ok: true, pem: [...new Set(pems)].join("") };
}

/** All of them, or the number (from 1) of the first that cannot be read. */
function certificatesIn(blocks: readonly Block[]): X509Certificate[] | number {
  const certificates: X509Certificate[] = [];
  for (const [index, { pem }] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(pem));
    } catch {
      return index + 1;
    }
  }
  return certificates;
}

const unreadable = (what: string, number: number): [message: string, fix: string] => [
  `has a ${what} (number ${number}) that cannot be read`,
  "Copy it again from the file, whole.",
];

const isRevocationList = ({ label }: Block): boolean => label === "X509 CRL";
const isCertificate = (block: Block): boolean => !isRevocationList(block);

function listIn(pem: string): X509Crl | null {
  try {
    return new X509Crl(pem);
  } catch {
    return null;
  }
}

/** Node writes a name in lines, the list with commas: the same parts are the same name. */
const sameName = (lines: string, commas: string): boolean => nameOf(lines) === nameOf(commas.replaceAll(", ", "\n"));

const listFacts = ({ issuer, nextUpdate }: X509Crl): RevocationListFacts => ({
  issuer: nameOf(issuer.replaceAll(", ", "\n")),
  nextUpdate: nextUpdate?.toISOString() ?? null,
});

export const authoritiesOf = (pem: string): AuthorityFacts[] =>
  blocksOf(pem)
    .filter(isCertificate)
    .map((block) => {
      const { subject, validTo, fingerprint256 } = new X509Certificate(block.pem);
      return { subject: nameOf(subject), notAfter: new Date(validTo).toISOString(), fingerprint: fingerprint256 };
    });

export const revocationListsOf = (pem: string): RevocationListFacts[] =>
  blocksOf(pem)
    .filter(isRevocationList)
    .flatMap((block) => listIn(block.pem) ?? [])
    .map(listFacts);

/** Of the first certificate of a chain. */
export const factsOfChain = (chainPem: string): CertificateFacts => certificateFacts(new X509Certificate(chainPem));

function readChain(text: string, now: number, problems: Problematic[]): X509Certificate[] | null {
  const refuse = (message: string, fix: string): null => {
    problems.push({ path: "body.chain", message, fix });
    return null;
  };
  const blocks = blocksOf(text);
  if (blocks.some(({ label }) => label.endsWith("PRIVATE KEY"))) {
    return refuse("has a private key in it", "Put the key into its own field; here come certificates only.");
  }
  const pems = blocks.filter(({ label }) => label === "CERTIFICATE" || label === "X509 CERTIFICATE");
  if (pems.length === 0) {
    return refuse(
      "has no certificate in PEM",
      "Give the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----; a DER file becomes PEM by: openssl x509 -inform der -in FILE.",
    );
  }
  if (pems.length > MAX_CERTIFICATES) {
    return refuse(
      `has ${pems.length} certificates; at most ${MAX_CERTIFICATES} are sent to clients`,
      "Give the gateway's own and its intermediates, not a list of authorities.",
    );
  }
  const chain = certificatesIn(pems);
  if (typeof chain === "number") return refuse(...unreadable("certificate", chain));
  const broken = chain.findIndex((each, index) => {
    const next = chain[index + 1];
    return next !== undefined && !(each.checkIssued(next) && each.verify(next.publicKey));
  });
  if (broken >= 0) {
    return refuse(
      `has certificate ${broken + 2} (${nameOf(chain[broken + 1]?.subject)}) after one that it did not sign`,
      "Order them: the gateway's own first, then each one's signer.",
    );
  }
  const [leaf] = chain;
  if (leaf && !isKeySpoken(leaf.publicKey)) {
    return refuse(
      `is for a key that clients of today refuse (${keyTypeOf(leaf.publicKey)})`,
      "Have one issued for an RSA key of 2048 bits or more, or for P-256.",
    );
  }
  return datesHold(chain, now, refuse) ? chain : null;
}

const MIN_RSA_BITS = 2048; // CA/Browser Forum, Baseline Requirements section 6.1.5
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];

function isKeySpoken({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (type === "rsa") return (details?.modulusLength ?? 0) >= MIN_RSA_BITS;
  return type === "ed25519" || (type === "ec" && CURVES.includes(details?.namedCurve ?? ""));
}

const keyTypeOf = ({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): string =>
  [asymmetricKeyType, details?.namedCurve ?? details?.modulusLength].filter((part) => part !== undefined).join(":");

function datesHold(chain: readonly X509Certificate[], now: number, refuse: (message: string, fix: string) => null) {
  const ended = chain.find((each) => Date.parse(each.validTo) <= now);
  if (ended) {
    refuse(
      `has a certificate (${nameOf(ended.subject)}) that expired on ${day(ended.validTo)}`,
      "Have it renewed and give the new one.",
    );
    return false;
  }
  const early = chain.find((each) => Date.parse(each.validFrom) > now);
  if (early) {
    refuse(
      `has a certificate (${nameOf(early.subject)}) that is valid from ${day(early.validFrom)} only`,
      "Give it then, or correct the clock of this machine.",
    );
    return false;
  }
  return true;
}

function readKey(text: string, problems: Problematic[]): { key: KeyObject; pem: string } | null {
  const refuse = (message: string, fix: string): null => {
    problems.push({ path: "body.key", message, fix });
    return null;
  };
  const blocks = blocksOf(text);
  const keys = blocks.filter(({ label }) => label.endsWith("PRIVATE KEY"));
  const [only] = keys;
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(text)) {
    return refuse(
      "is encrypted with a passphrase, and nobody is there to type it when the gateway starts",
      "Give it decrypted (openssl pkey -in FILE); it is stored encrypted here.",
    );
  }
  if (!only) {
    return blocks.some(({ label }) => label.endsWith("CERTIFICATE"))
      ? refuse("is a certificate", "Give the private key that belongs to it.")
      : refuse(
          "has no private key in PEM",
          "Give the text from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----.",
        );
  }
  if (keys.length > 1) return refuse(`has ${keys.length} keys`, "Give the one that belongs to the certificate.");
  try {
    return { key: createPrivateKey(only.pem), pem: only.pem };
  } catch {
    return refuse("cannot be read", "Copy it again from the file, whole.");
  }
}

function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    names: [...subjectAltNames(certificate.subjectAltName).dnsSans],
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    keyType: keyTypeOf(certificate.publicKey),
    fingerprint: certificate.fingerprint256,
    isSelfSigned: certificate.verify(certificate.publicKey),
  };
}

/** The common name; else all of it. */
function nameOf(distinguished: string | undefined): string {
  const lines = (distinguished ?? "").split("\n").filter((line) => line !== "");
  return lines.find((line) => line.startsWith("CN="))?.slice(3) ?? (lines.join(", ") || "no name");
}

const day = (text: string): string => new Date(text).toISOString().slice(0, 10);

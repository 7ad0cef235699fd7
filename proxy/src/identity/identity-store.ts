// Key, certificate chain and trust bundle in the proxy's home. One rule: a pair that does not fit, has expired or
// names someone else is as good as none.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "./atomic-file";
import { checkSvid, type Svid } from "./svid";

export interface Identity {
  readonly privateKeyPem: string;
  /** Leaf first. */
  readonly chainPem: string;
  readonly svid: Svid;
}

export class IdentityStore {
  private readonly folder: string;

  constructor(home: string) {
    this.folder = join(home, "identity");
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    chmodSync(this.folder, 0o700);
  }

  /** The stored identity for `spiffeId`, or why there is none. An expired one is none. */
  load(spiffeId: string, now: number): Identity | string {
    const privateKeyPem = this.read("key.pem");
    const chainPem = this.read("cert.pem");
    if (privateKeyPem === null || chainPem === null) {
      return "there is no certificate yet";
    }
    return identityOf(privateKeyPem, chainPem, spiffeId, now);
  }

  save(identity: Identity, bundlePem: string): void {
    // The chain first: a crash in between leaves a pair that does not fit, and the proxy asks for a new one.
    writeFileAtomic(join(this.folder, "cert.pem"), identity.chainPem);
    writeFileAtomic(join(this.folder, "key.pem"), identity.privateKeyPem);
    this.saveBundle(bundlePem);
  }

  /** What the control plane does not take is not tried again at the next start. */
  discard(): void {
    for (const name of ["cert.pem", "key.pem"]) rmSync(join(this.folder, name), { force: true });
  }

  loadBundle(): string | null {
    return this.read("bundle.pem");
  }

  saveBundle(bundlePem: string): void {
    writeFileAtomic(join(this.folder, "bundle.pem"), bundlePem);
  }

  private read(name: string): string | null {
    try {
      return readFileSync(join(this.folder, name), "utf8");
    } catch {
      return null;
    }
  }
}

/** An identity from its parts, or why the parts are none. */
export function identityOf(privateKeyPem: string, chainPem: string, spiffeId: string, now: number): Identity | string {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(chainPem);
    if (!leaf.checkPrivateKey(createPrivateKey(privateKeyPem))) {
      return "the certificate is not for the key";
    }
  } catch (error) {
    return `the certificate or key cannot be read (${(error as Error).message})`;
  }
  const check = checkSvid(leaf.raw);
  if (!check.ok) {
    return `the certificate is no SVID: ${check.reason}`;
  }
  if (check.svid.spiffeId !== spiffeId) {
    return `the certificate is for ${check.svid.spiffeId}, not ${spiffeId}`;
  }
  return check.svid.notAfter <= now ? "the certificate has expired" : { privateKeyPem, chainPem, svid: check.svid };
}

// Certificates that probes show: short-lived, made here, never written anywhere, and each told to the event log.
// One rule: an identity of a workload is taken only to ask whether that workload is let in or refused.

import { PROBE_MARK } from "@/lib/signals";
import type { Authority } from "../ca/authority";
import { createIssuer, createRoot, exportPrivateKey, generateKeyPair, issueLeaf, loadSigner } from "../ca/x509";
import type { ClientIdentity } from "./dial";

/** Sidecars know a probe by it, also one in the name of a workload, and count it apart: no caller can give itself this subject. */
const PROBE_SUBJECT = `OU=${PROBE_MARK}`;
const LIFETIME_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

export class ProbeIdentities {
  private readonly made = new Map<string, Promise<ClientIdentity>>();

  constructor(
    private readonly authority: Authority,
    private readonly now: () => number,
    private readonly onIssued: (issued: { spiffeId: string; serial: string; notAfter: Date }) => void,
  ) {}

  /** Signed by the mesh's own authority. */
  ours(spiffeId: string): Promise<ClientIdentity> {
    return this.once(`ours ${spiffeId}`, async () => {
      const issued = await this.authority.issueIdentity(spiffeId, LIFETIME_MS, PROBE_SUBJECT);
      this.onIssued({ spiffeId, serial: issued.serial, notAfter: issued.notAfter });
      return issued;
    });
  }

  /** The same name, signed by an authority that was made a moment ago. */
  foreign(spiffeId: string): Promise<ClientIdentity> {
    return this.once(`foreign ${spiffeId}`, async () => {
      const now = this.now();
      const root = await loadSigner(await createRoot("foreign.invalid", "A", now, DAY_MS));
      const pair = await createIssuer(root, "foreign.invalid", "A", now, DAY_MS);
      const keys = await generateKeyPair();
      const leaf = await issueLeaf(await loadSigner(pair), {
        publicKey: keys.publicKey,
        spiffeId,
        now,
        lifetimeMs: LIFETIME_MS,
      });
      const body = (await exportPrivateKey(keys.privateKey))
        .toString("base64")
        .replace(/(.{64})/g, "$1\n")
        .trim();
      return {
        certificatePem: `${leaf.pem.trim()}\n${pair.certificatePem.trim()}\n`,
        privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`,
      };
    });
  }

  private once(key: string, make: () => Promise<ClientIdentity>): Promise<ClientIdentity> {
    const known = this.made.get(key) ?? make();
    this.made.set(key, known);
    return known;
  }
}

// The certificate authority of this installation: one root, issuers in two slots (A and B), leaves stamped with the
// identity the caller authenticated. Slots follow SPIRE: the next issuer is prepared at half of the life of the
// active one and takes over at five sixths, so a leaf always has a signer that outlives it.
// One rule: keys are made only when the store holds none at all. An unreadable key stops the start.

import type { Clock } from "@/lib/clock";
import { openKey, sealKey } from "./key-sealing";
import { controlPlaneSpiffeId } from "./spiffe-id";
import type { CaKeyKind, CaKeyRow, CaKeyState, CaSlot, CaStore } from "./store";
import {
  createIssuer,
  createRoot,
  exportPrivateKey,
  generateKeyPair,
  issueLeaf,
  loadSigner,
  readCsrKey,
  type Signer,
  type SigningPair,
  X509Certificate,
} from "./x509";

const DAY_MS = 86_400_000;
export const ROOT_LIFETIME_MS = 3650 * DAY_MS; // Istio's and Kuma's self-made root: 10 years
export const ISSUER_LIFETIME_MS = 365 * DAY_MS;
export const LEAF_LIFETIME_MS = DAY_MS;

export interface IssuedChain {
  certificatePem: string;
  serial: string;
  notBefore: Date;
  notAfter: Date;
}

export interface ServerIdentity extends IssuedChain {
  privateKeyPem: string;
}

export class AuthorityError extends Error {
  readonly code = "ca_unavailable";
}

export interface AuthorityOptions {
  store: CaStore;
  sealingKey: Buffer;
  trustDomain: string;
  clock: Clock;
}

export class Authority {
  private rows: CaKeyRow[] = [];
  private issuer: Signer | null = null;
  private issuerPem = "";

  constructor(private readonly options: AuthorityOptions) {}

  get trustDomain(): string {
    return this.options.trustDomain;
  }

  /** Loads the keys, makes the first ones on an empty store, prepares and activates issuers that are due. Call again hourly. */
  async load(): Promise<void> {
    this.rows = await this.options.store.change(async (rows) => {
      const made = rows.length === 0 ? await this.createFirstKeys() : [];
      return [...made, ...(await this.dueIssuerChanges(made.length > 0 ? made : rows))];
    });
    const active = this.rows.find((row) => row.kind === "issuer" && row.state === "active");
    if (!active) {
      throw new AuthorityError("No active issuer certificate is stored. Restore the CaKey table from a backup.");
    }
    this.issuer = await loadSigner(this.open(active));
    this.issuerPem = active.certPem;
  }

  /** Root certificates to trust: prepared ones too, so that a new root is known before it signs. */
  bundlePem(): string {
    return this.rows
      .filter((row) => row.kind === "root" && row.state !== "retired")
      .map((row) => `${row.certPem.trim()}\n`)
      .join("");
  }

  /** When the soonest of root and issuer ends: for alarms. */
  soonestExpiry(): Date {
    const ends = this.rows.filter((row) => row.state === "active").map((row) => row.notAfter.getTime());
    return new Date(Math.min(...ends));
  }

  async signCsr(csrPem: string, spiffeId: string, lifetimeMs: number = LEAF_LIFETIME_MS): Promise<IssuedChain> {
    return this.sign(await readCsrKey(csrPem), spiffeId, lifetimeMs);
  }

  /** A key and certificate for the control plane's own listeners. */
  issueServerIdentity(): Promise<ServerIdentity> {
    return this.issueIdentity(controlPlaneSpiffeId(this.trustDomain), LEAF_LIFETIME_MS);
  }

  /** A key and certificate that stay inside the control plane: its own, and those of probes. */
  async issueIdentity(spiffeId: string, lifetimeMs: number): Promise<ServerIdentity> {
    const keys = await generateKeyPair();
    const chain = await this.sign(keys.publicKey, spiffeId, lifetimeMs);
    const body = (await exportPrivateKey(keys.privateKey)).toString("base64").replace(/(.{64})/g, "$1\n");
    return { ...chain, privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${body.trim()}\n-----END PRIVATE KEY-----\n` };
  }

  private async sign(publicKey: CryptoKey, spiffeId: string, lifetimeMs: number): Promise<IssuedChain> {
    const now = this.options.clock.now();
    if (!this.issuer || this.issuer.certificate.notAfter.getTime() <= now) {
      throw new AuthorityError(
        "The issuer certificate has expired. Restart the control plane so that it prepares the next one.",
      );
    }
    const leaf = await issueLeaf(this.issuer, { publicKey, spiffeId, now, lifetimeMs });
    const certificatePem = `${leaf.pem.trim()}\n${this.issuerPem.trim()}\n`;
    return { certificatePem, serial: leaf.serial, notBefore: leaf.notBefore, notAfter: leaf.notAfter };
  }

  private async createFirstKeys(): Promise<CaKeyRow[]> {
    const now = this.options.clock.now();
    const root = await createRoot(this.trustDomain, now, ROOT_LIFETIME_MS);
    const issuer = await createIssuer(await loadSigner(root), this.trustDomain, "A", now, ISSUER_LIFETIME_MS);
    return [this.toRow("root", "A", "active", root), this.toRow("issuer", "A", "active", issuer)];
  }

  private async dueIssuerChanges(rows: CaKeyRow[]): Promise<CaKeyRow[]> {
    const now = this.options.clock.now();
    const active = rows.find((row) => row.kind === "issuer" && row.state === "active");
    const root = rows.find((row) => row.kind === "root" && row.state === "active");
    if (!active || !root) {
      throw new AuthorityError("The stored CA has no active root or issuer. Restore the CaKey table from a backup.");
    }
    const certificate = new X509Certificate(active.certPem);
    const start = certificate.notBefore.getTime();
    const life = certificate.notAfter.getTime() - start;
    if (now < start + life / 2) {
      return [];
    }
    const prepared = rows.find((row) => row.kind === "issuer" && row.state === "prepared");
    const next = prepared ?? (await this.prepareIssuer(root, active.slot === "A" ? "B" : "A", now));
    if (now < start + (life * 5) / 6) {
      return prepared ? [] : [next];
    }
    return [
      { ...active, state: "retired" },
      { ...next, state: "active" },
    ];
  }

  private async prepareIssuer(root: CaKeyRow, slot: CaSlot, now: number): Promise<CaKeyRow> {
    const signer = await loadSigner(this.open(root));
    return this.toRow(
      "issuer",
      slot,
      "prepared",
      await createIssuer(signer, this.trustDomain, slot, now, ISSUER_LIFETIME_MS),
    );
  }

  private open(row: CaKeyRow): SigningPair {
    return { certificatePem: row.certPem, privateKeyDer: openKey(row.encryptedKey, this.options.sealingKey, row.id) };
  }

  private toRow(kind: CaKeyKind, slot: CaSlot, state: CaKeyState, pair: SigningPair): CaKeyRow {
    const certificate = new X509Certificate(pair.certificatePem);
    const id = `${kind}-${certificate.serialNumber}`;
    const encryptedKey = sealKey(pair.privateKeyDer, this.options.sealingKey, id);
    return { id, kind, slot, certPem: pair.certificatePem, encryptedKey, state, notAfter: certificate.notAfter };
  }
}

// The certificate authority of this installation: one root, issuers in two slots (A and B), leaves stamped with the
// identity the caller authenticated. Slots follow SPIRE: the next issuer is prepared at half of the life of the
// active one and takes over at five sixths, so a leaf always has a signer that outlives it.
// A root is changed in the same manner: prepared (trusted by all), activated (signs), and the old one tainted until nothing
// of it is in use, then retired (trusted no more). Who waits for what between these is lib/control-plane/rollout.
// One rule: keys are made only when the store holds none at all, or when a root is rotated. An unreadable key stops the start.

import { X509Certificate as NodeCertificate } from "node:crypto";
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
  /** Of the CA certificate that signed it: lower-case hex. */
  issuerSerial: string;
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

  /**
   * Loads the keys, makes the first ones on an empty store, prepares and activates issuers that are due. Call again hourly, and when
   * another control plane changed them. Resolves to true when what is trusted or what signs is other than before.
   */
  load(): Promise<boolean> {
    return this.change(async (rows) => {
      const made = rows.length === 0 ? await this.createFirstKeys() : [];
      return [...made, ...(await this.dueIssuerChanges(made.length > 0 ? made : rows))];
    });
  }

  /** Makes the next root: trusted from now on, signing nothing yet. Resolves to its id. */
  async prepareRoot(): Promise<string> {
    await this.change(async (rows) => {
      if (rows.some((row) => row.kind === "root" && row.state !== "active" && row.state !== "retired")) return [];
      const slot = oneOf(rows, "root", "active").slot === "A" ? "B" : "A";
      const root = await createRoot(this.trustDomain, slot, this.options.clock.now(), ROOT_LIFETIME_MS);
      return [this.toRow("root", slot, "prepared", root)];
    });
    return oneOf(this.rows, "root", "prepared").id;
  }

  /** The prepared root signs from now on; the one before is tainted, and its issuers sign no more. */
  async activateRoot(): Promise<void> {
    await this.change(async (rows) => {
      const next = rows.find((row) => row.kind === "root" && row.state === "prepared");
      if (!next) return [];
      const slot = oneOf(rows, "issuer", "active").slot === "A" ? "B" : "A";
      const signing = rows.filter((row) => row.kind === "issuer" && row.state !== "retired");
      return [
        { ...oneOf(rows, "root", "active"), state: "tainted" },
        { ...next, state: "active" },
        ...signing.map((row) => ({ ...row, state: "retired" as const })),
        { ...(await this.prepareIssuer(next, slot, this.options.clock.now())), state: "active" },
      ];
    });
  }

  /** Nobody trusts the tainted root any more, and its key is never used again. */
  async retireTaintedRoot(): Promise<void> {
    await this.retire("tainted");
  }

  /** A prepared root that is not wanted: it never signed. */
  async discardPreparedRoot(): Promise<void> {
    await this.retire("prepared");
  }

  rootIn(state: CaKeyState): CaKeyRow | null {
    return this.rows.find((row) => row.kind === "root" && row.state === state) ?? null;
  }

  /** Serial of the CA certificate that signs now. */
  get issuerSerial(): string {
    return serialOf(this.issuerPem);
  }

  /** Issuers under a tainted root: whoever has a certificate of theirs is to renew it now. */
  taintedIssuers(): string[] {
    const tainted = this.rootIn("tainted");
    if (!tainted) return [];
    const root = new NodeCertificate(tainted.certPem);
    return this.rows
      .filter((row) => row.kind === "issuer" && new NodeCertificate(row.certPem).verify(root.publicKey))
      .map((row) => serialOf(row.certPem))
      .sort();
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

  /** A key and certificate that stay inside the control plane: its own, and those of probes. @param subject told by no workload's certificate */
  async issueIdentity(spiffeId: string, lifetimeMs: number, subject = ""): Promise<ServerIdentity> {
    const keys = await generateKeyPair();
    const chain = await this.sign(keys.publicKey, spiffeId, lifetimeMs, subject);
    const body = (await exportPrivateKey(keys.privateKey)).toString("base64").replace(/(.{64})/g, "$1\n");
    return { ...chain, privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${body.trim()}\n-----END PRIVATE KEY-----\n` };
  }

  private async retire(state: CaKeyState): Promise<void> {
    await this.change(async (rows) =>
      rows
        .filter((row) => row.kind === "root" && row.state === state)
        .map((row) => ({ ...row, state: "retired" as const })),
    );
  }

  private async change(change: (rows: CaKeyRow[]) => Promise<CaKeyRow[]>): Promise<boolean> {
    const before = `${this.bundlePem()}${this.issuerPem}${this.taintedIssuers()}`;
    this.rows = await this.options.store.change(change);
    const active = oneOf(this.rows, "issuer", "active");
    this.issuer = await loadSigner(this.open(active));
    this.issuerPem = active.certPem;
    return before !== `${this.bundlePem()}${this.issuerPem}${this.taintedIssuers()}`;
  }

  private async sign(publicKey: CryptoKey, spiffeId: string, lifetimeMs: number, subject = ""): Promise<IssuedChain> {
    const now = this.options.clock.now();
    if (!this.issuer || this.issuer.certificate.notAfter.getTime() <= now) {
      throw new AuthorityError(
        "The issuer certificate has expired. Restart the control plane so that it prepares the next one.",
      );
    }
    const leaf = await issueLeaf(this.issuer, { publicKey, spiffeId, now, lifetimeMs, subject });
    const certificatePem = `${leaf.pem.trim()}\n${this.issuerPem.trim()}\n`;
    return {
      certificatePem,
      serial: leaf.serial,
      issuerSerial: this.issuerSerial,
      notBefore: leaf.notBefore,
      notAfter: leaf.notAfter,
    };
  }

  private async createFirstKeys(): Promise<CaKeyRow[]> {
    const now = this.options.clock.now();
    const root = await createRoot(this.trustDomain, "A", now, ROOT_LIFETIME_MS);
    const issuer = await createIssuer(await loadSigner(root), this.trustDomain, "A", now, ISSUER_LIFETIME_MS);
    return [this.toRow("root", "A", "active", root), this.toRow("issuer", "A", "active", issuer)];
  }

  private async dueIssuerChanges(rows: CaKeyRow[]): Promise<CaKeyRow[]> {
    const now = this.options.clock.now();
    const active = oneOf(rows, "issuer", "active");
    const root = oneOf(rows, "root", "active");
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

/** The row that there must be. @throws AuthorityError */
function oneOf(rows: readonly CaKeyRow[], kind: CaKeyKind, state: CaKeyState): CaKeyRow {
  const row = rows.find((each) => each.kind === kind && each.state === state);
  if (!row) {
    throw new AuthorityError(`The stored CA has no ${state} ${kind}. Restore the CaKey table from a backup.`);
  }
  return row;
}

const serialOf = (pem: string) => new NodeCertificate(pem).serialNumber.toLowerCase().replace(/^0+(?=.)/, "");

// What the certificate authority needs kept: an interface, so that tests run without a database.
// One rule: only sealed keys and hashed tokens cross it.

import type { CaKeyRow } from "@/lib/data/system";

export type { CaKeyKind, CaKeyRow, CaKeyState } from "@/lib/data/system";
export type CaSlot = CaKeyRow["slot"];

export interface CaStore {
  /** Runs `change` on all rows while no other control plane can; the rows it returns are inserted or updated by id. */
  change(change: (rows: CaKeyRow[]) => Promise<CaKeyRow[]>): Promise<CaKeyRow[]>;
}

export interface CertificateRecord {
  serial: string;
  spiffeId: string;
  proxyRowId: string;
  proxyKey: string;
  environmentId: string;
  issuerSerial: string;
  notBefore: Date;
  notAfter: Date;
}

/** The identity a join token or a renewal is allowed to have: always read from the proxy's row. */
export interface ProxyIdentity {
  proxyRowId: string;
  proxyKey: string;
  environmentId: string;
  spiffeId: string;
  certificateTtlMs: number;
}

export interface EnrollStore {
  /** Marks the token used and names its proxy, once: null when unknown, used or expired. */
  consumeJoinToken(hash: string, now: Date): Promise<ProxyIdentity | null>;
  saveJoinToken(hash: string, proxyRowId: string, expiresAt: Date): Promise<void>;
  /** The identity behind a certificate we issued: null when unknown, revoked, or the proxy is to be stopped. */
  identityBySerial(serial: string): Promise<ProxyIdentity | null>;
  saveCertificate(record: CertificateRecord): Promise<void>;
}

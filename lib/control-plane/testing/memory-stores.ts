// In-memory stores for tests of the certificate authority: same promises as the database's, nothing kept.

import type { CaKeyRow, CaStore, CertificateRecord, EnrollStore, ProxyIdentity } from "../ca/store";

export class MemoryCaStore implements CaStore {
  rows: CaKeyRow[] = [];

  async change(change: (rows: CaKeyRow[]) => Promise<CaKeyRow[]>): Promise<CaKeyRow[]> {
    const changed = await change(this.rows.map((row) => ({ ...row })));
    const byId = new Map(this.rows.map((row) => [row.id, row]));
    for (const row of changed) {
      byId.set(row.id, row);
    }
    this.rows = [...byId.values()];
    return this.rows;
  }
}

export class MemoryEnrollStore implements EnrollStore {
  readonly proxies = new Map<string, ProxyIdentity>();
  readonly certificates = new Map<string, CertificateRecord>();
  private readonly tokens = new Map<string, { proxyRowId: string; expiresAt: Date; used: boolean }>();

  async saveJoinToken(hash: string, proxyRowId: string, expiresAt: Date): Promise<void> {
    this.tokens.set(hash, { proxyRowId, expiresAt, used: false });
  }

  async consumeJoinToken(hash: string, now: Date): Promise<ProxyIdentity | null> {
    const token = this.tokens.get(hash);
    if (!token || token.used || token.expiresAt <= now) {
      return null;
    }
    token.used = true;
    return this.proxies.get(token.proxyRowId) ?? null;
  }

  async identityBySerial(serial: string): Promise<ProxyIdentity | null> {
    return this.proxies.get(this.certificates.get(serial)?.proxyRowId ?? "") ?? null;
  }

  async saveCertificate(record: CertificateRecord): Promise<void> {
    this.certificates.set(record.serial, record);
  }
}

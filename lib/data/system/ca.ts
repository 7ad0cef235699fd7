// Keys of the certificate authority, join tokens and certificates. Job: the store behind lib/control-plane/ca.
// The rule: sealed keys and hashed tokens only; a token is used up in one statement, so two callers never both get it.
import { type Database, isMissingRow } from "../client";
import { withLock } from "../locks";

export type CaKeyKind = "root" | "issuer";
/** A tainted root is still trusted and signs no more; what it signed is to be renewed. */
export type CaKeyState = "prepared" | "active" | "tainted" | "retired";

export interface CaKeyRow {
  id: string;
  kind: CaKeyKind;
  slot: "A" | "B";
  certPem: string;
  encryptedKey: string;
  state: CaKeyState;
  notAfter: Date;
}

export interface CertificateRow {
  serial: string;
  spiffeId: string;
  proxyRowId: string | null;
  proxyKey: string | null;
  environmentId: string | null;
  /** Of the issuing CA certificate. */
  issuerSerial: string | null;
  notBefore: Date;
  notAfter: Date;
  revokedAt: Date | null;
}

const caKeyFields = {
  id: true,
  kind: true,
  slot: true,
  certPem: true,
  encryptedKey: true,
  state: true,
  notAfter: true,
} as const;

export function caKeys(database: Database) {
  return {
    /** `change` sees all rows while no other control plane can; the rows it returns are inserted or updated by id. */
    change(change: (rows: CaKeyRow[]) => Promise<CaKeyRow[]>): Promise<CaKeyRow[]> {
      return withLock(database, "caKeys", async (connection) => {
        const rows = (await connection.caKey.findMany({
          select: caKeyFields,
          orderBy: { createdAt: "asc" },
        })) as CaKeyRow[];
        for (const row of await change(rows)) {
          await connection.caKey.upsert({ where: { id: row.id }, create: row, update: row });
        }
        return (await connection.caKey.findMany({
          select: caKeyFields,
          orderBy: { createdAt: "asc" },
        })) as CaKeyRow[];
      });
    },
  };
}

export function certificates(database: Database) {
  return {
    async insert(row: Omit<CertificateRow, "revokedAt">): Promise<void> {
      await database.certificate.create({ data: row });
    },
    findBySerial(serial: string): Promise<CertificateRow | null> {
      return database.certificate.findUnique({ where: { serial } });
    },
    /** Still valid by time, but revoked: what a deny list has to name. */
    listRevoked(now: Date): Promise<CertificateRow[]> {
      return database.certificate.findMany({ where: { revokedAt: { not: null }, notAfter: { gt: now } } });
    },
    listValid(environmentId: string, now: Date): Promise<CertificateRow[]> {
      return database.certificate.findMany({ where: { environmentId, revokedAt: null, notAfter: { gt: now } } });
    },
    async issuersOf(serials: readonly string[]): Promise<Map<string, string | null>> {
      const rows = await database.certificate.findMany({
        where: { serial: { in: [...serials] } },
        select: { serial: true, issuerSerial: true },
      });
      return new Map(rows.map(({ serial, issuerSerial }) => [serial, issuerSerial]));
    },
    async revokeOfProxy(environmentId: string, proxyKey: string, at: Date): Promise<number> {
      const { count } = await database.certificate.updateMany({
        where: { environmentId, proxyKey, revokedAt: null, notAfter: { gt: at } },
        data: { revokedAt: at },
      });
      return count;
    },
    async revoke(serial: string, at: Date): Promise<boolean> {
      const { count } = await database.certificate.updateMany({
        where: { serial, revokedAt: null },
        data: { revokedAt: at },
      });
      return count > 0;
    },
    async deleteExpiredBefore(before: Date): Promise<number> {
      return (await database.certificate.deleteMany({ where: { notAfter: { lt: before } } })).count;
    },
  };
}

export function joinTokens(database: Database) {
  return {
    async insert(hash: string, proxyRowId: string, expiresAt: Date): Promise<void> {
      await database.joinToken.create({ data: { hash, proxyRowId, expiresAt } });
    },
    /** Uses the token up and names its proxy; null when it is unknown, used or expired. */
    async consume(hash: string, now: Date): Promise<string | null> {
      try {
        const row = await database.joinToken.update({
          where: { hash, usedAt: null, expiresAt: { gt: now } },
          data: { usedAt: now },
          select: { proxyRowId: true },
        });
        return row.proxyRowId;
      } catch (error) {
        if (isMissingRow(error)) return null;
        throw error;
      }
    },
    async deleteExpired(now: Date): Promise<number> {
      return (await database.joinToken.deleteMany({ where: { expiresAt: { lt: now } } })).count;
    },
  };
}

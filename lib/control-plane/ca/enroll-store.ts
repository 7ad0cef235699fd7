// The enroll server's view of the database: tokens, certificates and the proxies behind them.
// One rule: the identity comes from the proxy's row, never from what the caller sent.

import type { ProxyRow, SystemData } from "@/lib/data/system";
import type { EnrollStore, ProxyIdentity } from "./store";

export function createEnrollStore(data: SystemData, certificateTtlMs: (proxy: ProxyRow) => number): EnrollStore {
  const identityOf = async (proxyRowId: string | null): Promise<ProxyIdentity | null> => {
    const row = proxyRowId === null ? null : await data.proxies.findById(proxyRowId);
    if (!row || row.desired === "stopped") {
      return null;
    }
    const { id, proxyKey, environmentId, spiffeId } = row;
    return { proxyRowId: id, proxyKey, environmentId, spiffeId, certificateTtlMs: certificateTtlMs(row) };
  };
  return {
    saveJoinToken: (hash, proxyRowId, expiresAt) => data.joinTokens.insert(hash, proxyRowId, expiresAt),
    consumeJoinToken: async (hash, now) => identityOf(await data.joinTokens.consume(hash, now)),
    saveCertificate: (record) => data.certificates.insert(record),
    async identityBySerial(serial) {
      const certificate = await data.certificates.findBySerial(serial);
      return certificate && certificate.revokedAt === null ? identityOf(certificate.proxyRowId) : null;
    },
  };
}

// Certificates of gateways as the control plane reads them: sealed keys and all.
import type { Database } from "../client";

export interface GatewayCertificateRow {
  environmentId: string;
  namespace: string;
  gateway: string;
  /** As listeners of protocol https call it. */
  name: string;
  chainPem: string;
  sealedKey: string;
  clientCaPem: string | null;
}

export function gatewayCertificates(database: Database) {
  const place = { environmentId: true, namespace: true, gateway: true, name: true } as const;
  const select = { ...place, chainPem: true, sealedKey: true, clientCaPem: true } as const;
  return {
    listByEnvironment: (environmentId: string): Promise<GatewayCertificateRow[]> =>
      database.gatewayCertificate.findMany({
        where: { environmentId },
        select,
        orderBy: [{ namespace: "asc" }, { gateway: "asc" }, { name: "asc" }],
      }),
  };
}

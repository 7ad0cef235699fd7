// The demo shop with TCP between its services: a ledger that speaks HTTP and TCP in two versions, and an archive that speaks TCP only.
import { demoMesh, type MeshDocument, type MeshObject, type TcpRoute, type TcpRule } from "@/lib/mesh";
import { object, withObjects } from "./rich";

export const LEDGER_PORT = 5432;
export const LEDGER_HOST = `ledger:${LEDGER_PORT}`;

const service = (name: string) => ({ kind: "Service" as const, name });
const ofLedger = (subset: string, weight: number) => ({ service: { name: "ledger" }, subset, weight });

/** Callers of version v2 get the archive; of the rest three in four connections version v1 of the ledger. */
export const LEDGER_RULES: TcpRule[] = [
  {
    name: "archive",
    matches: [{ port: LEDGER_PORT, caller: { labels: { version: "v2" } } }],
    destinations: [{ service: { name: "archive" }, weight: 1 }],
  },
  { matches: [], destinations: [ofLedger("v1", 75), ofLedger("v2", 25)] },
];

export const ledgerRoute = (rules: TcpRule[] = LEDGER_RULES): TcpRoute =>
  object("TcpRoute", "ledger", { service: { name: "ledger" }, rules });

/** storefront, in both versions, calls both; cart calls the ledger's HTTP port only. */
export function ledgerMesh(...more: MeshObject[]): MeshDocument {
  const subset = (name: string) =>
    object("Subset", `ledger-${name}`, { service: { name: "ledger" }, name, labels: { version: name } });
  return withObjects(demoMesh(), [
    object("Service", "ledger", {
      ports: [
        { name: "http", port: 8080, protocol: "http" },
        { name: "postgres", port: LEDGER_PORT, protocol: "tcp" },
      ],
    }),
    object("Workload", "ledger-v1", { service: "ledger", version: "v1" }),
    object("Workload", "ledger-v2", { service: "ledger", version: "v2" }),
    subset("v1"),
    subset("v2"),
    object("Service", "archive", { ports: [{ name: "postgres", port: LEDGER_PORT, protocol: "tcp" }] }),
    object("Workload", "archive-v1", { service: "archive", version: "v1" }),
    object("Workload", "storefront-v2", { service: "storefront", version: "v2" }),
    object("Dependency", "storefront-to-ledger", { from: service("storefront"), to: service("ledger") }),
    object("Dependency", "storefront-to-archive", { from: service("storefront"), to: service("archive") }),
    object("Dependency", "cart-to-ledger", { from: service("cart"), to: service("ledger"), port: 8080 }),
    ...more,
  ]);
}

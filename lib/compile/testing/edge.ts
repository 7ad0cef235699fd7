// The shop with the ledger and an edge: a gateway that serves HTTP, passes TLS on by server name, and takes TCP at a port of its own.
import type { MeshDocument, MeshObject, TcpRoute, TcpRule } from "@/lib/mesh";
import { ledgerMesh } from "./ledger";
import { object } from "./rich";

export const EDGE_TLS_PORT = 8443;
export const EDGE_TCP_PORT = 6000;

const edge = { kind: "Gateway" as const, name: "edge" };

/** One name goes to the archive, all others below example.com to the ledger, in shares; nobody takes db.example.net. */
export const EDGE_RULES: TcpRule[] = [
  {
    name: "archive",
    matches: [{ serverNames: ["archive.example.com"] }],
    destinations: [{ service: { name: "archive" }, weight: 1 }],
  },
  {
    matches: [{ port: EDGE_TLS_PORT, serverNames: ["*.example.com"] }],
    destinations: [
      { service: { name: "ledger" }, subset: "v1", weight: 75 },
      { service: { name: "ledger" }, subset: "v2", weight: 25 },
    ],
  },
  { name: "raw", matches: [{ port: EDGE_TCP_PORT }], destinations: [{ service: { name: "archive" }, weight: 1 }] },
];

export const edgeRoute = (rules: TcpRule[] = EDGE_RULES): TcpRoute =>
  object("TcpRoute", "edge", { gateway: { name: "edge" }, rules });

export function edgeGateway(): MeshObject {
  return object("Gateway", "edge", {
    type: "ingress",
    listeners: [
      { name: "web", port: 8080, protocol: "http", hosts: ["shop.example.com"] },
      { name: "secure", port: EDGE_TLS_PORT, protocol: "tls", hosts: ["*.example.com", "db.example.net"] },
      { name: "raw", port: EDGE_TCP_PORT, protocol: "tcp", hosts: ["*"] },
    ],
  });
}

/** The gateway may call both; storefront is what its HTTP is for. */
export function edgeMesh(...more: MeshObject[]): MeshDocument {
  const drawn = (name: string, port?: number) =>
    object("Dependency", `edge-to-${name}`, {
      from: edge,
      to: { kind: "Service", name },
      ...(port === undefined ? {} : { port }),
    });
  const web = object("Route", "edge", {
    target: edge,
    rules: [
      { matches: [], action: { type: "forward", destinations: [{ service: { name: "storefront" }, weight: 1 }] } },
    ],
  });
  return ledgerMesh(edgeGateway(), web, drawn("storefront"), drawn("ledger", 5432), drawn("archive"), ...more);
}

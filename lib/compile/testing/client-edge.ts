// The shop with an edge that asks its clients for certificates, and that sends plain HTTP on to HTTPS.
import type { ClientCertificates, MeshDocument, MeshObject } from "@/lib/mesh";
import { ledgerMesh } from "./ledger";
import { object } from "./rich";

const edge = { kind: "Gateway" as const, name: "edge" };

/** One of each kind of alternative name. */
export const PARTNER_NAMES = [
  "spiffe://partners.example/one",
  "one.partners.example",
  "one@partners.example",
  "2001:db8::1",
];

/** A design's edge with one listener more: pinned, whose clients have one of these pins and are not revoked. At 443 too. */
export function pinningEdgeMesh(pins: Pick<ClientCertificates, "pinnedKeys" | "pinnedCertificates">): MeshDocument {
  const { objects } = clientEdgeMesh();
  const pinned = {
    ...{ name: "pinned", port: 443, protocol: "https" as const, hosts: ["pinned.example.com"] },
    tls: { certificate: "wild", clients: { mode: "required" as const, checkRevocation: true, ...pins } },
  };
  return {
    objects: objects.map((each): MeshObject => {
      if (each.metadata.name !== "edge") return each;
      if (each.kind === "Gateway")
        return { ...each, spec: { ...each.spec, listeners: [...each.spec.listeners, pinned] } };
      if (each.kind !== "Route") return each;
      return { ...each, spec: { ...each.spec, hosts: [...(each.spec.hosts ?? []), "pinned.example.com"] } };
    }),
  };
}

/** shop: every client with a certificate. partners: those of PARTNER_NAMES. either: with or without. open: nobody is asked. All at 443. */
export function clientEdgeMesh(): MeshDocument {
  const https = (name: string, clients?: ClientCertificates) => ({
    ...{ name, port: 443, protocol: "https" as const, hosts: [`${name}.example.com`] },
    tls: { certificate: "wild", ...(clients ? { clients } : {}) },
  });
  const gateway = object("Gateway", "edge", {
    type: "ingress",
    listeners: [
      { name: "web", port: 80, protocol: "http", hosts: ["*.example.com"], httpsRedirect: true },
      { name: "status", port: 8080, protocol: "http", hosts: ["status.example.com"] },
      https("shop", { mode: "required" }),
      https("partners", { mode: "required", names: PARTNER_NAMES }),
      https("either", { mode: "optional" }),
      https("open"),
      { ...https("deep"), port: 8443 },
    ],
  });
  const hosts = ["shop", "partners", "either", "open", "deep", "status"].map((name) => `${name}.example.com`);
  const route = object("Route", "edge", {
    target: edge,
    hosts,
    rules: [{ matches: [], action: { type: "forward", destinations: [{ service: { name: "catalog" }, weight: 1 }] } }],
  });
  const drawn = object("Dependency", "edge-to-catalog", { from: edge, to: { kind: "Service", name: "catalog" } });
  return ledgerMesh(gateway, route, drawn);
}

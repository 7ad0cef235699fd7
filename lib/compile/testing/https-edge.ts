// The shop with an edge in TLS: two names with a certificate each at one port, and plain HTTP for a third beside them.
import type { MeshDocument, MeshObject } from "@/lib/mesh";
import type { CertificateFiles, GatewayBinding } from "../types";
import { ledgerMesh } from "./ledger";
import { object } from "./rich";

export const HTTPS_PORT = 8443;

const edge = { kind: "Gateway" as const, name: "edge" };

const to = (name: string) => ({
  matches: [],
  action: { type: "forward" as const, destinations: [{ service: { name }, weight: 1 }] },
});

/** shop.example.com goes to storefront, every other name below example.com and example.org to catalog; status is open. */
export function httpsEdgeMesh(...more: MeshObject[]): MeshDocument {
  const drawn = (name: string) =>
    object("Dependency", `edge-to-${name}`, { from: edge, to: { kind: "Service", name } });
  const gateway = object("Gateway", "edge", {
    type: "ingress",
    listeners: [
      { name: "web", port: 8080, protocol: "http", hosts: ["status.example.com"] },
      {
        ...{ name: "shop", port: HTTPS_PORT, protocol: "https", hosts: ["shop.example.com"] },
        tls: { certificate: "shop" },
      },
      {
        ...{ name: "rest", port: HTTPS_PORT, protocol: "https", hosts: ["*.example.com", "example.org"] },
        tls: { certificate: "wild.example.com" },
      },
    ],
  });
  const shop = object("Route", "edge-shop", { target: edge, hosts: ["shop.example.com"], rules: [to("storefront")] });
  const hosts = ["status.example.com", "*.example.com", "example.org"];
  const rest = object("Route", "edge-rest", { target: edge, hosts, rules: [to("catalog")] });
  return ledgerMesh(gateway, shop, rest, drawn("storefront"), drawn("catalog"), ...more);
}

export const CERTIFICATES: Record<string, CertificateFiles> = {
  shop: { chain: "/certificates/shop.pem", key: "/certificates/shop-key.pem" },
  "wild.example.com": { chain: "/certificates/wild.pem", key: "/certificates/wild-key.pem" },
};

export const boundEdge = (places: Omit<GatewayBinding, "namespace" | "name">): GatewayBinding => ({
  namespace: "production",
  name: "edge",
  ...places,
});

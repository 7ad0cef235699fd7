// The document of a new mesh: the mesh itself with safe defaults and nothing drawn.
import { API_VERSION } from "../schema/document";
import type { MeshDocument } from "../types";

/** A new mesh: strict mutual TLS, and only drawn dependencies are granted. */
export function emptyMesh(slug: string): MeshDocument {
  return {
    objects: [
      {
        apiVersion: API_VERSION,
        kind: "Mesh",
        metadata: { name: slug },
        spec: {
          trustDomain: `${slug}.mesh.local`,
          defaults: { mutualTls: "strict", authorization: "drawn" },
          certificateTtlHours: 24,
        },
      },
      { apiVersion: API_VERSION, kind: "Namespace", metadata: { name: "default" }, spec: {} },
    ],
  };
}

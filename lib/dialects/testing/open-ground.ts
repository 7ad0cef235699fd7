// What a product's policies are read into when a test compares who is let in: the services and lines of a design, open to everybody.
import type { MeshDocument, MeshObject } from "@/lib/mesh";
import { OPEN_DEFAULTS, withDefaults } from "../shared/open-defaults";

export function openGround({ objects }: MeshDocument): MeshDocument {
  return {
    objects: objects
      .filter(({ kind }) => kind !== "AuthorizationPolicy")
      .map((each): MeshObject => (each.kind === "Mesh" ? withDefaults(each, OPEN_DEFAULTS) : each)),
  };
}

// A whole design put in the place of another, as one command that can be undone.
import { type Command, isSameJson, type MeshDocument, objectKey, type Positions } from "@/lib/mesh";

/** One command that turns a design into another; objects that are the same stay untouched. */
export function replacement(before: MeshDocument, after: MeshDocument, positions: Positions = {}): Command {
  const old = new Map(before.objects.map((object) => [objectKey(object), object]));
  const wanted = new Set(after.objects.map(objectKey));
  return {
    type: "restoreObjects",
    put: after.objects.filter((object) => !isSameJson(old.get(objectKey(object)), object)),
    // The mesh's own object is replaced, never missing.
    remove: before.objects
      .filter((object) => object.kind !== "Mesh" || after.objects.some(({ kind }) => kind === "Mesh"))
      .map(objectKey)
      .filter((key) => !wanted.has(key)),
    positions,
  };
}

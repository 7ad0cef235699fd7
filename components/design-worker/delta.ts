// How a design travels to the worker: whole the first time, then only the objects that are not the same value any more.
// Rule: commands share what they do not change, so identity is enough; an object with a new identity is sent again.
import { type MeshDocument, type MeshObject, type ObjectKey, objectKey } from "@/lib/mesh";

/** From one version of a slot's design to the next; `from` null: begin anew. */
export type DesignDelta = { version: number; from: number | null; put: MeshObject[]; remove: ObjectKey[] };

export function deltaBetween(before: MeshDocument | null, after: MeshDocument): Pick<DesignDelta, "put" | "remove"> {
  const old = new Map(before?.objects.map((object) => [objectKey(object), object]));
  const put: MeshObject[] = [];
  for (const object of after.objects) {
    const key = objectKey(object);
    if (old.get(key) !== object) put.push(object);
    old.delete(key);
  }
  return { put, remove: [...old.keys()] };
}

/** Changes `objects` in place. */
export function applyDelta(objects: Map<ObjectKey, MeshObject>, delta: DesignDelta): void {
  if (delta.from === null) objects.clear();
  for (const key of delta.remove) objects.delete(key);
  for (const object of delta.put) objects.set(objectKey(object), object);
}

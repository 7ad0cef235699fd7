// One number per content: objects that say the same to a proxy have the same number, in whichever document they stand.
// The rule: only names and specs count, as only they are compiled: comments and labels of an object change no answer. Numbers are never used twice, so forgetting old contents can cost a compilation but never a wrong answer.
import type { MeshObject } from "@/lib/mesh";

/** About twenty times the objects of a mesh of 1,000 services and 2,000 policies. */
const MAX_CONTENTS = 150_000;

let next = 1;
let byObject = new WeakMap<MeshObject, number>();
const byContent = new Map<string, number>();

/** Documents are never changed in place, so an object keeps its number. */
export function contentId(object: MeshObject): number {
  const known = byObject.get(object);
  if (known !== undefined) return known;
  if (byContent.size >= MAX_CONTENTS) {
    byContent.clear();
    byObject = new WeakMap();
  }
  const { kind, metadata, spec } = object;
  const content = JSON.stringify([kind, metadata.namespace, metadata.name, spec]);
  const id = byContent.get(content) ?? next++;
  byContent.set(content, id);
  byObject.set(object, id);
  return id;
}

// What changed between two lists of objects of which those that did not change are the same values, and how a list that was read anew becomes one.
// The rule: "the same value" is only a quick word for "equal"; what is told is right also where equal objects are other values.
import { isSameJson } from "./commands/equal";
import { objectKey } from "./refs";
import type { MeshDocument, MeshObject, ObjectKey } from "./types";

/** A document that was read again: where it says the same as the known one, the known objects take the place of the read ones. */
export function withKnownObjects(document: MeshDocument, known: MeshDocument): MeshDocument {
  const before = new Map(known.objects.map((object) => [objectKey(object), object]));
  const objects = document.objects.map((object) => {
    const same = before.get(objectKey(object));
    return same && isSameJson(same, object) ? same : object;
  });
  return { ...document, objects };
}

/** Both lists without what they begin and end with alike: most objects stay in their order, so little is left. */
export function differenceOf(before: readonly MeshObject[], after: readonly MeshObject[]) {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return { was: before.slice(start, before.length - end), is: after.slice(start, after.length - end) };
}

export type ObjectChange = { put: readonly MeshObject[]; remove: readonly ObjectKey[] };

/** What has to be put and removed. */
export function changeBetween(before: readonly MeshObject[], after: readonly MeshObject[]): ObjectChange {
  const { was, is } = differenceOf(before, after);
  if (was.length === 0) return { put: is, remove: [] };
  const known = new Set(was);
  const left = new Set(is.map(objectKey));
  return {
    put: is.filter((object) => !known.has(object)),
    remove: was.map(objectKey).filter((key) => !left.has(key)),
  };
}

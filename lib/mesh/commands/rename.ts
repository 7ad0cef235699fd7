// Renaming: the object keeps its identity, and everything that named it names it still.
// The rule: the first rename writes the old key down as uid, so that diff, history and waivers see a rename and not a new object.

import { namePath, namespaceMentionsOf, referencesOf, withValueAt } from "../references";
import { keyOf, objectKey } from "../refs";
import type { MeshObject, ObjectKey, Positions } from "../types";

export type Renamed = { objects: MeshObject[]; positions: Positions; key: ObjectKey };

export function renamed(
  objects: readonly MeshObject[],
  positions: Positions,
  object: MeshObject,
  name: string,
): Renamed {
  const oldKey = objectKey(object);
  const newKey = keyOf(object.kind, object.metadata.namespace, name);
  const moved = new Map<ObjectKey, ObjectKey>([[oldKey, newKey]]);
  let next = objects.map((each) => {
    if (each === object) return withIdentity(each, oldKey, newKey, name);
    let copy = each;
    for (const reference of referencesOf(each)) {
      if (reference.key === oldKey) copy = withValueAt(copy, namePath(reference), name);
    }
    return copy;
  });
  if (object.kind === "Namespace") next = next.map((each) => inNamespace(each, object.metadata.name, name, moved));
  const places = Object.fromEntries(Object.entries(positions).map(([key, place]) => [moved.get(key) ?? key, place]));
  return { objects: next, positions: places, key: newKey };
}

function withIdentity(object: MeshObject, oldKey: ObjectKey, newKey: ObjectKey, name: string): MeshObject {
  const uid = object.metadata.uid ?? oldKey;
  const { uid: _before, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, name, ...(uid === newKey ? {} : { uid }) } } as MeshObject;
}

function inNamespace(object: MeshObject, from: string, to: string, moved: Map<ObjectKey, ObjectKey>): MeshObject {
  let copy = object;
  for (const mention of namespaceMentionsOf(object)) {
    if (mention.namespace === from) copy = withValueAt(copy, mention.path, to);
  }
  if (object.metadata.namespace !== from) return copy;
  const oldKey = objectKey(object);
  const newKey = objectKey(copy);
  moved.set(oldKey, newKey);
  return withIdentity(copy, oldKey, newKey, object.metadata.name);
}

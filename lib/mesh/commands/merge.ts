// When two people change one design at once: what a command touches, and whether two commands get in each other's way.
// The rule: two changes merge unless they write the same object, or one removes what the other refers to.

import { referencesOf } from "../references";
import { objectKey } from "../refs";
import type { MeshDocument, ObjectKey } from "../types";
import { looseKey } from "../violations";
import { isSameJson } from "./equal";
import type { Command } from "./schema";

/** Plain JSON, to be stored beside the command. Positions are not in it: the last move wins. */
export type Touched = { writes: ObjectKey[]; removes: ObjectKey[]; reads: ObjectKey[] };

/** What changed from one document to the next; `reads` are the objects that changed objects refer to. */
export function touchedBetween(before: MeshDocument, after: MeshDocument): Touched {
  const old = new Map(before.objects.map((object) => [objectKey(object), object]));
  const writes: ObjectKey[] = [];
  const reads = new Set<ObjectKey>();
  for (const object of after.objects) {
    const key = objectKey(object);
    const was = old.get(key);
    old.delete(key);
    if (was === object || (was && isSameJson(was, object))) continue;
    writes.push(key);
    for (const reference of referencesOf(object)) reads.add(reference.key);
  }
  return { writes: writes.sort(), removes: [...old.keys()].sort(), reads: [...reads].sort() };
}

/** The keys a command names by itself, without what it cascades to: for messages and quick looks. */
export function touchedKeys(command: Command): ObjectKey[] {
  switch (command.type) {
    case "addObject":
      return [looseKey(command.object) ?? ""].filter(Boolean);
    case "moveObjects":
      return [];
    case "restoreObjects":
      return [...new Set([...command.remove, ...command.put.map(objectKey)])];
    case "batch":
      return [...new Set(command.commands.flatMap(touchedKeys))];
    default:
      return [command.key];
  }
}

/** The objects over which two changes disagree, sorted; empty means that they merge. */
export function conflictsBetween(theirs: Touched, ours: Touched): ObjectKey[] {
  const found = new Set<ObjectKey>();
  const meet = (a: ObjectKey[], b: ObjectKey[]) => {
    const other = new Set(b);
    for (const key of a) if (other.has(key)) found.add(key);
  };
  meet([...theirs.writes, ...theirs.removes], [...ours.writes, ...ours.removes]);
  meet(theirs.removes, ours.reads);
  meet(ours.removes, theirs.reads);
  return [...found].sort();
}

// Two designs that grew out of one, put together again: what only one side changed is taken, field by field.
// The rule: nothing is decided silently. Where both sides changed one place differently there is a conflict, with all three values.
import { isSameJson } from "../commands/equal";
import { pathText } from "../references";
import { objectKey } from "../refs";
import type { MeshDocument, MeshObject, ObjectKey, Path } from "../types";
import { parseObject, violationsOf } from "../violations";
import { withoutText } from "../yaml/object-text";

export type Side = "ours" | "theirs";
/** `path` is inside the object, "" for the object as a whole; a value that is absent was not there. `taken`: by preference. */
export type MergeConflict = {
  key: ObjectKey;
  path: string;
  message: string;
  base?: unknown;
  ours?: unknown;
  theirs?: unknown;
  taken?: Side;
};
/** With conflicts that nothing decided, the document holds the side of `ours` there. */
export type Merged = { document: MeshDocument; conflicts: MergeConflict[] };

/** Objects are matched by identity, so that one side may rename what the other changes. Comments are those of ours. */
export function mergeDocuments(
  { base, ours, theirs }: { base: MeshDocument; ours: MeshDocument; theirs: MeshDocument },
  prefer?: Side,
): Merged {
  const [was, own, other] = [byIdentity(base), byIdentity(ours), byIdentity(theirs)];
  const conflicts: MergeConflict[] = [];
  const objects = new Map<ObjectKey, MeshObject>();
  for (const identity of new Set([...own.keys(), ...other.keys()])) {
    const three = { base: was.get(identity), ours: own.get(identity), theirs: other.get(identity) };
    const merged = mergeObject(three, conflicts, prefer);
    if (merged === undefined) continue;
    const key = objectKey(merged);
    if (objects.has(key)) conflicts.push({ key, path: "", message: "two objects would have this name" });
    else objects.set(key, merged);
  }
  return { document: { objects: [...objects.values()] }, conflicts };
}

/** By uid, else by key. A new object under the old name of a renamed one is another. */
function byIdentity({ objects }: MeshDocument): Map<string, MeshObject> {
  const taken = new Set(objects.flatMap(({ metadata }) => (metadata.uid === undefined ? [] : [metadata.uid])));
  return new Map(
    objects.map((object) => {
      const key = objectKey(object);
      return [object.metadata.uid ?? (taken.has(key) ? `new ${key}` : key), object];
    }),
  );
}

type Three<T> = { base: T | undefined; ours: T | undefined; theirs: T | undefined };

function mergeObject(
  { base, ours, theirs }: Three<MeshObject>,
  conflicts: MergeConflict[],
  prefer: Side | undefined,
): MeshObject | undefined {
  const three = {
    base: base && withoutText(base),
    ours: ours && withoutText(ours),
    theirs: theirs && withoutText(theirs),
  };
  if (isSame(three.ours, three.theirs) || isSame(three.base, three.theirs)) return ours;
  if (isSame(three.base, three.ours)) return theirs;
  const key = objectKey((ours ?? theirs ?? base) as MeshObject);
  if (!ours || !theirs) {
    const message = ours ? "theirs removed what ours changed" : "ours removed what theirs changed";
    conflicts.push({ key, path: "", message, ...present(three), ...(prefer ? { taken: prefer } : {}) });
    return prefer === "theirs" ? theirs : ours;
  }
  const own: MergeConflict[] = [];
  const tell = (path: Path, values: Three<unknown>) => {
    const message = base ? "both changed it, each to another value" : "both added it, each with another value";
    own.push({ key, path: pathText(path), message, ...present(values), ...(prefer ? { taken: prefer } : {}) });
    return prefer === "theirs" ? values.theirs : values.ours;
  };
  const merged = mergeValue(three, [], tell) as MeshObject;
  const parsed = parseObject(merged);
  if (!parsed.ok) {
    const [first] = violationsOf(parsed.issues, key, key);
    const message = `together the two changes break it: ${first?.path} ${first?.message}`;
    conflicts.push({ key, path: "", message, ...present(three), ...(prefer ? { taken: prefer } : {}) });
    return prefer === "theirs" ? theirs : ours;
  }
  conflicts.push(...own);
  const text = ours.metadata.text;
  return text === undefined
    ? parsed.object
    : ({ ...parsed.object, metadata: { ...parsed.object.metadata, text } } as MeshObject);
}

/** Lists of one length are merged item by item; another length is one change. */
function mergeValue(
  { base, ours, theirs }: Three<unknown>,
  path: Path,
  tell: (path: Path, values: Three<unknown>) => unknown,
): unknown {
  if (isSame(ours, theirs) || isSame(base, theirs)) return ours;
  if (isSame(base, ours)) return theirs;
  if (isRecord(ours) && isRecord(theirs)) {
    const was = isRecord(base) ? base : {};
    const fields = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
    const entries = fields.map((field) => [
      field,
      mergeValue({ base: was[field], ours: ours[field], theirs: theirs[field] }, [...path, field], tell),
    ]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
  if (Array.isArray(base) && Array.isArray(ours) && Array.isArray(theirs)) {
    if (base.length === ours.length && base.length === theirs.length) {
      return base.map((item, i) => mergeValue({ base: item, ours: ours[i], theirs: theirs[i] }, [...path, i], tell));
    }
  }
  return tell(path, { base, ours, theirs });
}

const isSame = (a: unknown, b: unknown) => a === b || (a !== undefined && b !== undefined && isSameJson(a, b));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

function present({ base, ours, theirs }: Three<unknown>) {
  return {
    ...(base === undefined ? {} : { base }),
    ...(ours === undefined ? {} : { ours }),
    ...(theirs === undefined ? {} : { theirs }),
  };
}

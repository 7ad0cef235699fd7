// Two designs that grew out of one, put together again: what only one side changed is taken, field by field.
// The rule: nothing is decided silently. Where both sides changed one place differently there is a conflict, with all three values.
import { isSameJson } from "../commands/equal";
import { pathText } from "../references";
import { objectKey } from "../refs";
import type { MeshDocument, MeshObject, ObjectKey, Path } from "../types";
import { type ObjectIssue, parseObject, violationsOf } from "../violations";
import { withoutText } from "../yaml/object-text";

export type Side = "ours" | "theirs";
/** What a conflict is: both changed or added one place, one side removed the object, the two break it together, or two objects claim a name. */
export type ConflictKind = "changed" | "added" | "ours-removed" | "theirs-removed" | "together" | "name";
/**
 * `path` is inside the object, "" for the object as a whole; a value that is absent was not there. `taken`: what was chosen;
 * `problem`: why a value that was given in its place does not fit.
 */
export type MergeConflict = {
  key: ObjectKey;
  path: string;
  kind: ConflictKind;
  message: string;
  base?: unknown;
  ours?: unknown;
  theirs?: unknown;
  taken?: Side | "value";
  problem?: { message: string; fix: string };
};
/** A side, or another value, which a whole object never takes. */
export type Choice = { take: Side } | { value: unknown };
/** The choice for a conflict, when there is one. */
export type Chooser = (place: { key: ObjectKey; path: string }) => Choice | undefined;
/** With conflicts that nothing decided, the document holds the side of `ours` there. */
export type Merged = { document: MeshDocument; conflicts: MergeConflict[] };

/** Objects are matched by identity, so that one side may rename what the other changes. Comments are those of ours. */
export function mergeDocuments(
  { base, ours, theirs }: { base: MeshDocument; ours: MeshDocument; theirs: MeshDocument },
  prefer?: Side | Chooser,
): Merged {
  const [was, own, other] = [byIdentity(base), byIdentity(ours), byIdentity(theirs)];
  const choose: Chooser = typeof prefer === "function" ? prefer : () => (prefer ? { take: prefer } : undefined);
  const conflicts: MergeConflict[] = [];
  const objects = new Map<ObjectKey, MeshObject>();
  for (const identity of new Set([...own.keys(), ...other.keys()])) {
    const theirsThere = other.get(identity);
    const three = { base: was.get(identity), ours: own.get(identity), theirs: theirsThere };
    const merged = mergeObject(three, conflicts, choose);
    if (merged === undefined) continue;
    const key = objectKey(merged);
    const first = objects.get(key);
    if (first === undefined) {
      objects.set(key, merged);
      continue;
    }
    const [ofOurs, ofTheirs] = theirsThere && objectKey(theirsThere) === key ? [first, merged] : [merged, first];
    const taken = sideOf(choose({ key, path: "" }));
    const values = { base: undefined, ours: withoutText(ofOurs), theirs: withoutText(ofTheirs) };
    const message = "two objects would have this name";
    conflicts.push({ key, path: "", kind: "name", message, ...present(values), ...(taken ? { taken } : {}) });
    objects.set(key, taken === "theirs" ? ofTheirs : ofOurs);
  }
  return { document: { objects: [...objects.values()] }, conflicts };
}

const sideOf = (choice: Choice | undefined): Side | undefined => (choice && "take" in choice ? choice.take : undefined);

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
  choose: Chooser,
): MeshObject | undefined {
  const three = {
    base: base && withoutText(base),
    ours: ours && withoutText(ours),
    theirs: theirs && withoutText(theirs),
  };
  if (isSame(three.ours, three.theirs) || isSame(three.base, three.theirs)) return ours;
  if (isSame(three.base, three.ours)) return theirs;
  const key = objectKey((ours ?? theirs ?? base) as MeshObject);
  const asAWhole = (kind: ConflictKind, message: string) => {
    const taken = sideOf(choose({ key, path: "" }));
    conflicts.push({ key, path: "", kind, message, ...present(three), ...(taken ? { taken } : {}) });
    return taken === "theirs" ? theirs : ours;
  };
  if (!theirs) return asAWhole("theirs-removed", "theirs removed what ours changed");
  if (!ours) return asAWhole("ours-removed", "ours removed what theirs changed");
  const own: MergeConflict[] = [];
  const tell = (path: Path, values: Three<unknown>) => {
    const place = { key, path: pathText(path) };
    const choice = choose(place);
    const taken = choice && ("take" in choice ? choice.take : "value");
    const [kind, message] = base
      ? (["changed", "both changed it, each to another value"] as const)
      : (["added", "both added it, each with another value"] as const);
    own.push({ ...place, kind, message, ...present(values), ...(taken ? { taken } : {}) });
    if (choice && "value" in choice) return choice.value;
    return taken === "theirs" ? values.theirs : values.ours;
  };
  const merged = mergeValue(three, [], tell) as MeshObject;
  const parsed = parseObject(merged);
  if (!parsed.ok) {
    const given = own.filter(({ taken }) => taken === "value");
    if (given.length > 0) {
      conflicts.push(...withProblems(own, given, parsed.issues));
      return ours;
    }
    const [first] = violationsOf(parsed.issues, key, key);
    return asAWhole("together", `together the two changes break it: ${first?.path} ${first?.message}`);
  }
  conflicts.push(...own);
  const text = ours.metadata.text;
  return text === undefined
    ? parsed.object
    : ({ ...parsed.object, metadata: { ...parsed.object.metadata, text } } as MeshObject);
}

/** A value that was given and does not fit leaves its conflict open, with what is wrong; told at all of them where no place fits. */
function withProblems(
  conflicts: readonly MergeConflict[],
  given: readonly MergeConflict[],
  issues: readonly ObjectIssue[],
): MergeConflict[] {
  const about = ({ path }: MergeConflict) =>
    issues.find((issue) => pathText(issue.path).startsWith(path) || path.startsWith(pathText(issue.path)));
  const isPlaced = given.some((each) => about(each) !== undefined);
  return conflicts.map((conflict) => {
    if (!given.includes(conflict)) return conflict;
    const issue = isPlaced ? about(conflict) : issues[0];
    if (!issue) return conflict;
    const { taken: _, ...open } = conflict;
    return { ...open, problem: { message: issue.message, fix: issue.fix } };
  });
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

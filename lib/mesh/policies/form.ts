// A field of a form on the model. Job: set or take away one place of an object, and say why when the model refuses.
// Rule: what is left empty is not written; a block goes when its last field goes, unless the schema wants it.
import { valueAt, withValueAt } from "../references";
import type { MeshObject, Path } from "../types";
import { parseObject } from "../violations";

export type FieldChange<T extends MeshObject> = { ok: true; object: T } | { ok: false; message: string };

/** `undefined`, an empty text and an empty list of an optional field take the field away. */
export function withField<T extends MeshObject>(object: T, path: Path, value: unknown): FieldChange<T> {
  const wanted = value === "" ? undefined : value;
  const first = check(object, withValueAt(object, path, wanted));
  const result = !first.ok && isEmptyList(wanted) ? check(object, withValueAt(object, path, undefined)) : first;
  if (!result.ok && wanted === undefined) return withoutBlock(object, path) ?? result;
  return result.ok ? tidied(result.object, path) : result;
}

/** A field that its block needs goes with the block, when nothing else is in it. */
function withoutBlock<T extends MeshObject>(object: T, path: Path): FieldChange<T> | undefined {
  const place = path.slice(0, -1);
  const isLast = Object.keys(valueAt(object, place) ?? {}).length === 1;
  if (place.length < 2 || typeof place.at(-1) === "number" || !isLast) return undefined;
  const without = check(object, withValueAt(object, place, undefined));
  return without.ok ? tidied(without.object, place) : undefined;
}

function tidied<T extends MeshObject>(object: T, path: Path): FieldChange<T> {
  let current = object;
  for (let depth = path.length - 1; depth > 1; depth -= 1) {
    const place = path.slice(0, depth);
    if (typeof place.at(-1) === "number" || !isEmptyObject(valueAt(current, place))) break;
    const without = check(object, withValueAt(current, place, undefined));
    if (!without.ok) break;
    current = without.object;
  }
  return { ok: true, object: current };
}

function check<T extends MeshObject>({ kind }: T, value: unknown): FieldChange<T> {
  const parsed = parseObject(JSON.parse(JSON.stringify(value)));
  if (!parsed.ok) {
    const [issue] = parsed.issues;
    return { ok: false, message: issue ? `${issue.message}. ${issue.fix}` : "does not fit" };
  }
  if (parsed.object.kind !== kind) return { ok: false, message: `is no ${kind}` };
  return { ok: true, object: parsed.object as T };
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;
const isEmptyObject = (value: unknown) =>
  value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0;

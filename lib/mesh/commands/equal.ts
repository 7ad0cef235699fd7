// Equality of JSON values. A field that is `undefined` counts as absent.

export function isSameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (!Array.isArray(a)) return !Array.isArray(b) && isSameObject(a as Fields, b as Fields);
  return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSameJson(item, b[i]));
}

type Fields = Record<string, unknown>;

/** Whole designs are compared this way, so no list of keys is made. */
function isSameObject(a: Fields, b: Fields): boolean {
  let fields = 0;
  for (const key in a) {
    if (a[key] === undefined) continue;
    if (!Object.hasOwn(b, key) || !isSameJson(a[key], b[key])) return false;
    fields += 1;
  }
  for (const key in b) if (b[key] !== undefined) fields -= 1;
  return fields === 0;
}

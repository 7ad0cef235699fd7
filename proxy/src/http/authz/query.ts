// Parameters of a path that an authorizer sets and removes. Rule: as Envoy: all of them come out in byte order, values as they were.

interface Parameter {
  readonly key: string;
  readonly value: string;
}

export function changeQuery(path: string, set: readonly Parameter[], removed: readonly string[]): string {
  const at = path.indexOf("?");
  const found = new Map<string, string[]>();
  for (const part of at < 0 ? [] : path.slice(at + 1).split("&")) {
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? "" : part.slice(equals + 1);
    found.set(key, [...(found.get(key) ?? []), value]);
  }
  for (const { key, value } of set) found.set(key, [value]);
  for (const key of removed) found.delete(key);
  const all = [...found].sort(([left], [right]) => (left < right ? -1 : 1));
  const query = all.flatMap(([key, values]) => values.map((value) => `${key}=${value}`)).join("&");
  const base = at < 0 ? path : path.slice(0, at);
  return query === "" ? base : `${base}?${query}`;
}

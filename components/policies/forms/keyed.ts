// Keys for entries that have no identity of their own. Rule: equal names are told apart by how many came before, so that an entry
// keeps its fields while others are added behind it.

export interface Keyed<T> {
  key: string;
  item: T;
  at: number;
}

export function keyed<T>(items: readonly T[], nameOf: (item: T) => string = () => ""): Keyed<T>[] {
  const seen = new Map<string, number>();
  return items.map((item, at) => {
    const name = nameOf(item);
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return { key: `${name} ${count}`, item, at };
  });
}

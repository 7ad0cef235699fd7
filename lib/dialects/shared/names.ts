// Names of other products as names of the model, and names for what an export writes.
import type { Manifest } from "./dialect";

/** As the model takes it: lower-case letters, digits and dashes, at most 63. */
export function slug(name: string): string {
  const text = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return text === "" ? "unnamed" : text;
}

/** The name, or the name with a number where a resource of that kind has it. */
export function freeNames(
  resources: readonly Manifest[],
): (kind: string, namespace: string | undefined, name: string) => string {
  const keyOfName = (kind: string, namespace: string | undefined, name: string) => `${kind} ${namespace ?? ""}/${name}`;
  const taken = new Set(resources.map(({ kind, metadata }) => keyOfName(kind, metadata.namespace, metadata.name)));
  return (kind, namespace, name) => {
    for (let i = 1; ; i++) {
      const own = i === 1 ? name : `${name.slice(0, 240)}-${i}`;
      const key = keyOfName(kind, namespace, own);
      if (taken.has(key)) continue;
      taken.add(key);
      return own;
    }
  };
}

// Small questions to a document that several gestures ask, and names that are free. Rule: pure.
import {
  API_VERSION,
  type Dependency,
  type Kind,
  keyOf,
  type MeshDocument,
  type MeshObject,
  objectKey,
  refKey,
} from "@/lib/mesh";

/** The part that every new object of a namespace begins with. */
export const named = (namespace: string, name: string) =>
  ({ apiVersion: API_VERSION, metadata: { name, namespace } }) as const;

/** A name as the model takes it: "My Service" becomes "my-service". */
export function toName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

export function freeName(document: MeshDocument, kinds: readonly Kind[], namespace: string, wanted: string): string {
  const taken = new Set(document.objects.map(objectKey));
  const isFree = (name: string) => kinds.every((kind) => !taken.has(keyOf(kind, namespace, name)));
  if (isFree(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const name = `${wanted.slice(0, 58)}-${number}`;
    if (isFree(name)) return name;
  }
}

export function namespacesOf(document: MeshDocument): string[] {
  const names = new Set<string>();
  for (const object of document.objects) {
    if (object.kind === "Namespace") names.add(object.metadata.name);
    else if (object.metadata.namespace) names.add(object.metadata.namespace);
  }
  return [...names].sort();
}

export function find(document: MeshDocument, key: string): MeshObject | undefined {
  return document.objects.find((object) => objectKey(object) === key);
}

export function dependencyBetween(document: MeshDocument, from: string, to: string): Dependency | undefined {
  return document.objects.find(
    (object): object is Dependency =>
      object.kind === "Dependency" &&
      refKey(object.spec.from, object) === from &&
      refKey(object.spec.to, object) === to,
  );
}

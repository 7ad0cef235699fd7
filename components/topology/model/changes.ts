// What differs between two states of a design, as marks on the canvas. Rule: compares whole objects by key; a change of
// something that is not drawn (a workload, a route, a policy) marks the box it belongs to.
import type { ChangeMark } from "@/components/canvas";
import { isSameJson, keyOf, type MeshDocument, type MeshObject, objectKey, refKey, serviceRefKey } from "@/lib/mesh";

export interface Changes {
  marks: Map<string, ChangeMark>;
  added: number;
  removed: number;
  changed: number;
}

export function changesBetween(before: MeshDocument, after: MeshDocument): Changes {
  const old = new Map(before.objects.map((object) => [objectKey(object), object]));
  const marks = new Map<string, ChangeMark>();
  const counts = { added: 0, removed: 0, changed: 0 };
  const note = (object: MeshObject, mark: ChangeMark) => {
    counts[mark] += 1;
    const owner = ownerOf(object);
    if (owner === objectKey(object)) marks.set(owner, mark);
    else if (owner && !marks.has(owner)) marks.set(owner, "changed");
  };
  for (const object of after.objects) {
    const key = objectKey(object);
    const previous = old.get(key);
    if (!previous) note(object, "added");
    else if (!isSameJson(previous.spec, object.spec)) note(object, "changed");
    old.delete(key);
  }
  for (const object of old.values()) note(object, "removed");
  return { marks, ...counts };
}

/** The box or line on the canvas that an object belongs to. */
export function ownerOf(object: MeshObject): string | null {
  switch (object.kind) {
    case "Service":
    case "Gateway":
    case "ExternalService":
    case "Dependency":
      return objectKey(object);
    case "Workload":
      return keyOf("Service", object.metadata.namespace, object.spec.service);
    case "Subset":
    case "TrafficPolicy":
      return serviceRefKey(object.spec.service, object);
    case "Route":
      return refKey(object.spec.target, object);
    case "Egress":
      return refKey(object.spec.to, object);
    case "MutualTls":
      return object.spec.target?.service
        ? keyOf("Service", object.spec.target.namespace ?? object.metadata.namespace, object.spec.target.service)
        : null;
    case "AuthorizationPolicy":
      return object.spec.target.service
        ? keyOf("Service", object.spec.target.namespace ?? object.metadata.namespace, object.spec.target.service)
        : null;
    default:
      return null;
  }
}

export function changesInWords(changes: Changes, than: string): string {
  const { added, removed, changed } = changes;
  if (added + removed + changed === 0) return `The same as ${than}.`;
  const parts = [
    added ? `${added} added` : "",
    changed ? `${changed} changed` : "",
    removed ? `${removed} removed` : "",
  ].filter(Boolean);
  return `Against ${than}: ${parts.join(", ")}.`;
}

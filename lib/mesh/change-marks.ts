// What differs between two designs, as marks on boxes and lines.
// The rule: whole objects are compared by key; what is not drawn itself (a workload, a route, a policy) marks the box it belongs to.
import { isSameJson } from "./commands/equal";
import { keyOf, objectKey, refKey, serviceRefKey, tcpTargetKey, workloadOwnerKey } from "./refs";
import type { MeshDocument, MeshObject, ObjectKey, PolicyTarget } from "./types";

export type ChangeMark = "added" | "removed" | "changed";

export interface ChangeMarks {
  marks: Map<ObjectKey, ChangeMark>;
  /** Objects, drawn or not: two changed policies of one box are two. */
  counts: Record<ChangeMark, number>;
  /** As they were before, in their order there. */
  removed: MeshObject[];
}

export function changeMarks(before: MeshDocument, after: MeshDocument): ChangeMarks {
  const old = new Map(before.objects.map((object) => [objectKey(object), object]));
  const marks = new Map<ObjectKey, ChangeMark>();
  const counts: Record<ChangeMark, number> = { added: 0, removed: 0, changed: 0 };
  const note = (object: MeshObject, mark: ChangeMark) => {
    counts[mark] += 1;
    const box = drawnAt(object);
    if (box === objectKey(object)) marks.set(box, mark);
    else if (box && !marks.has(box)) marks.set(box, "changed");
  };
  for (const object of after.objects) {
    const key = objectKey(object);
    const was = old.get(key);
    old.delete(key);
    if (!was) note(object, "added");
    else if (!isSameJson(was.spec, object.spec)) note(object, "changed");
  }
  const removed = [...old.values()];
  for (const object of removed) note(object, "removed");
  return { marks, counts, removed };
}

/** The box or line that shows an object; null for what belongs to no single one. */
export function drawnAt(object: MeshObject): ObjectKey | null {
  const serviceIn = (namespace: string | undefined, name: string) =>
    keyOf("Service", namespace ?? object.metadata.namespace, name);
  switch (object.kind) {
    case "Service":
    case "Gateway":
    case "ExternalService":
    case "Dependency":
      return objectKey(object);
    case "Workload":
      return workloadOwnerKey(object);
    case "Subset":
    case "TrafficPolicy":
    case "RateLimit":
      return serviceRefKey(object.spec.service, object);
    case "TcpRoute":
      return tcpTargetKey(object);
    case "Route":
      return refKey(object.spec.target, object);
    case "Egress":
      return refKey(object.spec.to, object);
    case "MutualTls":
    case "RequestAuthentication":
    case "AuthorizationPolicy": {
      const target: PolicyTarget | undefined = object.spec.target;
      if (target?.gateway) return keyOf("Gateway", target.namespace ?? object.metadata.namespace, target.gateway);
      return target?.service ? serviceIn(target.namespace, target.service) : null;
    }
    default:
      return null;
  }
}

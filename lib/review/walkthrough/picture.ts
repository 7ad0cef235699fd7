// What changes, as boxes and lines: the design after the change, with what was removed drawn in again.
// The rule: small enough to send for a mesh of 1,000 services; what is not drawn itself (a route, a policy) marks its box.
import {
  isSameJson,
  keyOf,
  type MeshDocument,
  type MeshObject,
  type ObjectKey,
  objectKey,
  type Positions,
  refKey,
  serviceRefKey,
} from "@/lib/mesh";

export type Mark = "added" | "removed" | "changed";
export interface PictureBox {
  key: ObjectKey;
  kind: "Service" | "Gateway" | "ExternalService";
  name: string;
  namespace: string;
  owner: string | null;
  mark: Mark | null;
  x: number | null;
  y: number | null;
}
export interface PictureLine {
  key: ObjectKey;
  source: ObjectKey;
  target: ObjectKey;
  mark: Mark | null;
}
export interface ChangePicture {
  boxes: PictureBox[];
  lines: PictureLine[];
  counts: Record<Mark, number>;
}

export function changePicture(
  before: MeshDocument,
  after: MeshDocument,
  positions: { before: Positions; after: Positions },
): ChangePicture {
  const old = new Map(before.objects.map((object) => [objectKey(object), object]));
  const marks = new Map<ObjectKey, Mark>();
  const counts: Record<Mark, number> = { added: 0, removed: 0, changed: 0 };
  const note = (object: MeshObject, mark: Mark) => {
    counts[mark] += 1;
    const key = objectKey(object);
    const box = drawnAt(object);
    if (box === key) marks.set(key, mark);
    else if (box && !marks.has(box)) marks.set(box, "changed");
  };
  for (const object of after.objects) {
    const key = objectKey(object);
    const was = old.get(key);
    old.delete(key);
    if (!was) note(object, "added");
    else if (!isSameJson(was.spec, object.spec)) note(object, "changed");
  }
  const gone = [...old.values()];
  for (const object of gone) note(object, "removed");
  const all = [...after.objects, ...gone];
  return {
    boxes: all.flatMap((object) => boxOf(object, marks, positions)),
    lines: all.flatMap((object) => {
      if (object.kind !== "Dependency") return [];
      const key = objectKey(object);
      const { from, to } = object.spec;
      return [{ key, source: refKey(from, object), target: refKey(to, object), mark: marks.get(key) ?? null }];
    }),
    counts,
  };
}

function boxOf(
  object: MeshObject,
  marks: ReadonlyMap<ObjectKey, Mark>,
  positions: { before: Positions; after: Positions },
): PictureBox[] {
  if (object.kind !== "Service" && object.kind !== "Gateway" && object.kind !== "ExternalService") return [];
  const key = objectKey(object);
  const place = positions.after[key] ?? positions.before[key];
  return [
    {
      key,
      kind: object.kind,
      name: object.metadata.name,
      namespace: object.metadata.namespace ?? "",
      owner: object.spec.owner ?? null,
      mark: marks.get(key) ?? null,
      x: place?.x ?? null,
      y: place?.y ?? null,
    },
  ];
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
      return serviceIn(object.metadata.namespace, object.spec.service);
    case "Subset":
    case "TrafficPolicy":
      return serviceRefKey(object.spec.service, object);
    case "Route":
      return refKey(object.spec.target, object);
    case "Egress":
      return refKey(object.spec.to, object);
    case "MutualTls":
      return object.spec.target?.service ? serviceIn(object.spec.target.namespace, object.spec.target.service) : null;
    case "AuthorizationPolicy":
      return object.spec.target.service ? serviceIn(object.spec.target.namespace, object.spec.target.service) : null;
    default:
      return null;
  }
}

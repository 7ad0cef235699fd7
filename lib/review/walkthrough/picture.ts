// What changes, as boxes and lines: the design after the change, with what was removed drawn in again.
// The rule: small enough to send for a mesh of 1,000 services; what is not drawn itself (a route, a policy) marks its box.
import {
  type ChangeMark,
  changeMarks,
  isDependencyEnd,
  type MeshDocument,
  type MeshObject,
  type ObjectKey,
  objectKey,
  type Positions,
  refKey,
} from "@/lib/mesh";

export interface PictureBox {
  key: ObjectKey;
  /** A workload that serves nothing is a box of its own. */
  kind: "Service" | "Gateway" | "ExternalService" | "Workload";
  name: string;
  namespace: string;
  owner: string | null;
  mark: ChangeMark | null;
  x: number | null;
  y: number | null;
}
export interface PictureLine {
  key: ObjectKey;
  source: ObjectKey;
  target: ObjectKey;
  mark: ChangeMark | null;
}
export interface ChangePicture {
  boxes: PictureBox[];
  lines: PictureLine[];
  counts: Record<ChangeMark, number>;
}

export function changePicture(
  before: MeshDocument,
  after: MeshDocument,
  positions: { before: Positions; after: Positions },
): ChangePicture {
  const { marks, counts, removed } = changeMarks(before, after);
  const all = [...after.objects, ...removed];
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
  marks: ReadonlyMap<ObjectKey, ChangeMark>,
  positions: { before: Positions; after: Positions },
): PictureBox[] {
  if (!isDependencyEnd(object)) return [];
  const key = objectKey(object);
  const place = positions.after[key] ?? positions.before[key];
  return [
    {
      key,
      kind: object.kind,
      name: object.metadata.name,
      namespace: object.metadata.namespace ?? "",
      owner: object.kind === "Workload" ? null : (object.spec.owner ?? null),
      mark: marks.get(key) ?? null,
      x: place?.x ?? null,
      y: place?.y ?? null,
    },
  ];
}

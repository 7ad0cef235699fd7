// What the exporters of single resources share: the resource under construction, what was kept of its source, and the losses.
import {
  type MeshIndex,
  type MeshObject,
  type ObjectKey,
  type Origin,
  objectKey,
  type Path,
  parsePath,
  pathText,
  valueAt,
  withValueAt,
} from "@/lib/mesh";

export type Verdict = "lost" | "approximate";
export type Loss = { key: ObjectKey; path: string; verdict: Verdict; reason: string };
export type IstioResource = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
};

export class ExportContext {
  readonly resources: IstioResource[] = [];
  readonly losses: Loss[] = [];

  constructor(readonly index: MeshIndex) {}

  lose(object: MeshObject, path: Path, verdict: Verdict, reason: string): void {
    this.losses.push({ key: objectKey(object), path: pathText(path), verdict, reason });
  }

  /** Adds a resource, with everything that was kept of its source put back at its place. */
  add(resource: IstioResource, from: MeshObject | undefined): void {
    this.resources.push(from ? this.withKept(resource, from) : resource);
  }

  private withKept(resource: IstioResource, from: MeshObject): IstioResource {
    const kept = (from.metadata.origin?.kept ?? []).map(({ path, value }) => ({ path: parsePath(path), value }));
    const isWholeRule = (path: Path) => path.length === 3 && path[1] === "http";
    const whole = kept.filter((each) => isWholeRule(each.path)).sort((a, b) => Number(a.path[2]) - Number(b.path[2]));
    let result = resource;
    for (const { path, value } of whole) {
      const rules = [...((result.spec["http"] as unknown[] | undefined) ?? [])];
      rules.splice(Number(path[2]), 0, value);
      result = { ...result, spec: { ...result.spec, http: rules } };
    }
    for (const { path, value } of kept.filter((each) => !isWholeRule(each.path))) {
      const parent = nearestList(path);
      if (parent && valueAt(result, parent) === undefined) {
        this.lose(
          from,
          ["metadata", "origin", "kept"],
          "lost",
          `${pathText(path)} of the source has no place any more: its list entry is gone`,
        );
        continue;
      }
      result = withValueAt(result, path, value);
    }
    return result;
  }
}

/** The path down to the last list entry on it: below that, objects are made as needed. */
function nearestList(path: Path): Path | undefined {
  const last = path.findLastIndex((step) => typeof step === "number");
  return last < 0 ? undefined : path.slice(0, last + 1);
}

/** Name and namespace of the source, where the object came from one of this kind. */
export function originOfKind(object: MeshObject | undefined, kind: string): Origin | undefined {
  return object?.metadata.origin?.kind === kind ? object.metadata.origin : undefined;
}

export function metadataOf(
  object: MeshObject,
  name: string,
  namespace: string,
  extraAnnotations: Record<string, string> = {},
): IstioResource["metadata"] {
  const annotations = { ...object.metadata.annotations, ...extraAnnotations };
  return {
    name,
    namespace,
    ...(object.metadata.labels ? { labels: object.metadata.labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
}

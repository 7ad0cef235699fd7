// What the exporters of single resources share: the resource under construction, what was kept of its source, and the report.
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
import type { DialectId, Manifest, ReportEntry } from "./dialect";
import { keptResources } from "./verbatim";
import type { Verdict } from "./verdict";
import { isBareConsumer, isWholeResource } from "./whole";

type Words = { changesMeaning?: boolean; target?: string };

export class ExportContext {
  readonly resources: Manifest[] = [];
  readonly report: ReportEntry[] = [];
  private readonly once = new Set<string>();

  constructor(
    readonly index: MeshIndex,
    private readonly dialect: DialectId,
    /** Lists of the resource whose entries may be kept whole: `["spec", "http"]`. */
    private readonly wholeEntries: Path = [],
    /** Other products whose resources go out with this one's. */
    private readonly family: readonly DialectId[] = [],
  ) {}

  tell(object: MeshObject, path: Path, verdict: Verdict, reason: string, words: Words = {}): void {
    this.report.push({ key: objectKey(object), path: pathText(path), verdict, reason, ...words });
  }

  /** As `lose`, for what several resources of one object have in common. */
  loseOnce(
    object: MeshObject,
    path: Path,
    verdict: Exclude<Verdict, "exact">,
    reason: string,
    words: Words = {},
  ): void {
    const [key, text] = [objectKey(object), pathText(path)];
    const said = `${key} ${text} ${reason}`;
    if (this.once.has(said)) return;
    this.once.add(said);
    this.lose(object, path, verdict, reason, words);
  }

  /** As `tell`, for what is not carried as it is. */
  lose(object: MeshObject, path: Path, verdict: Exclude<Verdict, "exact">, reason: string, words: Words = {}): void {
    this.tell(object, path, verdict, reason, words);
  }

  /** What another product's resources had beside the model stays there; what this one's had comes back. */
  bringBackKept(): void {
    for (const { holder, path, dialect, manifest } of keptResources(this.index.document)) {
      if (dialect === this.dialect || this.family.some((each) => each === dialect)) this.resources.push(manifest);
      else if (dialect !== "kubernetes") {
        const what = `${manifest.kind} ${manifest.metadata.name}`;
        this.lose(
          holder,
          ["metadata", "origin", "kept", path],
          "lost",
          `${what} belongs to ${dialect} and is not part of this export`,
        );
      }
    }
    for (const object of this.index.document.objects) {
      const { origin } = object.metadata;
      const kept = (origin?.kept ?? []).filter((each) => !isWholeResource(each.path) && !isBareConsumer(each));
      if (!origin || kept.length === 0 || origin.dialect === this.dialect || origin.dialect === "kubernetes") continue;
      const isWritten = object.kind === "Route" || object.kind === "Gateway";
      if (isWritten && this.family.includes(origin.dialect)) continue;
      const words = kept.map((each) => each.path).join(", ");
      this.lose(
        object,
        ["metadata", "origin", "kept"],
        "lost",
        `${words} of the ${origin.kind} it came from has no place in this export`,
      );
    }
  }

  /** Adds a resource, with everything that was kept of its source put back at its place. */
  add(resource: Manifest, from: MeshObject | undefined): void {
    const source = from?.metadata.origin?.dialect;
    const isOwn = source === this.dialect || this.family.some((each) => each === source);
    this.resources.push(from && isOwn ? this.withKept(resource, from) : resource);
  }

  /** Says `exact` of each unit that nothing else was said of. */
  fillExact(units: readonly { key: ObjectKey; path: string }[], reason: string): void {
    const judged = new Map<ObjectKey, string[]>();
    for (const { key, path } of this.report) judged.set(key, [...(judged.get(key) ?? []), path]);
    for (const { key, path } of units) {
      if (judged.get(key)?.some((each) => isWithin(each, path) || isWithin(path, each))) continue;
      this.report.push({ key, path, verdict: "exact", reason });
    }
  }

  private withKept(resource: Manifest, from: MeshObject): Manifest {
    const kept = (from.metadata.origin?.kept ?? [])
      .filter((each) => !isWholeResource(each.path))
      .map(({ path, value }) => ({ path: parsePath(path), value }));
    const list = this.wholeEntries;
    const isWhole = (path: Path) =>
      list.length > 0 && path.length === list.length + 1 && list.every((step, i) => path[i] === step);
    const whole = kept
      .filter((each) => isWhole(each.path))
      .sort((a, b) => Number(a.path.at(-1)) - Number(b.path.at(-1)));
    let result = resource;
    for (const { path, value } of whole) {
      const entries = [...((valueAt(result, list) as unknown[] | undefined) ?? [])];
      entries.splice(Number(path.at(-1)), 0, value);
      result = withValueAt(result, list, entries);
    }
    for (const { path, value } of kept.filter((each) => !isWhole(each.path))) {
      const parent = nearestList(path);
      if (parent && valueAt(result, parent) === undefined) {
        const reason = `${pathText(path)} of the source has no place any more: its list entry is gone`;
        this.lose(from, ["metadata", "origin", "kept"], "lost", reason);
        continue;
      }
      result = withValueAt(result, path, value);
    }
    return result;
  }
}

const isWithin = (path: string, outer: string) =>
  path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);

/** The path down to the last list entry on it: below that, objects are made as needed. */
function nearestList(path: Path): Path | undefined {
  const last = path.findLastIndex((step) => typeof step === "number");
  return last < 0 ? undefined : path.slice(0, last + 1);
}

/** Name and namespace of the source, where the object came from one of Istio's of this kind. */
export function originOfKind(object: MeshObject | undefined, kind: string): Origin | undefined {
  const origin = object?.metadata.origin;
  return origin?.kind === kind && origin.dialect === "istio" ? origin : undefined;
}

export function metadataOf(
  object: MeshObject,
  name: string,
  namespace: string,
  extraAnnotations: Record<string, string> = {},
): Manifest["metadata"] {
  const annotations = { ...object.metadata.annotations, ...extraAnnotations };
  return {
    name,
    namespace,
    ...(object.metadata.labels ? { labels: object.metadata.labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
}

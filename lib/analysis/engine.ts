// Runs the analyzers over an index that is kept, and asks again only those whose answers may have changed.
// The rule: each run is kept with the look-ups it made; a change names the look-ups that answer differently now, and their runs are made anew.
// So a result after any changes is that of a whole run, as long as analyzers look only through the index they are given.
import {
  type Asked,
  createLiveIndex,
  KIND_OF,
  KINDS,
  type Kind,
  type Lookup,
  lookup,
  type MeshDocument,
  type MeshObject,
  type ObjectKey,
  objectKey,
  parseKey,
} from "@/lib/mesh";
import { analyzers } from "./analyzers";
import type { Analyzer, Facts, Finding } from "./finding";
import { sortFindings, withIds } from "./order";

export type DesignChange = { put: readonly MeshObject[]; remove: readonly ObjectKey[] };

/** Findings of a design that changes: the first change is the whole design. */
export type Analysis = {
  change(change: DesignChange): void;
  /** Makes the change that leads to this document. Objects that are the same values did not change. */
  update(document: MeshDocument): void;
  findings(): Finding[];
  /** How many runs the last change cost. */
  lastRuns(): number;
};

type Run = { analyzer: Analyzer; target: ObjectKey | null; reads: ReadonlySet<Lookup> };

const OF_MESH = analyzers.filter((each) => each.scope === "mesh");
const BY_KIND = new Map<Kind, readonly Analyzer[]>(
  KINDS.map((kind) => [kind, analyzers.filter((each) => each.scope === "object" && each.kinds.includes(kind))]),
);
const NONE: ReadonlySet<Lookup> = new Set();

/** For who looks at the whole mesh: anything of that kind. Thousands of single look-ups would cost more than asking again. */
function coarse(asked: Asked, key: string): Lookup {
  if (asked === "document" || asked === "kind" || asked === "namespaces") return lookup(asked, key);
  const kind = asked === "object" ? parseKey(key)?.kind : KIND_OF[asked];
  return kind === undefined ? lookup("document", "") : lookup("kind", kind);
}

export function createAnalysis(facts: Facts): Analysis {
  const index = createLiveIndex();
  const objects = new Map<ObjectKey, MeshObject>();
  const runs = new Map<string, Run>();
  const saying = new Map<string, Omit<Finding, "id">[]>();
  const readers = new Map<Lookup, Set<string>>();
  let found: Finding[] | undefined;
  let lastRuns = 0;

  let reads: Set<Lookup> | undefined;
  const note = (read: Lookup) => {
    reads ??= new Set();
    reads.add(read);
  };
  const fine = index.reading((asked, key) => note(lookup(asked, key)));
  const rough = index.reading((asked, key) => note(coarse(asked, key)));

  function forget(id: string) {
    saying.delete(id);
    const run = runs.get(id);
    if (!run) return;
    for (const read of run.reads) {
      const ids = readers.get(read);
      ids?.delete(id);
      if (ids?.size === 0) readers.delete(read);
    }
    runs.delete(id);
  }

  function make(id: string, analyzer: Analyzer, target: ObjectKey | null) {
    forget(id);
    // its own object is not noted: whoever changes it asks again anyway
    const object = target === null ? undefined : index.get(target);
    if (target !== null && !object) return;
    lastRuns += 1;
    reads = undefined;
    const findings =
      analyzer.scope === "mesh"
        ? analyzer.run(rough, facts)
        : object
          ? analyzer.run(analyzer.looksWide ? rough : fine, object, facts)
          : [];
    const seen: ReadonlySet<Lookup> = reads ?? NONE;
    runs.set(id, { analyzer, target, reads: seen });
    const { title, area } = analyzer;
    if (findings.length > 0)
      saying.set(
        id,
        findings.map((each) => ({ ...each, title, area })),
      );
    for (const read of seen) {
      const ids = readers.get(read);
      if (ids) ids.add(id);
      else readers.set(read, new Set([id]));
    }
  }

  function change({ put, remove }: DesignChange) {
    found = undefined;
    lastRuns = 0;
    const touched = index.change(put, remove);
    const again = new Map<string, [Analyzer, ObjectKey | null]>();
    for (const read of touched) {
      for (const id of readers.get(read) ?? []) {
        const run = runs.get(id);
        if (run) again.set(id, [run.analyzer, run.target]);
      }
    }
    const own = (key: ObjectKey, kind: Kind) => {
      for (const analyzer of BY_KIND.get(kind) ?? []) again.set(`${analyzer.code} ${key}`, [analyzer, key]);
    };
    for (const key of remove) {
      const gone = objects.get(key);
      if (gone) own(key, gone.kind);
      objects.delete(key);
    }
    for (const object of put) {
      const key = objectKey(object);
      objects.set(key, object);
      own(key, object.kind);
    }
    for (const analyzer of OF_MESH) if (!runs.has(analyzer.code)) again.set(analyzer.code, [analyzer, null]);
    for (const [id, [analyzer, target]] of again) make(id, analyzer, target);
  }

  return {
    change,
    update(document) {
      const put: MeshObject[] = [];
      const left = new Set(objects.keys());
      for (const object of document.objects) {
        const key = objectKey(object);
        if (objects.get(key) !== object) put.push(object);
        left.delete(key);
      }
      change({ put, remove: [...left] });
    },
    findings() {
      found ??= sortFindings(withIds([...saying.values()].flat(), objects));
      return found;
    },
    lastRuns: () => lastRuns,
  };
}

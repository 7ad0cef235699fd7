// What changed between two designs, in sentences that a reviewer understands without the YAML.
// The rule: objects are matched by identity (uid, else key), so a rename is one change and not a removal and an addition.
import { pathText } from "../references";
import { objectKey } from "../refs";
import type { MeshDocument, MeshObject, ObjectKey } from "../types";
import { inWritingOrder } from "../yaml/to-yaml";
import { leafChanges } from "./leaves";
import { addedSentence, changedSentences, removedSentence, subjectOf } from "./sentences";

export type SemanticChange = {
  kind: "added" | "removed" | "changed" | "renamed";
  /** In the new design; of a removed object, in the old. */
  key: ObjectKey;
  /** Of a renamed object: its key before. */
  from?: ObjectKey;
  /** Inside the object, for changed ones. */
  path?: string;
  sentence: string;
  before?: unknown;
  after?: unknown;
};

/** From `a` to `b`, in writing order; removals last. Empty when the designs are the same. */
export function diffDocuments(a: MeshDocument, b: MeshDocument): SemanticChange[] {
  const old = new Map(a.objects.map((object) => [identity(object), object]));
  const oldByKey = new Map(a.objects.map((object) => [objectKey(object), object]));
  // explicit identities first: a new object under a renamed one's old name is new
  const taken = new Set(
    b.objects.flatMap((object) => (object.metadata.uid === undefined ? [] : [object.metadata.uid])),
  );
  const matched = new Set<MeshObject>();
  const changes: SemanticChange[] = [];
  for (const object of inWritingOrder(b)) {
    const key = objectKey(object);
    const sameName = oldByKey.get(key);
    const isNewUnderOldName = object.metadata.uid === undefined && taken.has(key);
    const was = old.get(identity(object)) ?? (sameName && !taken.has(identity(sameName)) ? sameName : undefined);
    if (!was || isNewUnderOldName || was.kind !== object.kind) {
      changes.push({ kind: "added", key, sentence: addedSentence(object) });
      continue;
    }
    matched.add(was);
    if (objectKey(was) !== key) {
      const sentence = `${subjectOf(was)} is renamed to ${object.metadata.name}.`;
      changes.push({ kind: "renamed", key, from: objectKey(was), sentence });
    }
    changes.push(...changesOf(was, object));
  }
  const gone = inWritingOrder(a).filter((object) => !matched.has(object));
  return [
    ...changes,
    ...gone.map((object) => ({ kind: "removed" as const, key: objectKey(object), sentence: removedSentence(object) })),
  ];
}

const identity = (object: MeshObject) => object.metadata.uid ?? objectKey(object);

function changesOf(was: MeshObject, now: MeshObject): SemanticChange[] {
  const key = objectKey(now);
  const { name: _a, uid: _b, namespace: _c, text: _d, ...oldMetadata } = was.metadata;
  const { name: _e, uid: _f, namespace: _g, text: _h, ...newMetadata } = now.metadata;
  const leaves = [...leafChanges(was.spec, now.spec, ["spec"]), ...leafChanges(oldMetadata, newMetadata, ["metadata"])];
  return changedSentences(was, now, leaves).map(({ sentence, path, before, after }) => ({
    kind: "changed",
    key,
    path: pathText(path),
    sentence,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  }));
}

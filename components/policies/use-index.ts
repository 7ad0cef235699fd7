"use client";
// The look-ups over the draft, kept while it is edited. Job: after a change only what changed is indexed again.
// Rule: the index of a document is another object than that of the one before, so that what leans on it is made again.
import { useRef } from "react";
import {
  createLiveIndex,
  type LiveIndex,
  type MeshDocument,
  type MeshIndex,
  type MeshObject,
  objectKey,
} from "@/lib/mesh";

interface Kept {
  live: LiveIndex;
  document: MeshDocument;
  index: MeshIndex;
}

/** Null without a document. */
export function useIndex(document: MeshDocument | null | undefined): MeshIndex | null {
  const kept = useRef<Kept | null>(null);
  if (!document) return null;
  if (kept.current?.document !== document) kept.current = indexOf(document, kept.current);
  return kept.current.index;
}

export function indexOf(document: MeshDocument, before: Kept | null): Kept {
  const live = before?.live ?? createLiveIndex();
  const change = before
    ? changeBetween(before.document.objects, document.objects)
    : { put: document.objects, remove: [] };
  live.change(change.put, change.remove);
  return { live, document, index: live.reading(() => undefined) };
}

/** Objects that did not change keep their identity; mostly they also keep their place, which is looked at first. */
function changeBetween(before: readonly MeshObject[], after: readonly MeshObject[]) {
  const put = after.filter((object, i) => object !== before[i]);
  const gone = before.filter((object, i) => object !== after[i]);
  const stays = new Set(put.map(objectKey));
  return { put, remove: gone.map(objectKey).filter((key) => !stays.has(key)) };
}

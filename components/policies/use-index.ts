"use client";
// The look-ups over the draft, kept while it is edited. Job: after a change only what changed is indexed again.
// Rule: the index of a document is another object than that of the one before, so that what leans on it is made again.
import { useRef } from "react";
import { changeBetween, createLiveIndex, type LiveIndex, type MeshDocument, type MeshIndex } from "@/lib/mesh";

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
  return { live, document, index: live.asking("nothing") };
}

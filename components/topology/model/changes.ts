// What differs between two states of a design, on the canvas and in words. Rule: the marks are those of the model (lib/mesh).
import type { ChangeMark } from "@/components/canvas";
import { changeMarks, type MeshDocument } from "@/lib/mesh";

export interface Changes {
  marks: ReadonlyMap<string, ChangeMark>;
  added: number;
  removed: number;
  changed: number;
}

export function changesBetween(before: MeshDocument, after: MeshDocument): Changes {
  const { marks, counts } = changeMarks(before, after);
  return { marks, ...counts };
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

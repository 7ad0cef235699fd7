// Document -> multi-document YAML, made for git: the same design always gives the same text.
// The rule: objects in the order of kinds, then namespace, then name; fields in the order of the schema, unless a person
// wrote the object down with comments: then as that person wrote it.
import { KINDS } from "../schema/document";
import type { MeshDocument, MeshObject } from "../types";
import { textOfObject } from "./object-text";

const rank = new Map(KINDS.map((kind, i) => [kind, i]));
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The objects in the order in which they are written. */
export function inWritingOrder(document: MeshDocument): MeshObject[] {
  return [...document.objects].sort(
    (a, b) =>
      (rank.get(a.kind) ?? 0) - (rank.get(b.kind) ?? 0) ||
      compare(a.metadata.namespace ?? "", b.metadata.namespace ?? "") ||
      compare(a.metadata.name, b.metadata.name),
  );
}

export function toYaml(document: MeshDocument): string {
  return inWritingOrder(document)
    .map((object) => endingLine(textOfObject(object).replace(/^---[^\n]*\n/, "")))
    .join("---\n");
}

const endingLine = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);

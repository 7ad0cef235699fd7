// Document -> multi-document YAML, made for git: the same design always gives the same text.
// The rule: objects in the order of kinds, then namespace, then name; fields in the order of the schema.
import { Document } from "yaml";
import { KINDS, objectSchemas } from "../schema/document";
import type { MeshDocument, MeshObject } from "../types";

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
  return valuesToYaml(inWritingOrder(document).map((object) => objectSchemas[object.kind].parse(object)));
}

/** Values as YAML documents, readable by YAML 1.1 and 1.2 parsers alike (what could be misread is quoted). */
export function valuesToYaml(values: readonly unknown[]): string {
  return values.map((value) => asYaml(value)).join("---\n");
}

function asYaml(value: unknown): string {
  // version 1.1 as schema for writing: strings like `on`, `1.10` or `0o7` get quotes
  const document = new Document(JSON.parse(JSON.stringify(value)), { version: "1.1", aliasDuplicateObjects: false });
  document.directives = undefined;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

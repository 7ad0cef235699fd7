// Plain values as YAML text. The rule: readable by YAML 1.1 and 1.2 parsers alike.
import { Document } from "yaml";

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

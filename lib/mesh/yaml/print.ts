// Values as pieces of YAML, to be put into a text that stands. The rule: what it writes means the same in YAML 1.1 and 1.2.
import { Document, isCollection, isScalar, type Node, Scalar, visit } from "yaml";
import { valuesToYaml } from "./values-to-yaml";

/** Fits behind a key or dash on one line whatever stands around it. */
export function isInline(value: unknown): boolean {
  if (typeof value === "string") return !value.includes("\n");
  if (value === null || typeof value !== "object") return true;
  return Object.keys(value).length === 0;
}

/** Whole lines at a column; `{key: value}` as a pair, `[item]` with its dash. */
export function blockLines(value: unknown, column: number): string {
  const indent = " ".repeat(column);
  return valuesToYaml([value]).replace(/^(?=[^\n])/gm, indent);
}

/** What stands behind `key:` for a value, to the end of its last line. */
export function afterColon(value: unknown, column: number): string {
  return blockLines({ k: value }, column).slice(column + 2);
}

/** A scalar in the quotes that the old one had, or a small collection in brackets. */
export function inlineText(value: unknown, old?: Node): string {
  if (typeof value === "string" && isScalar(old)) {
    if (old.type === Scalar.QUOTE_DOUBLE) return JSON.stringify(value);
    if (old.type === Scalar.QUOTE_SINGLE && isPrintable(value)) return `'${value.replaceAll("'", "''")}'`;
  }
  const document = new Document(value, { version: "1.1", aliasDuplicateObjects: false });
  document.directives = undefined;
  visit(document, {
    Collection(_, node) {
      if (isCollection(node)) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}

const isPrintable = (text: string) => [...text].every((char) => char >= " " && char !== "\u007f");

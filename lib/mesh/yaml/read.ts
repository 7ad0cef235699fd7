// Reads multi-document YAML of any origin into plain values, with the line of every place.
// The rule: input is bounded before it is parsed (size, documents, depth, aliases), and every syntax error is reported with its line.
import { type Document, isAlias, isCollection, isMap, isNode, isPair, LineCounter, parseAllDocuments } from "yaml";
import type { Path, Violation } from "../types";

export const YAML_LIMITS = { bytes: 4 * 1024 * 1024, documents: 20_000, depth: 64, aliases: 100 };

/** One document of the text. `lineOf` and `columnOf` give the deepest place on the path that is written down. */
export type YamlDocument = {
  value: unknown;
  line: number;
  /** As written, when there is a comment in it. */
  commented?: string;
  lineOf(path: Path): number;
  columnOf(path: Path): number;
};
export type YamlRead = { documents: YamlDocument[]; violations: Violation[] };
export type YamlOptions = {
  file?: string | undefined;
  /** What Kubernetes tools read: YAML 1.1 with merge keys. Ours is 1.2. */
  kubernetes?: boolean;
};

export function readYaml(text: string, options: YamlOptions = {}): YamlRead {
  const file = options.file === undefined ? {} : { file: options.file };
  const problem = (at: Place, message: string, fix: string): Violation => ({
    path: options.file ?? "text",
    message,
    fix,
    ...at,
    ...file,
  });
  if (text.length > YAML_LIMITS.bytes) {
    const message = `is larger than ${YAML_LIMITS.bytes / 1024 / 1024} MiB`;
    return { documents: [], violations: [problem(BEGIN, message, "Split it into several files.")] };
  }
  const violations: Violation[] = [];
  const wrong = text.indexOf(REPLACED);
  if (wrong >= 0) violations.push(problem(placeIn(text, wrong), "is not UTF-8", "Save it as UTF-8."));
  const deep = tooDeepAt(text);
  if (deep !== undefined) {
    const message = `is nested deeper than ${YAML_LIMITS.depth} levels`;
    return { documents: [], violations: [...violations, problem(deep, message, "Flatten it.")] };
  }
  const lineCounter = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: true,
    uniqueKeys: true,
    stringKeys: true,
    ...(options.kubernetes ? { version: "1.1" as const, merge: true } : { version: "1.2" as const }),
  });
  const found = Array.isArray(parsed) ? parsed : [];
  if (found.length > YAML_LIMITS.documents) {
    const message = `has more than ${YAML_LIMITS.documents} documents`;
    return { documents: [], violations: [...violations, problem(BEGIN, message, "Split it into several files.")] };
  }
  const documents: YamlDocument[] = [];
  for (const document of found) {
    const { line: start, col } = lineCounter.linePos(document.contents?.range[0] ?? document.range[0]);
    const begin = { line: start, column: col };
    if (document.errors.length > 0) {
      for (const error of document.errors) {
        const [first] = error.linePos ?? [];
        const at = first ? { line: first.line, column: first.col } : begin;
        violations.push(problem(at, `is not valid YAML: ${firstLine(error.message)}`, "Correct the syntax."));
      }
      continue;
    }
    if (document.contents === null) continue;
    const value = toValue(document);
    if (!value.ok) {
      violations.push(problem(begin, value.message, "Write the repeated parts out instead of using aliases."));
      continue;
    }
    if (value.value === null) continue;
    const written = text.slice(document.range[0], document.range[2]).replace(/^---[ \t]*\n/, "");
    documents.push({
      value: value.value,
      line: start,
      ...(/(^|\s)#/.test(written) ? { commented: written } : {}),
      lineOf: (path) => placeAt(document, path, lineCounter, start).line,
      columnOf: (path) => placeAt(document, path, lineCounter, start).column,
    });
  }
  return { documents, violations };
}

function toValue(document: Document.Parsed): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    // JSON values only: dates, sets and binary of YAML 1.1 become text
    const value: unknown = document.toJS({ maxAliasCount: YAML_LIMITS.aliases });
    const text = JSON.stringify(value);
    if (text !== undefined && text.length > 4 * YAML_LIMITS.bytes)
      return { ok: false, message: "grows too large by its aliases" };
    return { ok: true, value: text === undefined ? null : JSON.parse(text) };
  } catch (error) {
    const message = error instanceof Error ? firstLine(error.message) : "cannot be read";
    return { ok: false, message: /alias/i.test(message) ? "uses too many aliases" : message };
  }
}

type Place = { line: number; column: number };
const BEGIN: Place = { line: 1, column: 1 };
/** What a decoder puts in the place of bytes that are not UTF-8. */
const REPLACED = "\uFFFD";

function placeIn(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

function placeAt(document: Document.Parsed, path: Path, lineCounter: LineCounter, start: number): Place {
  let node: unknown = document.contents;
  let place: Place = { line: start, column: 1 };
  const at = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (!isCollection(node)) break;
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isNode(item.key) && item.key.toJSON() === step);
      if (!pair) break;
      if (isNode(pair.key) && pair.key.range) place = at(pair.key.range[0]);
      node = pair.value;
    } else {
      const next: unknown = node.get(step, true);
      if (!isNode(next)) break;
      if (next.range) place = at(next.range[0]);
      node = next;
    }
  }
  return place;
}

/**
 * The first place that is nested too deep, judged from brackets and indentation alone: the parser recurses, so the limit
 * has to stand before it. Quoted brackets count too; 64 unclosed ones in a row are no design.
 */
export function tooDeepAt(text: string): Place | undefined {
  let open = 0;
  let dashes = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10) {
      dashes = 0;
      if (text.startsWith("---", i + 1)) open = 0;
    } else if (c === 91 || c === 123) open++;
    else if (c === 93 || c === 125) open = Math.max(0, open - 1);
    else if ((c === 45 || c === 63) && (text.charCodeAt(i + 1) === 32 || text.charCodeAt(i + 1) === 10)) dashes++;
    if (open > YAML_LIMITS.depth || dashes > YAML_LIMITS.depth) return placeIn(text, i);
  }
  const deepest = 2 * YAML_LIMITS.depth * 2;
  const indented = new RegExp(`^ {${deepest},}[^ \\n#]`, "m").exec(text);
  return indented ? placeIn(text, indented.index + indented[0].length - 1) : undefined;
}

const firstLine = (text: string) => text.split("\n")[0]?.replace(/:$/, "") ?? text;

// One object as text that a person edits: read it with every problem's place, bring it up to date, keep its comments.
// The rule: the object is the truth. A text that says something else is rewritten as little as possible, never trusted.
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { isSameJson } from "../commands/equal";
import { objectSchemas } from "../schema/document";
import { MAX_TEXT } from "../schema/primitives";
import type { MeshObject, Path } from "../types";
import { parseObject } from "../violations";
import { tooDeepAt, YAML_LIMITS } from "./read";
import { rewrite } from "./rewrite";
import { valuesToYaml } from "./values-to-yaml";

/** A place in the text; lines and columns count from 1, `from` and `to` are offsets. */
export type TextPlace = { from: number; to: number; line: number; column: number };
export type TextProblem = TextPlace & { message: string; fix: string };
export type ObjectText =
  | { ok: true; object: MeshObject; placeOf(path: Path): TextPlace }
  | { ok: false; isReadable: boolean; problems: TextProblem[] };

const OPTIONS = { version: "1.2", uniqueKeys: true, stringKeys: true, prettyErrors: true } as const;

/** Reads the text of one object. Syntax errors, schema errors and a second document are problems; so is another name than `own`. */
export function readObjectText(text: string, own?: MeshObject): ObjectText {
  const lines = new LineCounter();
  const place = (from: number, to: number): TextPlace => {
    const { line, col } = lines.linePos(from);
    return { from, to: Math.max(from, to), line: Math.max(1, line), column: Math.max(1, col) };
  };
  const unreadable = (from: number, to: number, message: string, fix: string): ObjectText => ({
    ok: false,
    isReadable: false,
    problems: [{ ...place(from, to), message, fix }],
  });
  if (text.length > YAML_LIMITS.bytes) return unreadable(0, 0, "The text is larger than 4 MiB.", "Make it shorter.");
  if (tooDeepAt(text) !== undefined) {
    return unreadable(0, 0, `The text is nested deeper than ${YAML_LIMITS.depth} levels.`, "Close the brackets.");
  }
  const document = parseDocument(text, { ...OPTIONS, lineCounter: lines });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      ...place(openQuote(document, error.pos[0]) ?? error.pos[0], Math.min(error.pos[1], text.length)),
      ...syntaxWords(error.code, error.message),
    }));
    return { ok: false, isReadable: false, problems };
  }
  const value = jsonOf(document);
  if (value === undefined) {
    return unreadable(0, 0, "The text uses too many aliases.", "Write the repeated parts out.");
  }
  if (value === null) {
    return unreadable(0, 0, "The text is empty.", "Undo, or discard the text to get the last good one back.");
  }
  const placeOf = (path: Path) => placeIn(document, path, place, text);
  const problem = (path: Path, message: string, fix: string): TextProblem => ({ ...placeOf(path), message, fix });
  const parsed = parseObject(value);
  if (!parsed.ok) {
    const problems = parsed.issues.map((issue) => problem(issue.path, sentence(issue.path, issue.message), issue.fix));
    return { ok: false, isReadable: true, problems };
  }
  const object = withoutText(parsed.object);
  const moved = own ? nameProblems(object, own) : [];
  if (parsed.object.metadata.text !== undefined) moved.push({ path: ["metadata", "text"], word: "text" });
  if (moved.length > 0) {
    const problems = moved.map(({ path, word }) =>
      problem(
        path,
        `The ${word} is not changed in the text.`,
        word === "text" ? "Remove it." : "Use Rename, or put it back.",
      ),
    );
    return { ok: false, isReadable: true, problems };
  }
  return { ok: true, object, placeOf };
}

/** The text of an object: as a person wrote it when that is kept, brought up to date; else the printed form. */
export function textOfObject(object: MeshObject): string {
  const kept = object.metadata.text;
  return kept === undefined ? printed(object) : editObjectText(kept, object);
}

/** `text` with the fewest changes that make it say `object`. Comments that cannot stay in their place move to the top. */
export function editObjectText(text: string, object: MeshObject): string {
  const target = plainOf(object);
  const whole = text.endsWith("\n") || text === "" ? text : `${text}\n`;
  const document = parseDocument(whole, OPTIONS);
  if (document.errors.length === 0) {
    if (isSameJson(jsonOf(document), target)) return text;
    const edited = attempt(() => rewrite(whole, document.contents, target));
    if (edited !== undefined) {
      const again = parseDocument(edited, OPTIONS);
      if (again.errors.length === 0 && isSameJson(jsonOf(again), target)) return edited;
    }
  }
  return [...commentLines(whole), printed(object)].join("");
}

/** What to keep beside the object: nothing when printing gives the same, or when it is too long to be kept. */
export function textToKeep(text: string, object: MeshObject): string | undefined {
  return text.length > MAX_TEXT || text.startsWith("%") || text === printed(object) ? undefined : text;
}

export function withoutText<T extends MeshObject>(object: T): T {
  if (object.metadata.text === undefined) return object;
  const { text: _text, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function printed(object: MeshObject): string {
  return valuesToYaml([plainOf(object)]);
}

/** Plain JSON in the order of the schema. */
function plainOf(object: MeshObject): Record<string, unknown> {
  return JSON.parse(JSON.stringify(objectSchemas[object.kind].parse(withoutText(object))));
}

function attempt(work: () => string): string | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function jsonOf(document: Document.Parsed): unknown {
  try {
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: YAML_LIMITS.aliases }) ?? null));
  } catch {
    return undefined;
  }
}

function commentLines(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const comment = /(?:^|\s)#.*$/.exec(line)?.[0].trim();
    return comment ? [`${comment}\n`] : [];
  });
}

function nameProblems(object: MeshObject, own: MeshObject): { path: Path; word: string }[] {
  const found: { path: Path; word: string }[] = [];
  if (object.kind !== own.kind) found.push({ path: ["kind"], word: "kind" });
  if (object.metadata.name !== own.metadata.name) found.push({ path: ["metadata", "name"], word: "name" });
  if (object.metadata.namespace !== own.metadata.namespace)
    found.push({ path: ["metadata", "namespace"], word: "namespace" });
  return found;
}

function sentence(path: Path, message: string): string {
  const field = [...path].reverse().find((step) => typeof step === "string");
  return field === undefined || message.startsWith('"') ? `${message}.` : `${field} ${message}.`;
}

/** An unclosed quote is noticed where the text ends; a person wants to know where it began. */
function openQuote(document: Document.Parsed, at: number): number | undefined {
  let found: number | undefined;
  visit(document, {
    Scalar(_, node) {
      const isQuoted = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
      if (isQuoted && node.range && node.range[0] < at && node.range[1] >= at) found = node.range[0];
    },
  });
  return found;
}

/** The parser's words are exact but for people who know YAML; these say what to do. */
function syntaxWords(code: string, message: string): { message: string; fix: string } {
  const said = (message.split("\n")[0] ?? message).replace(/ at line \d+, column \d+:?$/, "").replace(/:$/, "");
  const fixes: Record<string, string> = {
    BAD_INDENT: "Line the fields of one object up in the same column.",
    TAB_AS_INDENT: "Use spaces instead of tabs.",
    DUPLICATE_KEY: "Remove one of the two.",
    MISSING_CHAR: "Add the missing quote, bracket or colon.",
    MULTIPLE_DOCS: "Keep one object here; other objects have their own page.",
    UNEXPECTED_TOKEN: "Remove it, or put the text in quotes.",
    BLOCK_AS_IMPLICIT_KEY: "Begin a new line, or put the text in quotes.",
    MULTILINE_IMPLICIT_KEY: "Add the colon behind the field's name.",
    MISSING_ANCHOR: "Write the value out.",
    BAD_ALIAS: "Write the value out.",
  };
  return { message: `${said}.`, fix: fixes[code] ?? "Correct it, or discard the text." };
}

function placeIn(
  document: Document.Parsed,
  path: Path,
  place: (from: number, to: number) => TextPlace,
  text: string,
): TextPlace {
  let node: unknown = document.contents;
  let found: [number, number] = isNode(node) && node.range ? [node.range[0], lineEnd(text, node.range[0])] : [0, 0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === step);
      if (!pair) break;
      if (isNode(pair.key) && pair.key.range) found = [pair.key.range[0], pair.key.range[1]];
      node = pair.value;
    } else {
      node = isNode(node) && "get" in node ? node.get(step, true) : undefined;
      if (!isNode(node) || !node.range) break;
      found = [node.range[0], Math.min(node.range[1], lineEnd(text, node.range[0]))];
    }
  }
  if (isScalar(node) && node.range && node.range[1] > node.range[0]) found = [node.range[0], node.range[1]];
  return place(found[0], found[1]);
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

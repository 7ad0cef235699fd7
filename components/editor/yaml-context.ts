// Where in a YAML text the cursor is, as a path. Job: answer while the text is being typed and may not parse.
// Rule: read from indentation and the one line the cursor is in; a wrong guess offers too little, never something harmful.

export interface YamlContext {
  /** Of the object that gets a key, or of the field that gets a value. */
  path: (string | number)[];
  /** `item`: behind a dash, where either may stand. */
  wants: "key" | "value" | "item";
  /** What has been typed of it, and where it begins. */
  word: string;
  from: number;
  /** Column where keys of this object stand. */
  column: number;
}

type Step = { column: number; step: string | number };

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s:#,[\]{}'"][^:#]*?):(?=\s|$)/;

export function yamlContext(text: string, at: number): YamlContext | null {
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const stack: Step[] = [];
  let literal = -1;
  for (const line of text.slice(0, lineStart).split("\n").slice(0, -1)) {
    const indent = line.search(/\S/);
    if (indent < 0 || line[indent] === "#" || line.startsWith("---")) continue;
    if (literal >= 0 && indent > literal) continue;
    literal = -1;
    const { rest, column } = dashes(line, indent, stack);
    const key = KEY.exec(rest);
    if (!key) continue;
    enter(stack, column, nameOf(key[1] ?? ""));
    if (/^\s*[|>][-+\d]*\s*(#.*)?$/.test(rest.slice(key[0].length))) literal = indent;
  }
  const before = text.slice(lineStart, at);
  const indent = before.search(/\S/);
  if (literal >= 0 && (indent < 0 || indent > literal)) return null;
  return inLine(before, indent < 0 ? before.length : indent, stack, lineStart);
}

function inLine(before: string, indent: number, stack: Step[], lineStart: number): YamlContext | null {
  if (/(^|\s)#/.test(before.replace(/"[^"]*"|'[^']*'/g, ""))) return null;
  const { rest, column, isItem } = dashes(before, indent, stack);
  const key = KEY.exec(rest);
  if (!key) {
    if (!isItem) leave(stack, column);
    const path = stack.map((each) => each.step);
    return { path, wants: isItem ? "item" : "key", word: rest, from: lineStart + before.length - rest.length, column };
  }
  enter(stack, column, nameOf(key[1] ?? ""));
  const value = rest.slice(key[0].length).trimStart();
  const path = stack.map((each) => each.step);
  if (value.startsWith("{") || value.startsWith("[")) return inBrackets(value, path, lineStart + before.length, column);
  return { path, wants: "value", word: value, from: lineStart + before.length - value.length, column };
}

/** One level of brackets is enough for `{kind: Service, name: ...}` and `[GET, ...]`. */
function inBrackets(value: string, path: (string | number)[], end: number, column: number): YamlContext | null {
  const open = Math.max(value.lastIndexOf("{"), value.lastIndexOf("["));
  if (/[\]}]/.test(value.slice(open))) return null;
  const last =
    value
      .slice(open + 1)
      .split(",")
      .at(-1)
      ?.trimStart() ?? "";
  const [, name, word] = /^([\w-]+):\s*(.*)$/.exec(last) ?? [];
  if (value[open] === "[") return { path: [...path, 0], wants: "value", word: last, from: end - last.length, column };
  if (name === undefined || word === undefined)
    return { path, wants: "key", word: last, from: end - last.length, column };
  return { path: [...path, name], wants: "value", word, from: end - word.length, column };
}

/** Enters an item for each dash at the beginning of the line. */
function dashes(line: string, indent: number, stack: Step[]): { rest: string; column: number; isItem: boolean } {
  let rest = line.slice(indent);
  let column = indent;
  let isItem = false;
  for (let dash = /^-(\s+|$)/.exec(rest); dash; dash = /^-(\s+|$)/.exec(rest)) {
    while ((stack.at(-1)?.column ?? -1) > column) stack.pop();
    const top = stack.at(-1);
    if (top && top.column === column && typeof top.step === "number") top.step += 1;
    else stack.push({ column, step: 0 });
    rest = rest.slice(dash[0].length);
    column += dash[0].length;
    isItem = true;
  }
  return { rest, column, isItem };
}

function enter(stack: Step[], column: number, step: string): void {
  leave(stack, column);
  stack.push({ column, step });
}

function leave(stack: Step[], column: number): void {
  while ((stack.at(-1)?.column ?? -1) >= column) stack.pop();
}

function nameOf(key: string): string {
  return key.startsWith('"') || key.startsWith("'") ? key.slice(1, -1) : key.trim();
}

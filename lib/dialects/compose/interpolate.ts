// ${NAME:-default} in texts, as Compose reads it, without any environment: nothing but defaults has a value.
// The rule: a default is taken and told, a variable without one is empty and told; a text is read once, from left to right.
import type { Path } from "@/lib/mesh";
import { isRecord } from "../shared/fields";

/** `value` absent: nothing is known, empty is taken. */
export type Told = { path: Path; name: string; value?: string; isAddress: boolean };
export type Interpolated = { told: Told[]; broken: Path[] };

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
/** A default within a default within ...: more is no project. */
const MAX_DEPTH = 16;

class Broken extends Error {}
type Variable = { name: string; value?: string };

/** The tree with every text read; keys stay as they are. The reader bounds its depth. */
export function interpolated(value: unknown, path: Path, out: Interpolated): unknown {
  if (typeof value === "string") return value.includes("$") ? readText(value, path, out) : value;
  if (Array.isArray(value)) return value.map((each: unknown, i) => interpolated(each, [...path, i], out));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, interpolated(each, [...path, key], out)] as const),
  );
}

function readText(text: string, path: Path, out: Interpolated): string {
  const variables: Variable[] = [];
  try {
    const { value } = readUntil(text, 0, 0, variables);
    const isAddress = text.includes("://");
    // each name once for a text, however often it stands there
    for (const each of new Map(variables.map((one) => [one.name, one])).values()) {
      out.told.push({ path, isAddress, ...each });
    }
    return value;
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    out.broken.push(path);
    return text;
  }
}

/** Up to the closing brace of the variable that it is in, or to the end. */
function readUntil(text: string, start: number, depth: number, variables: Variable[]): { value: string; end: number } {
  if (depth > MAX_DEPTH) throw new Broken();
  let value = "";
  let at = start;
  while (at < text.length) {
    const c = text[at];
    if (c === "}" && depth > 0) return { value, end: at };
    if (c !== "$") {
      value += c;
      at++;
    } else if (text[at + 1] === "$") {
      value += "$";
      at += 2;
    } else if (text[at + 1] === "{") {
      const read = readBraces(text, at + 2, depth, variables);
      value += read.value;
      at = read.end + 1;
    } else {
      const name = nameAt(text, at + 1);
      variables.push({ name });
      at += 1 + name.length;
    }
  }
  if (depth > 0) throw new Broken();
  return { value, end: at };
}

function readBraces(text: string, start: number, depth: number, variables: Variable[]): { value: string; end: number } {
  const name = nameAt(text, start);
  const at = start + name.length;
  if (text[at] === "}") {
    variables.push({ name });
    return { value: "", end: at };
  }
  const operator = text[at] === ":" ? text.slice(at, at + 2) : text.slice(at, at + 1);
  if (!/^:?[-?+]$/.test(operator)) throw new Broken();
  const inner: Variable[] = [];
  const rest = readUntil(text, at + operator.length, depth + 1, inner);
  // "+" gives its word when the variable is set, "?" its complaint when it is not: neither is a default
  const hasDefault = operator.endsWith("-");
  if (hasDefault) for (const each of inner) variables.push(each);
  variables.push(hasDefault ? { name, value: rest.value } : { name });
  return { value: hasDefault ? rest.value : "", end: rest.end };
}

function nameAt(text: string, at: number): string {
  NAME.lastIndex = at;
  const found = NAME.exec(text)?.[0];
  if (found === undefined) throw new Broken();
  return found;
}

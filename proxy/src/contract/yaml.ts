// YAML as Envoy reads it (yaml-cpp, YAML 1.1): a plain y, n, yes, no, on or off is a boolean, a plain integer a number,
// everything else text; so that a file means the same to both proxies. One rule: no anchors bombs, no duplicate keys.

import type { JsonValue } from "@bufbuild/protobuf";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Violation } from "./violations";

/** An alias may be used, a bomb may not. */
const MAX_NODES = 1_000_000;
const BOOLEANS: Readonly<Record<string, boolean>> = {
  y: true,
  n: false,
  yes: true,
  no: false,
  true: true,
  false: false,
  on: true,
  off: false,
};

export function parseYaml(text: string): { ok: true; json: JsonValue } | { ok: false; violations: Violation[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: "failsafe", lineCounter: lines, uniqueKeys: true, merge: true });
  if (document.errors.length > 0) {
    return {
      ok: false,
      violations: document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return {
          path: "",
          message: `line ${line}, column ${col}: ${error.message.split("\n")[0]?.replace(/ at line .*/, "")}`,
        };
      }),
    };
  }
  try {
    return { ok: true, json: toJson(document.contents, document, { left: MAX_NODES }) };
  } catch (error) {
    return { ok: false, violations: [{ path: "", message: (error as Error).message }] };
  }
}

function toJson(node: unknown, document: ReturnType<typeof parseDocument>, budget: { left: number }): JsonValue {
  budget.left -= 1;
  if (budget.left < 0) {
    throw new Error(`the document has more than ${MAX_NODES} values after its aliases are followed; make it smaller`);
  }
  if (isAlias(node)) {
    const target = node.resolve(document);
    if (!target) {
      throw new Error(`the alias *${node.source} has no anchor before it`);
    }
    return toJson(target, document, budget);
  }
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map((pair) => {
        if (!isScalar(pair.key)) {
          throw new Error("a key is not plain text; use text as keys");
        }
        return [String(pair.key.value), toJson(pair.value, document, budget)];
      }),
    );
  }
  if (isSeq(node)) {
    return node.items.map((item) => toJson(item, document, budget));
  }
  return isScalar(node) ? scalarToJson(String(node.value ?? ""), node.type === "PLAIN") : null;
}

function scalarToJson(text: string, isPlain: boolean): JsonValue {
  if (!isPlain) {
    return text;
  }
  if (text === "" || text === "~" || /^(null|Null|NULL)$/.test(text)) {
    return null;
  }
  const isOneCase = text === text.toLowerCase() || text === text.toUpperCase() || /^[A-Z][a-z]+$/.test(text);
  const boolean = isOneCase && Object.hasOwn(BOOLEANS, text.toLowerCase()) ? BOOLEANS[text.toLowerCase()] : undefined;
  return boolean ?? integerOf(text) ?? text;
}

function integerOf(text: string): number | undefined {
  const isNumber = /^[-+]?(0|[1-9]\d*|0x[0-9a-fA-F]+)$/.test(text);
  const value = isNumber
    ? Number(text.replace(/^\+/, ""))
    : /^0[0-7]+$/.test(text)
      ? Number.parseInt(text, 8)
      : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

// Multi-document YAML -> document. Reports every problem of the text at once, each with file, line, path and fix.
import { objectKey } from "../refs";
import type { MeshDocument, MeshObject, ObjectKey, Path, Violation } from "../types";
import { looseKey, parseObject, violationsOf } from "../violations";
import { textToKeep } from "./object-text";
import { readYaml } from "./read";

export type FromYaml =
  | {
      ok: true;
      document: MeshDocument;
      locate(key: ObjectKey, path?: Path): { file?: string; line: number } | undefined;
    }
  | { ok: false; violations: Violation[] };

/** Schema and duplicate names are checked here; whether objects fit together is `validateDocument`. */
export function fromYaml(text: string, options: { file?: string } = {}): FromYaml {
  return fromYamlFiles([{ text, ...options }]);
}

export function fromYamlFiles(files: { text: string; file?: string }[]): FromYaml {
  const violations: Violation[] = [];
  const objects = new Map<ObjectKey, MeshObject>();
  const places = new Map<ObjectKey, { file?: string; lineOf(path: Path): number }>();
  for (const { text, file } of files) {
    const named = file === undefined ? {} : { file };
    const read = readYaml(text, named);
    violations.push(...read.violations);
    for (const document of read.documents) {
      const key = looseKey(document.value);
      const where = key ?? `document at line ${document.line}`;
      const parsed = parseObject(document.value);
      if (!parsed.ok) {
        const found = violationsOf(parsed.issues, where, key);
        violations.push(
          ...found.map((each, i) => {
            const path = parsed.issues[i]?.path ?? [];
            return { ...each, ...named, line: document.lineOf(path), column: document.columnOf(path) };
          }),
        );
        continue;
      }
      const own = objectKey(parsed.object);
      const first = places.get(own);
      if (first) {
        const at = `${first.file === undefined ? "line" : `${first.file}:`} ${first.lineOf([])}`.replace(": ", ":");
        const fix = "Remove one of the two, or rename it.";
        violations.push({
          path: own,
          key: own,
          message: `is written twice, first at ${at}`,
          fix,
          line: document.line,
          column: document.columnOf([]),
          ...named,
        });
        continue;
      }
      objects.set(own, withComments(parsed.object, document.commented));
      places.set(own, { ...named, lineOf: document.lineOf });
    }
  }
  if (violations.length > 0) return { ok: false, violations };
  return {
    ok: true,
    document: { objects: [...objects.values()] },
    locate(key, path = []) {
      const place = places.get(key);
      return place && { ...(place.file === undefined ? {} : { file: place.file }), line: place.lineOf(path) };
    },
  };
}

/** Comments come along, as the text beside the object; the model is the same with and without them. */
function withComments(object: MeshObject, commented: string | undefined): MeshObject {
  const text = commented === undefined ? undefined : textToKeep(commented, object);
  return text === undefined ? object : ({ ...object, metadata: { ...object.metadata, text } } as MeshObject);
}

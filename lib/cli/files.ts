// Reads designs from files: one file, several, folders (all *.yaml, *.yml and *.json below) or - for standard input.
// The rule: every problem of every file is reported before the command gives up.
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fromYamlFiles, parsePath, type Violation, validateDocument } from "@/lib/mesh";
import type { Given } from "./command";
import type { Design, ReadDesign, TextFile } from "./design";
import { type Io, UsageError, unreadable } from "./io";
import { designOfManifests, dialectOfGiven } from "./manifests";

const MAX_FILES = 5000;

export async function readTexts(io: Io, places: readonly string[]): Promise<TextFile[]> {
  if (places.length === 0) throw new UsageError("name a file, a folder, or - for standard input");
  const texts: TextFile[] = [];
  for (const place of places) {
    if (place === "-") {
      texts.push({ file: "stdin", text: await io.readStdin() });
      continue;
    }
    for (const file of filesAt(path.resolve(io.cwd, place))) {
      texts.push({ file: path.relative(io.cwd, file) || file, text: readFileSync(file, "utf8") });
    }
  }
  if (texts.length === 0) throw new UsageError(`there is no *.yaml, *.yml or *.json file in ${places.join(", ")}`);
  return texts;
}

function filesAt(place: string): string[] {
  try {
    if (!statSync(place).isDirectory()) return [place];
    const names = readdirSync(place, { recursive: true, encoding: "utf8" });
    const files = names.filter(
      (name) => /\.(ya?ml|json)$/.test(name) && !name.split(path.sep).includes("node_modules"),
    );
    if (files.length > MAX_FILES)
      throw new UsageError(`${place} has more than ${MAX_FILES} files: name a smaller folder`);
    return files.sort().map((name) => path.join(place, name));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw unreadable(place, error);
  }
}

/** `given`: of a command that takes a product's manifests as well (`--dialect`). */
export async function readDesign(io: Io, places: readonly string[], given?: Given): Promise<ReadDesign> {
  const manifests = given && dialectOfGiven(given);
  const texts = await readTexts(io, places);
  if (manifests) return designOfManifests(manifests, texts);
  const design = fromYamlFiles(texts);
  return design.ok ? { ok: true, design: { ...design, source: "design", warnings: [] } } : design;
}

/** Consistency problems with file and line. */
export function checkDesign(design: Design): Violation[] {
  return validateDocument(design.document).map((violation) => {
    const inside = violation.path.split("#")[1];
    const place =
      violation.key === undefined
        ? undefined
        : design.locate(violation.key, inside === undefined ? [] : parsePath(inside));
    return place ? { ...violation, ...place } : violation;
  });
}

// What a build step was made from, as one hash: a step whose hash is unchanged is skipped.
// The rule: content counts, times do not, so that a fresh clone with a copied build is still up to date.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = fileURLToPath(new URL("../../", import.meta.url));

const SKIPPED_FOLDERS = new Set([
  "node_modules",
  "dist",
  "generated",
  "testing",
  "test",
  "bench",
  "__golden__",
  "fixtures",
]);
const SKIPPED_FILES = /\.(test|spec)\.[a-z]+$|\.md$|\.tsbuildinfo$/;

function* filesUnder(relative) {
  const full = path.join(projectRoot, relative);
  const stat = fs.statSync(full, { throwIfNoEntry: false });
  if (!stat) return;
  if (stat.isFile()) {
    yield relative;
    return;
  }
  for (const entry of fs.readdirSync(full, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory() ? SKIPPED_FOLDERS.has(entry.name) : SKIPPED_FILES.test(entry.name)) continue;
    yield* filesUnder(`${relative}/${entry.name}`);
  }
}

/** SHA-256 over names and contents of the given files and folders (relative to the repository), and of `salt`. */
export function sourceHash(places, salt = "") {
  const hash = createHash("sha256").update(`${salt}\n${process.versions.node.split(".")[0]}\n`);
  for (const place of places) {
    for (const file of filesUnder(place)) {
      hash
        .update(`${file}\n`)
        .update(fs.readFileSync(path.join(projectRoot, file)))
        .update("\n");
    }
  }
  return hash.digest("hex");
}

const notesFile = path.join(projectRoot, "dist", "built.json");

/** The hashes of the steps that are done, kept beside what they made. */
export function builtHashes() {
  try {
    return JSON.parse(fs.readFileSync(notesFile, "utf8"));
  } catch {
    return {};
  }
}

export function rememberBuilt(step, hash) {
  fs.mkdirSync(path.dirname(notesFile), { recursive: true });
  fs.writeFileSync(notesFile, `${JSON.stringify({ ...builtHashes(), [step]: hash }, null, 2)}\n`);
}

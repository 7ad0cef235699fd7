// The tables of hostile input, which are TypeScript beside their tests, for the programs of this folder.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const test = fileURLToPath(new URL("../test/", import.meta.url));

export async function loadHostileTables() {
  const folder = mkdtempSync(join(tmpdir(), "meshwright-tables-"));
  const file = join(folder, "tables.mjs");
  const contents = `export { hostileGroups } from "./hostile-table.ts";
export { hostileFrameGroups } from "./hostile-frames.ts";
import { emptySettings, preface } from "./support/http2.ts";
export const hello = [preface, emptySettings];`;
  try {
    await build({
      stdin: { contents, resolveDir: test },
      outfile: file,
      bundle: true,
      format: "esm",
      platform: "node",
      logLevel: "error",
    });
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

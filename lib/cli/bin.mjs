#!/usr/bin/env node
// Launcher, so that npm can link the command before the build has run.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bundle = fileURLToPath(new URL("../../dist/meshwright.mjs", import.meta.url));
if (!existsSync(bundle)) {
  console.error("meshwright is not built yet: run `npm run build` in the repository first.");
  process.exit(1);
}
await import(bundle);

#!/bin/sh
///bin/sh -c :; exec node --max-semi-space-size=4 --single-threaded-gc --v8-pool-size=1 --max-inlined-bytecode-size=2000 --max-inlined-bytecode-size-cumulative=4000 --no-memory-reducer --initial-old-space-size=24 --heap-growing-percent=30 --no-warnings "$0" "$@"
// The line above is a command to a shell and a comment to Node: V8 takes these flags as it begins only (docs/decisions/memory.md).
// A launcher, so that npm can link the command before the build has run.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bundle = fileURLToPath(new URL("../dist/meshwright-proxy.mjs", import.meta.url));
if (!existsSync(bundle)) {
  console.error("meshwright-proxy is not built yet: run `npm run build` in the repository first.");
  process.exit(1);
}
await import(bundle);

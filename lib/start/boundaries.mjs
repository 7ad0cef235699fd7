// `npm run boundaries`: checks who imports whom (.dependency-cruiser.cjs).
// The rule: finding nothing to check is a failure. A cruise with a wrong TypeScript sees no modules and reports success.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "./source-hash.mjs";

/** Fewer modules than this and the cruise did not see the repository. Raise it as the tree grows. */
const MODULES_FLOOR = 100;
const FOLDERS = ["app", "components", "lib", "proxy/src", "e2e"];

/**
 * Cruises the given folders below `root` with the repository's rules.
 * @returns {Promise<{ modules: number, violations: { rule: string, from: string, to: string }[] }>}
 */
export async function checkBoundaries(root, folders, { cache = false } = {}) {
  const { cruise } = await import("dependency-cruiser");
  const { default: extractTsConfig } = await import("dependency-cruiser/config-utl/extract-ts-config");
  const { default: configuration } = await import(
    pathToFileURL(path.join(projectRoot, ".dependency-cruiser.cjs")).href
  );
  const { tsConfig, enhancedResolveOptions, cache: cacheOptions, ...options } = configuration.options;
  const found = folders.filter((folder) => fs.existsSync(path.join(root, folder)));
  const tsConfigFile = path.join(root, tsConfig.fileName);
  // The cruiser resolves `paths` against the working folder.
  const before = process.cwd();
  process.chdir(root);
  const { output } = await cruise(
    found,
    {
      ...options,
      ...(cache ? { cache: cacheOptions } : {}),
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: configuration.forbidden, options: { tsConfig: { fileName: tsConfigFile } } },
    },
    // The cruiser applies tsconfig's `paths` only beside a `baseUrl`, which TypeScript is about to drop: name the alias here.
    { ...enhancedResolveOptions, alias: { "@": root } },
    { tsConfig: extractTsConfig(tsConfigFile) },
  ).finally(() => process.chdir(before));
  return {
    modules: output.summary.totalCruised,
    violations: output.summary.violations.map((violation) => ({
      rule: violation.rule.name,
      from: violation.from,
      to: violation.cycle ? violation.cycle.map((step) => step.name ?? step).join(" -> ") : violation.to,
    })),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { modules, violations } = await checkBoundaries(projectRoot, FOLDERS, { cache: true });
  for (const { rule, from, to } of violations) console.error(`${rule}: ${from} -> ${to}`);
  if (modules < MODULES_FLOOR) {
    console.error(`Only ${modules} modules were seen, at least ${MODULES_FLOOR} are expected: the cruise is broken.`);
  }
  console.log(`${modules} modules cruised, ${violations.length} forbidden imports.`);
  if (violations.length > 0 || modules < MODULES_FLOOR) process.exit(1);
}

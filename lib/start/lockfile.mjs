// `node lib/start/lockfile.mjs`: completes package-lock.json after `npm install`.
// npm leaves out the packages of other platforms when the registry it asks does not carry them, and then `npm ci` refuses the
// file everywhere. An entry without integrity is enough: only the platform it names ever fetches it.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "./source-hash.mjs";

const SYSTEMS = ["darwin", "linux", "win32", "freebsd", "openbsd", "netbsd", "android", "openharmony", "sunos", "aix"];
const PROCESSORS = ["x64", "arm64", "arm", "armv7", "ia32", "ppc64", "riscv64", "s390x", "loong64", "mips64el"];

/** What the name says about the platform: ".../binding-linux-arm64-musl" is linux, arm64, musl. */
export function platformOf(name) {
  const words = name.split("/").at(-1).split("-");
  const system = words.find((word) => SYSTEMS.includes(word)) ?? (words.includes("windows") ? "win32" : undefined);
  const processor = words.find((word) => PROCESSORS.includes(word));
  if (!system || !processor) return undefined;
  const libc =
    system !== "linux"
      ? undefined
      : words.includes("musl")
        ? "musl"
        : words.some((w) => w.startsWith("gnu"))
          ? "glibc"
          : undefined;
  return { os: [system], cpu: [processor === "armv7" ? "arm" : processor], ...(libc ? { libc: [libc] } : {}) };
}

/** The optional packages that some entry asks for and that have no entry: [{ name, version, isDev }]. */
export function missingPackages(lock) {
  const missing = new Map();
  for (const entry of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const isPinned = /^\d/.test(version);
      if (isPinned && !lock.packages[`node_modules/${name}`])
        missing.set(name, { name, version, isDev: entry.dev === true });
    }
  }
  return [...missing.values()];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const file = path.join(projectRoot, "package-lock.json");
  const lock = JSON.parse(fs.readFileSync(file, "utf8"));
  for (const { name, version, isDev } of missingPackages(lock)) {
    const platform = platformOf(name);
    if (!platform) throw new Error(`${name} is missing and its name does not tell a platform: add it by hand.`);
    const dev = isDev ? { dev: true } : {};
    lock.packages[`node_modules/${name}`] = { version, ...dev, optional: true, ...platform };
    console.log(`added ${name} ${version} (${platform.os}, ${platform.cpu})`);
  }
  const [root, ...others] = Object.entries(lock.packages);
  others.sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries([root, ...others]);
  fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}

// Installs the packages when package-lock.json changed since the last time, and only then.
// The rule: no install script of a package is needed or run; everything works from what the registry ships.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { runForeground } from "./foreground.mjs";
import { projectRoot } from "./source-hash.mjs";

const noteFile = path.join(projectRoot, "node_modules", ".meshwright-installed");

function lockHash() {
  const hash = createHash("sha256");
  for (const file of ["package-lock.json", "package.json", "proxy/package.json"]) {
    hash.update(fs.readFileSync(path.join(projectRoot, file)));
  }
  return hash.digest("hex");
}

/** Someone may have run `npm ci` by hand: then npm's own record of what it installed says the same as the lockfile. */
function matchesLockfile() {
  try {
    const read = (file) => JSON.parse(fs.readFileSync(path.join(projectRoot, file), "utf8")).packages;
    const wanted = read("package-lock.json");
    const installed = read("node_modules/.package-lock.json");
    return Object.entries(wanted).every(([name, entry]) => {
      if (!name.includes("node_modules/") || entry.optional || entry.link || entry.peer) return true;
      return installed[name]?.version === entry.version;
    });
  } catch {
    return false;
  }
}

export function isInstalled() {
  const hash = lockHash();
  if (fs.existsSync(noteFile) && fs.readFileSync(noteFile, "utf8") === hash) return true;
  if (!matchesLockfile()) return false;
  fs.writeFileSync(noteFile, hash);
  return true;
}

/** Returns true when packages were installed now. */
export async function ensureInstalled() {
  if (isInstalled()) return false;
  const npm = process.env.npm_execpath;
  const args = ["ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const [command, all] = npm?.endsWith(".js") ? [process.execPath, [npm, ...args]] : ["npm", args];
  const { code, stdout, stderr } = await runForeground(command, all, { cwd: projectRoot });
  if (code !== 0) {
    throw new Error(
      `npm ci ended with ${code}. Check that the package registry can be reached, then start again.\n${`${stdout}${stderr}`.trim()}`,
    );
  }
  fs.writeFileSync(noteFile, lockHash());
  return true;
}

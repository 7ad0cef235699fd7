// The licences of what esbuild put into one file: they ask that their text goes along with every copy.
// The rule: a package that shows none fails the build by name; it must not be handed on in silence.
import fs from "node:fs";
import path from "node:path";

const PACKAGE = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const LINE = `\n\n${"-".repeat(80)}\n\n`;

/**
 * @param {readonly string[]} inputs files of a bundle, as esbuild's metafile names them, relative to `root`
 * @param {string} root
 */
export function bundledLicenses(inputs, root) {
  const packages = new Map();
  for (const input of inputs) {
    const match = PACKAGE.exec(input);
    if (!match) continue;
    const known = packages.get(match[1]) ?? { name: match[1], folder: path.join(root, match[0]), files: [] };
    known.files.push(path.join(root, input));
    packages.set(match[1], known);
  }
  const texts = [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(licenseOf);
  return `${["The licences of the packages that meshwright-proxy.mjs contains.", ...texts].join(LINE)}\n`;
}

function licenseOf({ name, folder, files }) {
  const { version, license } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  const texts = fs
    .readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice)/i.test(file))
    .sort()
    .map((file) => fs.readFileSync(path.join(folder, file), "utf8").trim());
  // Some say it at the head of each file only.
  const found = texts.length > 0 ? texts : [...new Set(files.flatMap(headOf))];
  if (found.length === 0)
    throw new Error(`${name} shows no licence in ${folder}: it may not be handed on in a bundle.`);
  return [`${name} ${version} (${license})`, ...found].join("\n\n");
}

function headOf(file) {
  const head = /^(?:\/\/.*\n)+/.exec(fs.readFileSync(file, "utf8"))?.[0] ?? "";
  return /copyright/i.test(head) ? [head.replaceAll(/^\/\/ ?/gm, "").trim()] : [];
}

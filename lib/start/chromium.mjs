// Finds a Chromium for the browser tests: a named one, an installed one, Playwright's own, the one that npm ships.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { projectRoot } from "./source-hash.mjs";

const INSTALLED = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

// Debian's Chromium draws on a graphics card by default; without one that costs twice as much as not to.
const ARGUMENTS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"],
  "--disable-gpu-rasterization",
];

function installed() {
  for (const name of INSTALLED) {
    const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
    if (found.status === 0) return found.stdout.trim();
  }
  return fs.existsSync(MAC) ? MAC : undefined;
}

async function playwrights() {
  const { chromium } = await import("playwright");
  try {
    const file = chromium.executablePath();
    return fs.existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** It unpacks itself into the folder of temporary files, where another person's may stand already: a folder of this clone instead. */
async function shipped() {
  const folder = path.join(projectRoot, "node_modules", ".cache", "chromium");
  const before = process.env.TMPDIR;
  try {
    fs.mkdirSync(folder, { recursive: true });
    process.env.TMPDIR = folder;
    const { default: chromium } = await import("@sparticuz/chromium");
    return { executable: await chromium.executablePath(), arguments: chromium.args };
  } catch {
    return undefined;
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** @returns {Promise<{ executable: string, arguments: string[], from: string }>} */
export async function findChromium() {
  const named = process.env.PLAYWRIGHT_CHROMIUM_PATH;
  if (named) {
    if (!fs.existsSync(named)) throw new Error(`PLAYWRIGHT_CHROMIUM_PATH names ${named}, which does not exist.`);
    return { executable: named, arguments: ARGUMENTS, from: "PLAYWRIGHT_CHROMIUM_PATH" };
  }
  const system = installed();
  if (system) return { executable: system, arguments: ARGUMENTS, from: "installed" };
  const own = await playwrights();
  if (own) return { executable: own, arguments: ARGUMENTS, from: "Playwright's own" };
  const npm = await shipped();
  if (npm) {
    // Its own list makes it a single process, which crashes with several contexts.
    const args = npm.arguments.filter((argument) => !/^--(single-process|no-zygote|headless)/.test(argument));
    return {
      executable: npm.executable,
      arguments: [...new Set([...args, ...ARGUMENTS])],
      from: "@sparticuz/chromium",
    };
  }
  throw new Error("There is no Chromium: install one, or name one in PLAYWRIGHT_CHROMIUM_PATH.");
}

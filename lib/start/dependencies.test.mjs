import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "./source-hash.mjs";

const read = (file) => fs.readFileSync(path.join(projectRoot, file), "utf8");
const direct = new Set(
  ["package.json", "proxy/package.json"].flatMap((file) => {
    const { dependencies, devDependencies } = JSON.parse(read(file));
    return Object.keys({ ...dependencies, ...devDependencies });
  }),
);
/** The rows of the table under its head: the packages of each, and why. */
const rows = [...read("docs/decisions/dependencies.md").matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)].slice(2);
const explained = rows.flatMap(([, packages]) => packages.split(",").map((name) => name.trim()));

test("every direct dependency has its line, under its whole name and once", () => {
  expect(explained.toSorted()).toEqual([...direct].toSorted());
});

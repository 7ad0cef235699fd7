import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { missingPackages, platformOf } from "./lockfile.mjs";
import { projectRoot } from "./source-hash.mjs";

const read = (file) => fs.readFileSync(path.join(projectRoot, file), "utf8");

test("the lockfile has the packages of every platform, so that npm ci accepts it everywhere", () => {
  const missing = missingPackages(JSON.parse(read("package-lock.json"))).map(({ name }) => name);
  expect(missing, "run: node lib/start/lockfile.mjs").toEqual([]);
});

test("the lockfile names no registry", () => {
  expect(read("package-lock.json")).not.toMatch(/"resolved": "https?:/);
});

test("a package's name tells its platform", () => {
  expect(platformOf("@oxc-parser/binding-linux-arm64-musl")).toEqual({ os: ["linux"], cpu: ["arm64"], libc: ["musl"] });
  expect(platformOf("@bufbuild/buf-linux-armv7")).toEqual({ os: ["linux"], cpu: ["arm"] });
  expect(platformOf("@next/swc-win32-x64-msvc")).toEqual({ os: ["win32"], cpu: ["x64"] });
  expect(platformOf("left-pad")).toBeUndefined();
});

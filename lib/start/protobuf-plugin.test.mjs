import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { registry } from "@/proxy/src/contract/registry";
import { protobufPlugin } from "./protobuf-plugin.mjs";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-plugin-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const factsOf = (each) =>
  [...each]
    .map((type) => [
      type.typeName,
      type.kind === "message" ? type.fields.map((field) => `${field.number} ${field}`) : [],
    ])
    .sort();

test("a bundle knows the same messages and fields as without the plugin", async () => {
  const outfile = path.join(folder, "registry.mjs");
  const entry = path.join(import.meta.dirname, "../../proxy/src/contract/registry.ts");
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    plugins: [protobufPlugin],
  });
  const bundled = await import(pathToFileURL(outfile).href);
  expect(factsOf(bundled.registry)).toEqual(factsOf(registry));
  expect(factsOf(bundled.registry).length).toBeGreaterThan(100);
}, 60_000);

test("another version of the library fails the build by name", () => {
  const file = path.join(folder, "@bufbuild/protobuf/dist/esm/registry.js");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, "registry.addFile(dep);");
  let load;
  protobufPlugin.setup({
    onLoad: (_filter, handler) => {
      load = handler;
    },
  });
  expect(load({ path: file }).errors[0].text).toContain(file);
});

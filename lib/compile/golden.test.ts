import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { plan } from "@meshwright/proxy/plan";
import { describe, expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { compile } from "./compile";
import { resourcesToJson } from "./resources";
import { demoInput, inputFor } from "./testing/inputs";
import { richMesh, seedObjects, withObjects } from "./testing/rich";
import type { CompileInput } from "./types";

// UPDATE_GOLDEN=1 rewrites them; read the difference before you commit it.
const folder = fileURLToPath(new URL("__golden__/", import.meta.url));

const cases: Record<string, CompileInput> = {
  demo: demoInput(),
  seed: inputFor(withObjects(demoMesh(), seedObjects())),
  rich: inputFor(richMesh()),
};
const GOLDEN: readonly [name: string, proxies: readonly string[]][] = [
  ["demo", ["checkout-v1/0", "catalog-v1/0", "shipping-v1/0", "shop-gateway/0"]],
  ["seed", ["checkout-v1/0"]],
  ["rich", ["checkout-v1/0", "inventory-v1/0", "shipping-v1/0", "cart-v1/0", "catalog-v1/0"]],
];

describe.each(GOLDEN)("%s", (name, proxies) => {
  test.each(proxies)("%s is as recorded", (proxy) => {
    const input = cases[name]!;
    const result = compile(input, `production/${proxy}`);
    if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
    const text = `${JSON.stringify({ warnings: result.warnings, ...resourcesToJson(result.resources) }, null, 2)}\n`;
    const file = `${folder}${name}~${proxy.replaceAll("/", "~")}.json`;
    if (process.env["UPDATE_GOLDEN"] === "1" || !existsSync(file)) {
      if (process.env["UPDATE_GOLDEN"] !== "1") throw new Error(`${file} is missing: run with UPDATE_GOLDEN=1`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, text);
    }
    expect(text).toBe(readFileSync(file, "utf8"));
  });
});

test.each(Object.entries(cases))("plan() accepts every proxy of %s without a refusal", (_, input) => {
  for (const { proxyId } of input.endpoints) {
    const result = compile(input, proxyId);
    if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
    const { secrets: _names, ...resources } = result.resources;
    const planned = plan(resources, { externalSecrets: ["identity", "bundle"] });
    expect(planned.ok ? [] : planned.violations, proxyId).toEqual([]);
  }
});

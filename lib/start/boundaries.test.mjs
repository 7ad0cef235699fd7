// One tree of small files in which every rule is broken once, and its lawful twin, which must stay silent.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkBoundaries } from "./boundaries.mjs";
import { projectRoot } from "./source-hash.mjs";

// [rule, file that breaks it, its text, targets to create]
const VIOLATIONS = [
  ["no-cycles", "lib/auth/one.ts", 'import "./two";', { "lib/auth/two.ts": 'import "./one";' }],
  ["mesh-is-a-leaf", "lib/mesh/a.ts", 'import "@/lib/analysis/target";'],
  ["pure-imports-pure", "lib/compile/a.ts", 'import "@/lib/data/target";'],
  ["pure-imports-pure", "lib/signals/deep/b.ts", 'import "../../../components/ui/target";'],
  ["pure-imports-pure", "lib/selection/facts/a.ts", 'import "@/lib/data/target";'],
  ["pure-imports-pure", "lib/compile/c.ts", 'import "../../proxy/src/http/target";'],
  ["pure-npm-allow-list", "lib/analysis/a.ts", 'import { readFileSync } from "node:fs";'],
  ["pure-npm-allow-list", "lib/compile/d.ts", 'import React from "react";'],
  ["pure-npm-allow-list", "lib/deploy/a.ts", 'import type { NextConfig } from "next";'],
  ["api-schema-is-pure", "lib/api/schema/a.ts", 'import "@/lib/data/target";'],
  ["components-reach-server-by-type-only", "components/topology/a.tsx", 'import { x } from "@/lib/data/target";'],
  [
    "components-reach-server-by-type-only",
    "components/topology/env.tsx",
    'import { x } from "@/lib/env";',
    { "lib/env.ts": "export const x = 1;" },
  ],
  ["surfaces-know-no-domain", "components/ui/a.tsx", 'import "@/lib/mesh/target";'],
  ["surfaces-know-no-domain", "components/charts/a.tsx", 'import "@/components/topology/target";'],
  ["feature-surface-only", "components/policies/a.tsx", 'import "@/components/topology/target";'],
  ["only-the-canvas-imports-react-flow", "components/topology/flow.tsx", 'import { ReactFlow } from "@xyflow/react";'],
  ["lib-knows-no-screen", "lib/auth/a.ts", 'import "@/components/ui/target";'],
  ["components-know-no-route", "components/topology/route.tsx", 'import "@/app/target";'],
  ["only-data-touches-prisma", "lib/auth/prisma.ts", 'import { PrismaClient } from "@prisma/client";'],
  [
    "only-data-touches-prisma",
    "app/prisma.ts",
    'import "@/lib/data/generated/client";',
    { "lib/data/generated/client.ts": "export const c = 1;" },
  ],
  ["proxy-is-standalone", "proxy/src/http/a.ts", 'import "../../../lib/mesh/target";'],
  ["proxy-by-its-entry-points", "lib/agent/a.ts", 'import "../../proxy/src/http/target";'],
  [
    "proxy-by-its-entry-points",
    "lib/agent/deep.ts",
    'import "@/proxy/src/plan/inner";',
    { "proxy/src/plan/inner.ts": "export const i = 1;" },
  ],
  ["proxy-entry-points-are-pure", "proxy/src/semantics/a.ts", 'import "../http/target";'],
  ["no-test-code-in-product", "lib/auth/b.ts", 'import "./b.test";', { "lib/auth/b.test.ts": "export const t = 1;" }],
  [
    "no-test-code-in-product",
    "lib/auth/c.ts",
    'import "@/lib/mesh/testing/builders";',
    { "lib/mesh/testing/builders.ts": "export const t = 1;" },
  ],
  ["no-unresolved-import", "lib/auth/d.ts", 'import "@/lib/auth/nowhere";'],
];

const LAWFUL = {
  "lib/compile/good.ts":
    'import { p } from "@meshwright/proxy/plan"; import { z } from "zod"; import "@/lib/mesh/target"; export const g = [p, z];',
  "components/topology/good.tsx":
    'import type { x } from "@/lib/data/target"; import "@/lib/mesh/target"; import "../canvas/target"; export type G = typeof x;',
  "components/policies/good.tsx": 'import "@/components/topology/index";',
  "components/canvas/good.tsx": 'import { ReactFlow } from "@xyflow/react"; export const g = ReactFlow;',
  "lib/data/good.ts": 'import { PrismaClient } from "@prisma/client"; export const g = PrismaClient;',
  "lib/auth/good.test.ts": 'import "@/lib/mesh/testing/builders";',
};

const TARGETS = [
  ...["lib/mesh", "lib/analysis", "lib/data", "components/ui", "components/canvas", "components/topology", "app"],
  "proxy/src/http",
];

let root;
let violations;

function write(file, text) {
  const full = path.join(root, file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, `${text}\n`);
}

beforeAll(async () => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-boundaries-")));
  for (const folder of TARGETS) write(`${folder}/target.ts`, "export const x = 1;");
  write("components/topology/index.ts", "export const topology = 1;");
  write("proxy/src/plan/index.ts", "export const p = 1;");
  write("proxy/package.json", fs.readFileSync(path.join(projectRoot, "proxy", "package.json"), "utf8"));
  for (const [, file, text, more] of VIOLATIONS) {
    write(file, text);
    for (const [name, content] of Object.entries(more ?? {})) write(name, content);
  }
  for (const [file, text] of Object.entries(LAWFUL)) write(file, text);
  write("tsconfig.json", fs.readFileSync(path.join(projectRoot, "tsconfig.json"), "utf8"));
  fs.mkdirSync(path.join(root, "node_modules", "@meshwright"), { recursive: true });
  fs.symlinkSync(path.join(root, "proxy"), path.join(root, "node_modules", "@meshwright", "proxy"));
  for (const name of ["zod", "react", "next", "@xyflow", "@prisma"]) {
    fs.symlinkSync(path.join(projectRoot, "node_modules", name), path.join(root, "node_modules", name));
  }
  ({ violations } = await checkBoundaries(root, ["app", "components", "lib", "proxy/src"]));
}, 60_000);

afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

test.each(VIOLATIONS.map(([rule, file]) => [rule, file]))("%s fires for %s", (rule, file) => {
  const found = violations.filter((violation) => violation.from === file).map((violation) => violation.rule);
  expect(found).toContain(rule);
});

test("every rule of the configuration is broken by a case above", async () => {
  const { default: configuration } = await import("../../.dependency-cruiser.cjs");
  const tested = new Set(VIOLATIONS.map(([rule]) => rule));
  expect(configuration.forbidden.map((rule) => rule.name).filter((name) => !tested.has(name))).toEqual([]);
});

test("lawful imports are left alone", () => {
  expect(violations.filter((violation) => violation.from in LAWFUL)).toEqual([]);
});

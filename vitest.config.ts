import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));
const shared = { resolve: { alias: { "@": root } } };
const setupFiles = [`${root}lib/start/testing/fixed-seed.ts`];

// unit: no sockets beyond loopback helpers, no database, no build output; part of `npm run check`.
// integration: real processes, PostgreSQL, sockets, Envoy where present; files end in .integration.test.ts.
// whole: the integration tests that start all of Meshwright, or load it: one after the other, with the machine to themselves.
const whole = [
  "lib/start/{known-latencies,recovery,seed-split,start-stop}.integration.test.*",
  "lib/control-plane/**/*.integration.test.*",
  "lib/simulate/reality.integration.test.*",
];
// In CI a test that fails is tried once more, because one of five thousand can meet a busy neighbour; which ones did is told at the end.
const retry = process.env["CI"] ? 1 : 0;
const patient = { testTimeout: 60_000, hookTimeout: 120_000, retry };

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          setupFiles,
          include: ["lib/**/*.test.{ts,mjs}", "components/**/*.test.ts", "app/**/*.test.ts", "proxy/**/*.test.ts"],
          exclude: ["**/*.integration.test.*", "**/node_modules/**", "**/dist/**"],
          // What a unit test needs it makes itself, so that files share the loaded modules: most of the time would be loading them.
          isolate: false,
          // Random designs by the hundred take their time on a busy machine; a loop without an end is still told.
          testTimeout: 30_000,
          retry,
          // Two cores are two workers; what is left to itself takes one.
          maxWorkers: 2,
        },
      },
      {
        ...shared,
        test: {
          name: "integration",
          setupFiles,
          include: ["{lib,proxy,app}/**/*.integration.test.{ts,mjs}"],
          exclude: ["**/node_modules/**", "**/dist/**", ...whole],
          ...patient,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          name: "whole",
          include: whole,
          ...patient,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));
const shared = { resolve: { alias: { "@": root } } };

// unit: no sockets beyond loopback helpers, no database, no build output; part of `npm run check`.
// integration: real processes, PostgreSQL, sockets, Envoy where present; files end in .integration.test.ts.
export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          include: ["lib/**/*.test.{ts,mjs}", "components/**/*.test.ts", "app/**/*.test.ts", "proxy/**/*.test.ts"],
          exclude: ["**/*.integration.test.*", "**/node_modules/**", "**/dist/**"],
        },
      },
      {
        ...shared,
        test: {
          name: "integration",
          include: ["{lib,proxy,app}/**/*.integration.test.{ts,mjs}"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

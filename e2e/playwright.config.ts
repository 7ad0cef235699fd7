// The browser tests. Started by lib/start/e2e.mjs, which puts the Meshwright under test and the browser into MESHWRIGHT_E2E.
// Every test runs in four guises unless it is tagged @once: wide and phone, light and dark.
import { defineConfig } from "playwright/test";
import { GUISES } from "./guises";
import { subject } from "./subject";

const { chromium, url, isScreens } = subject();

export default defineConfig({
  testDir: ".",
  testMatch: isScreens ? "screens.ts" : "*.spec.ts",
  outputDir: "../test-results/browser",
  workers: 1,
  // In CI once more, and told at the end of the run, as with the other tests.
  retries: process.env["CI"] ? 1 : 0,
  timeout: 60_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  reporter: [["list"], ["json"]],
  use: {
    baseURL: url,
    launchOptions: { executablePath: chromium.executable, args: chromium.arguments },
    screenshot: isScreens ? "off" : "only-on-failure",
    // A trace costs every test a good part of its time; it is taken when somebody wants to read one.
    trace: process.env["MESHWRIGHT_E2E_TRACE"] ? "retain-on-failure" : "off",
    locale: "en-GB",
    timezoneId: "UTC",
    reducedMotion: "reduce",
  },
  projects: GUISES.filter(({ name }) => !isScreens || name === "wide-light").map(({ name, viewport, colorScheme }) => ({
    name,
    use: { viewport, colorScheme },
    ...(name === "wide-light" ? {} : { grepInvert: /@once/ }),
  })),
});

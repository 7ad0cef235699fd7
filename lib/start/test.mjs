// `npm test`: everything. Unit and integration tests, then the browser against a Meshwright that is started as a person does.
//   --without-unit   leaves the unit tests out, for .ci/run, where `npm run check` has just run them
// The rule: the last line is the sum of all counts; what could not run counts as failed.
import { ensureInstalled } from "./install.mjs";

const startedAt = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;

if (await ensureInstalled()) console.log("Packages installed.");
const { build } = await import("./build.mjs");
const { runVitest } = await import("./check.mjs");
const { printFailures, printFlaky } = await import("./run-report.mjs");
const { runBrowserTests } = await import("./e2e.mjs");

const results = [];

async function part(name, work) {
  const partStartedAt = Date.now();
  console.log(`\n== ${name}`);
  let result;
  try {
    result = await work();
  } catch (error) {
    console.error(error.message);
    result = { passed: 0, failed: 1, failures: [{ name, reason: error.message }] };
  }
  if (result.output && result.failed > 0) console.log(result.output.trim());
  console.log(`== ${name}: ${result.passed} passed, ${result.failed} failed (${seconds(partStartedAt)})`);
  if (result.slowest?.length > 0) console.log(`   slowest: ${result.slowest.join(", ")}`);
  results.push(result);
}

console.log("== build");
let isBuilt = true;
try {
  await build();
} catch (error) {
  isBuilt = false;
  results.push({ passed: 0, failed: 1, failures: [{ name: "build", reason: error.message }] });
  console.error(`Build failed: ${error.message}`);
}
if (!process.argv.includes("--without-unit")) await part("unit", () => runVitest(["unit"]));
await part("integration", () => runVitest(["integration", "whole"]));
if (isBuilt) await part("browser", () => runBrowserTests());

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
printFailures(results.flatMap(({ failures }) => failures));
printFlaky(results.flatMap(({ flaky = [] }) => flaky));
console.log(`\nall parts took ${seconds(startedAt)}`);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exit(sum("failed") > 0 || sum("passed") === 0 ? 1 : 0);

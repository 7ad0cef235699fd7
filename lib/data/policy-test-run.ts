// Asks a design all saved policy tests without holding up everybody else in the process.
// The rule: bounded in time, and other work gets its turn in between; what was not asked in time is told, never guessed.
import { setImmediate as turn } from "node:timers/promises";
import type { MeshDocument } from "@/lib/mesh";
import { buildScene, type PolicyTest, runTests, type TestResult } from "@/lib/simulate";

/** A thousand tests of a mesh of a thousand services take about half of it. */
const BUDGET_MS = 15_000;
/** What one answer of the API may be late by. */
const SLICE_MS = 50;

/** In the order of the tests; null: not asked in time. */
export async function runPaced(
  document: MeshDocument,
  tests: readonly PolicyTest[],
  budgetMs = BUDGET_MS,
): Promise<(TestResult | null)[]> {
  const scene = buildScene(document);
  const results: (TestResult | null)[] = [];
  const start = performance.now();
  let sliceStart = start;
  for (const test of tests) {
    const now = performance.now();
    if (now - start >= budgetMs) {
      results.push(null);
      continue;
    }
    if (now - sliceStart >= SLICE_MS) {
      await turn();
      sliceStart = performance.now();
    }
    results.push(runTests(scene, [test])[0] ?? null);
  }
  return results;
}

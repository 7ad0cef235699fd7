import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { playwrightFailures, playwrightFlaky, slowestFiles, vitestFailures, vitestTrouble } from "./run-report.mjs";
import { projectRoot } from "./source-hash.mjs";

test("failed tests and files that could not be loaded are told by file, name and first lines", () => {
  const long = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
  const failures = vitestFailures({
    testResults: [
      {
        name: path.join(projectRoot, "lib", "a.test.ts"),
        status: "failed",
        message: "",
        assertionResults: [
          { status: "passed", fullName: "holds", failureMessages: [] },
          {
            status: "failed",
            fullName: "breaks",
            failureMessages: [`\u001b[31mexpected 1 to be 2\u001b[39m\n${long}`],
          },
        ],
      },
      {
        name: path.join(projectRoot, "lib", "b.test.ts"),
        status: "failed",
        message: "no such module",
        assertionResults: [],
      },
    ],
  });
  expect(failures.map(({ name }) => name)).toEqual(["lib/a.test.ts > breaks", "lib/b.test.ts"]);
  expect(failures[0].reason.split("\n")[0]).toBe("expected 1 to be 2");
  expect(failures[0].reason.split("\n")).toHaveLength(12);
  expect(failures[1].reason).toBe("no such module");
});

test("of what vitest printed, failures and unhandled errors are told, not what passed", () => {
  const passed = " ✓ |unit| lib/a.test.ts (3 tests) 5ms\n".repeat(200);
  const failures = "⎯⎯⎯ Failed Tests 1 ⎯⎯⎯\n\n FAIL lib/b.test.ts > breaks\n";
  expect(vitestTrouble(passed + failures)).toBe(failures.trim());
  const unhandled = "⎯⎯⎯ Unhandled Errors ⎯⎯⎯\nError: worker ended";
  expect(vitestTrouble(passed + unhandled)).toBe(unhandled);
  const crash = vitestTrouble(`${passed}FATAL ERROR: heap out of memory`);
  expect(crash.split("\n")).toHaveLength(60);
  expect(crash).toContain("heap out of memory");
});

test("failed tests of the browser are found in nested suites, with their guise and what stood on the page", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-report-"));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  const context = path.join(folder, "error-context.md");
  fs.writeFileSync(context, "# Error\n\nlong\n\n# Page snapshot\n\n- heading\n- alert: no\n");
  const result = { error: { message: "contrast" }, attachments: [{ name: "error-context", path: context }] };
  const spec = (status) => ({
    file: "walk.spec.ts",
    title: "walks",
    tests: [{ projectName: "phone-dark", status, results: [result] }],
  });
  expect(
    playwrightFailures({ suites: [{ specs: [spec("expected")], suites: [{ specs: [spec("unexpected")] }] }] }),
  ).toEqual([{ name: "walk.spec.ts > walks (phone-dark)", reason: "contrast", page: "- heading\n- alert: no" }]);
  expect(playwrightFailures({})).toEqual([]);
  expect(playwrightFlaky({ suites: [{ suites: [{ specs: [spec("expected"), spec("flaky")] }] }] })).toEqual([
    "walk.spec.ts > walks (phone-dark)",
  ]);
});

test("files over ten seconds are listed, the slowest first", () => {
  const file = (name, seconds) => ({
    name: path.join(projectRoot, name),
    startTime: 1_000,
    endTime: 1_000 + seconds * 1_000,
  });
  expect(slowestFiles({ testResults: [file("quick", 9), file("slow", 12), file("slower", 90.4)] })).toEqual([
    "slower 90 s",
    "slow 12 s",
  ]);
});

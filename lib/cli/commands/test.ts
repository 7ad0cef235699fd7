// meshwright test: policy tests against a design on disk.
import { testsToJunit } from "@/lib/compliance/reports/junit";
import { buildScene, runTests, type TestResult } from "@/lib/simulate";
import type { CliCommand } from "../command";
import { checkDesign, readDesign } from "../files";
import { EXIT, printJson, UsageError } from "../io";
import { readTestFiles } from "../reading";
import { counted, violationText } from "../words";

type Result = TestResult & { file: string };

export const test: CliCommand = {
  name: "test",
  usage: "--tests FILE|FOLDER DESIGN...",
  about: "Asks a design every question of the policy tests and compares the answers with what they expect.",
  options: {
    tests: {
      type: "string",
      value: "FILE|FOLDER",
      about: "policy tests (YAML or JSON); may be given several times",
      multiple: true,
    },
    format: { type: "string", value: "text|json|junit", about: "default text" },
  },
  details: `A file of tests:

  tests:
    - name: a tenth of the payments goes to v2
      question:
        from: { kind: workload, workload: Workload/production/checkout-v1 }
        to: { host: payment-service }
        method: GET
        path: /pay
        headers: {}
      expect:
        outcome: forwarded        # denied, no-route, redirected, responded, refused, unreachable
        destinations:
          - { service: Service/production/payment-service, subset: v1, probability: 0.9 }
          - { service: Service/production/payment-service, subset: v2, probability: 0.1 }

Exit code: 0 all hold, 1 one does not or the design cannot be read, 2 wrong use, which includes tests that cannot be read.

Example: meshwright test mesh/ --tests tests/ --format junit > tests.xml`,
  async run(io, given) {
    const format = given.flag("json") ? "json" : given.choice("format", ["text", "json", "junit"], "text");
    const places = given.list("tests");
    if (places.length === 0) throw new UsageError("--tests is missing: name the file or folder of the policy tests");
    const files = await readTestFiles(io, places);
    const read = await readDesign(io, given.operands);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) {
      if (format === "json") printJson(io, { ok: false, violations });
      else for (const violation of violations) (format === "junit" ? io.note : io.out)(violationText(violation));
      return EXIT.found;
    }
    const { document, locate } = read.design;
    const scene = buildScene(document, { locate });
    const results = files.flatMap(({ file, tests }) =>
      runTests(scene, tests).map((each): Result => ({ ...each, file })),
    );
    const failed = results.filter(({ passed }) => !passed).length;
    if (format === "json") printJson(io, { ok: failed === 0, passed: results.length - failed, failed, results });
    else if (format === "junit") io.out(junitOf(results, io.now()));
    else for (const result of results) io.out(resultText(result));
    io.note(`${counted(results.length, "policy test")}, ${failed} failed.\n`);
    return failed === 0 ? EXIT.ok : EXIT.found;
  },
};

function junitOf(results: readonly Result[], now: number): string {
  const cases = results.map(({ name, passed, failures, answer, file }) => ({
    name,
    isPassed: passed,
    problems: passed ? [] : [...failures, answer.sentence],
    group: file,
  }));
  return testsToJunit(cases, { suite: "meshwright policy tests", at: new Date(now).toISOString() });
}

function resultText({ name, passed, failures, answer, file }: Result): string {
  if (passed) return `ok   ${name}\n`;
  return `FAIL ${name} (${file})\n${failures.map((each) => `       ${each}\n`).join("")}       ${answer.sentence}\n`;
}

// meshwright test: policy tests against a design on disk, or against the one on the server.
// The rule: tests come from one place, files or the server; a test that was not asked is no pass.
import { z } from "zod";
import { testsToJunit } from "@/lib/compliance/reports/junit";
import { buildScene, policyTest, runTests } from "@/lib/simulate";
import type { CliCommand, Given } from "../command";
import type { Design } from "../design";
import { checkDesign, readDesign } from "../files";
import { EXIT, type Io, printJson, UsageError } from "../io";
import { askable, jsonWarnings, MANIFEST_OPTIONS, sayWarnings } from "../manifests";
import { readTestFiles } from "../reading";
import { refuse } from "../refuse";
import { Server } from "../server";
import { counted } from "../words";

/** `file`: where the test stands, as a reader finds it. */
type Result = { name: string; passed: boolean; failures: string[]; answer: { sentence: string }; file: string };
type Run = { results: Result[]; notRun: number; warnings?: Design["warnings"] };

export const test: CliCommand = {
  name: "test",
  usage: "--tests FILE|FOLDER DESIGN... | --mesh SLUG [--revision N | DESIGN...]",
  about: "Asks a design every question of the policy tests and compares the answers with what they expect.",
  options: {
    ...MANIFEST_OPTIONS,
    tests: {
      type: "string",
      value: "FILE|FOLDER",
      about: "policy tests (YAML or JSON); may be given several times",
      multiple: true,
    },
    mesh: { type: "string", value: "SLUG", about: "the tests that are saved on the server for this mesh" },
    revision: { type: "string", value: "N", about: "with --mesh: ask revision 3 or r3; absent: the draft" },
    "pass-with-no-tests": { type: "boolean", about: "exit code 0 where there is no test; without, that is a failure" },
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

Without method, path or headers the question is GET / without any.

With --mesh alone the server asks its draft or a revision; with --mesh and a design on disk the saved tests are asked of that.
Environment, with --mesh: MESHWRIGHT_URL (default http://localhost:3000), MESHWRIGHT_TOKEN.

Exit code: 0 all hold, 1 one does not, was not asked in time, the mesh has none saved, or the design cannot be read, 2 wrong use,
which includes tests that cannot be read and files without one, 3 the server.

Examples:
  meshwright test mesh/ --tests tests/ --format junit > tests.xml
  meshwright test --mesh shop --revision 3
  meshwright test --mesh shop mesh/`,
  async run(io, given) {
    const format = given.flag("json") ? "json" : given.choice("format", ["text", "json", "junit"], "text");
    const mesh = given.text("mesh");
    const revision = given.text("revision");
    const mayBeNone = given.flag("pass-with-no-tests");
    if (mesh === undefined && revision !== undefined) throw new UsageError("--revision needs --mesh");
    if (mesh !== undefined && given.list("tests").length > 0) throw new UsageError("give either --tests or --mesh");
    if (mesh !== undefined && given.operands.length === 0) {
      return report(io, format, {
        ...(await runOnServer(new Server(io), mesh, given.revision("revision"))),
        mesh,
        mayBeNone,
      });
    }
    if (revision !== undefined) throw new UsageError("give either --revision or a design");
    const sources =
      mesh === undefined ? await testsOnDisk(io, given, mayBeNone) : await savedTests(new Server(io), mesh);
    const read = await readDesign(io, given.operands, given);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0)
      return refuse(io, violations, { isJson: format === "json", isNote: format === "junit" });
    if (format !== "json") sayWarnings(io, read.design);
    const results = runHere(read.design, sources);
    return report(io, format, { results, notRun: 0, mesh, mayBeNone, ...jsonWarnings(read.design) });
  },
};

type Sources = Awaited<ReturnType<typeof readTestFiles>>;

function testsOnDisk(io: Io, given: Given, mayBeNone: boolean): Promise<Sources> {
  const places = given.list("tests");
  if (places.length === 0) throw new UsageError("--tests is missing: name the file or folder of the policy tests");
  return readTestFiles(io, places, mayBeNone);
}

const testsPath = (mesh: string) => `/meshes/${encodeURIComponent(mesh)}/policy-tests`;
const savedAnswer = z.object({ items: z.array(policyTest.loose()) });

async function savedTests(server: Server, mesh: string): Promise<Sources> {
  const { body } = await server.request(testsPath(mesh), savedAnswer);
  return [
    { file: `mesh ${mesh}`, tests: body.items.map(({ name, question, expect }) => ({ name, question, expect })) },
  ];
}

function runHere(design: Design, sources: Sources): Result[] {
  const callers = sources.flatMap(({ tests }) =>
    tests.flatMap(({ question: { from } }) => (from.kind === "workload" ? [from.workload] : [])),
  );
  const scene = buildScene(askable(design, callers), { locate: design.locate });
  return sources.flatMap(({ file, tests }) => runTests(scene, tests).map((each): Result => ({ ...each, file })));
}

const runAnswer = z.object({
  /** Absent from older servers, which ask all. */
  notRun: z.int().default(0),
  results: z.array(
    z.looseObject({
      name: z.string(),
      passed: z.boolean(),
      failures: z.array(z.string()),
      answer: z.looseObject({ sentence: z.string() }),
    }),
  ),
});

async function runOnServer(server: Server, mesh: string, revision: number | undefined): Promise<Run> {
  const at = revision === undefined ? "draft" : `r${revision}`;
  const { body } = await server.request(`${testsPath(mesh)}/run`, runAnswer, { method: "POST", body: { at } });
  return { results: body.results.map((each) => ({ ...each, file: `mesh ${mesh}, ${at}` })), notRun: body.notRun };
}

interface Asked extends Run {
  /** Whose saved tests they are; absent: of files. */
  mesh: string | undefined;
  mayBeNone: boolean;
}

function report(
  io: Io,
  format: "text" | "json" | "junit",
  { results, notRun, warnings, mesh, mayBeNone }: Asked,
): number {
  const failed = results.filter(({ passed }) => !passed).length;
  const isNone = results.length + notRun === 0;
  const isOk = failed === 0 && notRun === 0 && (mayBeNone || !isNone);
  if (format === "json") {
    const counts = { passed: results.length - failed, failed, ...(notRun > 0 ? { notRun } : {}) };
    printJson(io, { ok: isOk, ...counts, results, ...(warnings ? { warnings } : {}) });
  } else if (format === "junit") io.out(junitOf(results, io.now()));
  else for (const result of results) io.out(resultText(result));
  const late = notRun > 0 ? `, ${notRun} not asked in time` : "";
  io.note(`${counted(results.length + notRun, "policy test")}, ${failed} failed${late}.\n`);
  if (isNone && !mayBeNone && mesh !== undefined) io.note(noneSaved(mesh));
  return isOk ? EXIT.ok : EXIT.found;
}

const noneSaved = (mesh: string): string =>
  `Nothing was asked: mesh ${mesh} has no saved test. Keep answers as policy tests on Simulate ("Keep this answer"), give those of files by --tests, or say --pass-with-no-tests.\n`;

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

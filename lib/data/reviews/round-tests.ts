// The policy tests of a round: asked when it is submitted, of what is frozen, and kept with it.
// The rule: later changes of the tests change no round. Details are kept of failing tests only; a passing one is its name.

import type { Principal } from "@/lib/auth/permissions";
import type { MeshDocument } from "@/lib/mesh";
import type { TestCounts } from "@/lib/review";
import type { Question } from "@/lib/simulate";
import { hostText } from "@/lib/simulate/host-text";
import type { Database } from "../client";
import { fromJson } from "../json";
import { readDesign } from "../meshes";
import { runPaced } from "../policy-test-run";
import { listPolicyTests, type StoredTest } from "../policy-tests";

export interface RoundTest {
  id: string;
  name: string;
  state: "passed" | "failed" | "not-run";
  /** `GET payment-service/pay from checkout-v1` */
  request: string;
  failures: string[];
  /** What the simulator answered instead; empty when it holds. */
  sentence: string;
}
export interface RoundTests {
  digest: string;
  counts: TestCounts;
  results: RoundTest[];
}

const MAX_FAILURES = 10;
const MAX_TEXT = 500;

/** Before the transaction that freezes: what takes time holds no lock. */
export async function testDraft(database: Database, principal: Principal, slug: string): Promise<RoundTests> {
  const [{ document, digest }, tests] = await Promise.all([
    readDesign(database, principal, { slug, at: "draft" }),
    listPolicyTests(database, principal, slug),
  ]);
  return testDesign(document, digest, tests);
}

export async function testDesign(
  document: MeshDocument,
  digest: string,
  tests: readonly StoredTest[],
): Promise<RoundTests> {
  const asked = await runPaced(document, tests);
  const results = tests.map((test, i): RoundTest => {
    const result = asked[i];
    const said = { id: test.id, name: test.name, request: requestText(test.question) };
    if (!result) return { ...said, state: "not-run", failures: [], sentence: "" };
    if (result.passed) return { ...said, state: "passed", failures: [], sentence: "" };
    return {
      ...said,
      state: "failed",
      failures: result.failures.slice(0, MAX_FAILURES).map((text) => text.slice(0, MAX_TEXT)),
      sentence: result.answer.sentence.slice(0, MAX_TEXT),
    };
  });
  const count = (state: RoundTest["state"]) => results.filter((each) => each.state === state).length;
  return { digest, counts: { total: results.length, failed: count("failed"), notRun: count("not-run") }, results };
}

function requestText({ from, to, method, path }: Question): string {
  const caller = from.kind === "workload" ? from.workload : from.gateway;
  const name = caller.split("/").at(-1) ?? caller;
  return `${method} ${hostText(to)}${path} from ${from.kind === "outside" ? `outside through ${name}` : name}`;
}

export async function readRoundTests(database: Database, roundId: string): Promise<RoundTest[] | null> {
  const row = await database.reviewRound.findUnique({ where: { id: roundId }, select: { testResults: true } });
  return row?.testResults ? fromJson<RoundTest[]>(row.testResults) : null;
}

// What the policy tests of a mesh said of a round's revision, and whether an approval may stand on it.
// The rule: asked once, when the round is submitted, of the frozen revision; a test that was not asked is no pass.
import type { ReviewRule, Round, TestCounts } from "./types";

/** `1 of 12 policy tests does not hold; 2 were not asked in time.` */
export function testsSentence(tests: TestCounts | null): string {
  if (tests === null) return "The policy tests were not asked about this round.";
  const { total, failed, notRun } = tests;
  if (total === 0) return "This mesh has no policy tests.";
  const of = `of ${total} policy ${total === 1 ? "test" : "tests"}`;
  const late = notRun > 0 ? `; ${notRun} ${notRun === 1 ? "was" : "were"} not asked in time` : "";
  if (failed > 0) return `${failed} ${of} ${failed === 1 ? "does" : "do"} not hold${late}.`;
  const held = total - notRun;
  if (late) return `${held} ${of} ${held === 1 ? "holds" : "hold"}${late}.`;
  return total === 1 ? "The policy test holds." : `All ${total} policy tests hold.`;
}

/** Why this round cannot be approved under a rule that asks for passing tests; null when nothing is in the way. */
export function testsInTheWay(rule: Pick<ReviewRule, "testsMustPass">, round: Pick<Round, "tests">): string | null {
  if (!rule.testsMustPass) return null;
  const { tests } = round;
  return tests !== null && tests.failed === 0 && tests.notRun === 0 ? null : testsSentence(tests);
}

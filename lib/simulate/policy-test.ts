// Policy tests: questions whose answers a team has written down.
// The rule: a test fails with what was expected and what came instead, never with "false".
import { ask } from "./ask";
import type { Scene } from "./scene";
import type { Answer, AnswerDestination, ExpectedDestination, PolicyTest, TestResult } from "./types";
import { destinationName, percentOf } from "./words";

/** Half a percent: what rounding of weights can do. */
const TOLERANCE = 0.005;

export function runTests(scene: Scene, tests: readonly PolicyTest[]): TestResult[] {
  return tests.map((test) => {
    const answer = ask(scene, test.question);
    const failures = failuresOf(test.expect, answer);
    return { name: test.name, passed: failures.length === 0, failures, answer };
  });
}

function failuresOf({ outcome, status, destinations }: PolicyTest["expect"], answer: Answer): string[] {
  const failures: string[] = [];
  if (outcome !== undefined && outcome !== answer.outcome) failures.push(`expected ${outcome}, got ${answer.outcome}`);
  if (status !== undefined && status !== answer.status) {
    failures.push(`expected status ${status}, got ${answer.status ?? "the app's own answer"}`);
  }
  if (destinations) failures.push(...destinationFailures(destinations, answer.destinations));
  return failures;
}

/** The set must be the same; a share is compared only where one is expected. */
function destinationFailures(expected: readonly ExpectedDestination[], found: readonly AnswerDestination[]): string[] {
  const failures: string[] = [];
  for (const each of expected) {
    const match = found.find((other) => isSame(each, other));
    if (!match) failures.push(`expected ${destinationName(each)} among the destinations, got ${namesOf(found)}`);
    else if (
      each.probability !== undefined &&
      Math.abs(match.probability - each.probability) > (each.tolerance ?? TOLERANCE)
    ) {
      const is = percentOf(match.probability);
      failures.push(`expected ${percentOf(each.probability)} to ${destinationName(each)}, got ${is}`);
    }
  }
  for (const other of found) {
    if (!expected.some((each) => isSame(each, other))) failures.push(`${destinationName(other)} was not expected`);
  }
  return failures;
}

const isSame = (a: ExpectedDestination, b: AnswerDestination) =>
  a.service === b.service && (a.subset ?? "") === (b.subset ?? "");

const namesOf = (found: readonly AnswerDestination[]) =>
  found.length === 0 ? "none" : found.map(destinationName).join(", ");

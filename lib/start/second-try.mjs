// A vitest reporter: which tests passed only at their second try, one line each, so that a run that is green by luck says so.
import path from "node:path";
import { projectRoot } from "./source-hash.mjs";

export const SECOND_TRY = "passed at the second try: ";

export default class SecondTryReporter {
  onTestCaseResult(test) {
    if (!test.diagnostic()?.flaky) return;
    console.log(`${SECOND_TRY}${path.relative(projectRoot, test.module.moduleId)} > ${test.fullName}`);
  }
}

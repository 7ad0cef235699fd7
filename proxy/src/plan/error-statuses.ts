// HttpProtocolOptions.outlier_detection -> the answers that outlier detection takes for errors.
// One rule: only :status is looked at, so that the matcher is a set of numbers and costs a lookup per answer.

import type { HttpProtocolOptions_OutlierDetection, MatchPredicate } from "../contract/messages";
import { headerMatcher } from "./matchers";
import type { Scope } from "./scope";
import { type HttpRequestView, headerViewOf } from "./views";

const STATUS = ":status";
const FIRST_STATUS = 100;
const LAST_STATUS = 999;
/** Of all rules together. */
const MOST_HEADERS = 500;

type Test = (answer: HttpRequestView) => boolean;

interface Found {
  readonly tests: Test[];
  headers: number;
}

/** null: nothing is said, 5xx are errors. */
export function errorStatuses(
  options: HttpProtocolOptions_OutlierDetection | undefined,
  scope: Scope,
): ReadonlySet<number> | null {
  if (!options?.errorMatcher) return null;
  const at = scope.field("error_matcher");
  const found: Found = { tests: [], headers: 0 };
  collect(options.errorMatcher, at, found);
  if (found.headers > MOST_HEADERS) {
    at.fail(`looks at ${found.headers} headers; leave at most ${MOST_HEADERS}, by ranges or expressions`);
    return null;
  }
  const statuses = new Set<number>();
  for (let status = FIRST_STATUS; status <= LAST_STATUS; status++) {
    const headers = headerViewOf([[STATUS, String(status)]]);
    const answer: HttpRequestView = { method: "", path: "", authority: "", scheme: "http", headers };
    if (found.tests.some((test) => test(answer))) statuses.add(status);
  }
  return statuses;
}

/** Any of them has to match; a rule without headers matches everything. */
function collect({ rule }: MatchPredicate, scope: Scope, into: Found): void {
  if (rule.case === "orMatch") {
    const at = scope.field("or_match");
    for (const [index, each] of rule.value.rules.entries()) collect(each, at.item("rules", index), into);
  } else if (rule.case === "httpResponseHeadersMatch") {
    const at = scope.field("http_response_headers_match");
    const matchers = rule.value.headers.map((header, index) => {
      const place = at.item("headers", index);
      if (header.name.toLowerCase() !== STATUS)
        place.field("name").fail(`is not ${STATUS}, the only one that is looked at`);
      return headerMatcher(header, place);
    });
    into.headers += matchers.length;
    into.tests.push((answer) => matchers.every(({ matches }) => matches(answer)));
  }
}

// JUnit XML as windyroad/JUnit-Schema 1.0.0 describes it: what CI systems show as tests.
// One rule: what was not measured is skipped or an error, never passed.
import { type XmlElement, xmlDocument } from "./xml";

export interface JunitCase {
  name: string;
  /** Groups cases inside a suite; CI systems show it as the class. */
  group: string;
  seconds?: number;
  outcome:
    | { kind: "passed" }
    | { kind: "failed" | "error"; type: string; message: string; details?: string }
    | { kind: "skipped"; message: string };
}

export interface JunitSuite {
  name: string;
  /** ISO 8601; the schema has no place for a zone, so it is written in UTC without one. */
  at: string;
  cases: readonly JunitCase[];
  properties?: Readonly<Record<string, string>>;
}

export function junitXml(suites: readonly JunitSuite[]): string {
  return xmlDocument({ name: "testsuites", children: suites.map(toSuite) });
}

function toSuite(suite: JunitSuite, id: number): XmlElement {
  const count = (kind: JunitCase["outcome"]["kind"]) => suite.cases.filter((each) => each.outcome.kind === kind).length;
  const seconds = suite.cases.reduce((sum, each) => sum + (each.seconds ?? 0), 0);
  return {
    name: "testsuite",
    attributes: {
      name: suite.name || "tests",
      package: "meshwright",
      id,
      timestamp: new Date(suite.at).toISOString().slice(0, 19),
      hostname: "localhost",
      tests: suite.cases.length,
      failures: count("failed"),
      errors: count("error"),
      skipped: count("skipped"),
      time: seconds.toFixed(3),
    },
    children: [
      {
        name: "properties",
        children: Object.entries(suite.properties ?? {}).map(([name, value]) => ({
          name: "property",
          attributes: { name, value },
        })),
      },
      ...suite.cases.map(toCase),
      { name: "system-out" },
      { name: "system-err" },
    ],
  };
}

function toCase({ name, group, seconds = 0, outcome }: JunitCase): XmlElement {
  const attributes = { name, classname: group, time: seconds.toFixed(3) };
  if (outcome.kind === "passed") return { name: "testcase", attributes };
  if (outcome.kind === "skipped") {
    return { name: "testcase", attributes, children: [{ name: "skipped", attributes: { message: outcome.message } }] };
  }
  const { type, message, details } = outcome;
  const tag = outcome.kind === "failed" ? "failure" : "error";
  return {
    name: "testcase",
    attributes,
    children: [{ name: tag, attributes: { type, message }, ...(details ? { children: [details] } : {}) }],
  };
}

/** A policy test's result, as far as JUnit needs it. */
export interface JunitTestResult {
  name: string;
  isPassed: boolean;
  /** What was expected and what came, in sentences; empty when it passed. */
  problems: readonly string[];
  /** The tests' file, or what they belong to. */
  group?: string | undefined;
  seconds?: number | undefined;
  /** Why it could not be asked at all. */
  error?: string | undefined;
}

/** Results of policy tests as JUnit XML. */
export function testsToJunit(results: readonly JunitTestResult[], options: { suite: string; at: string }): string {
  const cases = results.map(({ name, isPassed, problems, group, seconds, error }): JunitCase => {
    const message = problems[0] ?? "The answer differs from what the test expects.";
    return {
      name,
      group: group ?? options.suite,
      ...(seconds === undefined ? {} : { seconds }),
      outcome:
        error !== undefined
          ? { kind: "error", type: "not-asked", message: error }
          : isPassed
            ? { kind: "passed" }
            : { kind: "failed", type: "unexpected-answer", message, details: problems.join("\n") },
    };
  });
  return junitXml([{ name: options.suite, at: options.at, cases }]);
}

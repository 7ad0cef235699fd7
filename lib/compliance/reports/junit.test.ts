import { describe, expect, test } from "vitest";
import { junitProblems } from "../testing/published-schemas";
import { readXml } from "../testing/xml-reader";
import { junitXml, testsToJunit } from "./junit";

const at = "2026-11-21T08:00:00.000Z";
const results = [
  { name: "carts may be paid", isPassed: true, problems: [] },
  {
    name: 'catalog may not "pay" <now> & here',
    isPassed: false,
    problems: ["Expected 403.", "Got 200\u0001."],
    seconds: 0.01,
  },
  { name: "unknown host", isPassed: false, problems: [], error: "There is no Service/production/nobody." },
];

describe("policy tests as JUnit", () => {
  test("validate against JUnit.xsd 1.0.0, with and without tests", () => {
    expect(junitProblems(testsToJunit(results, { suite: "shop", at }))).toEqual([]);
    expect(junitProblems(testsToJunit([], { suite: "shop", at }))).toEqual([]);
    expect(junitProblems(junitXml([]))).toEqual([]);
  });

  test("the check refuses what the schema refuses, so the test above can fail", () => {
    const good = testsToJunit(results, { suite: "shop", at });
    expect(junitProblems(good.replace(/ tests="3"/, ' tests="three"'))).toEqual([expect.stringContaining("@tests")]);
    expect(junitProblems(good.replace(/ hostname="localhost"/, ""))).toEqual([
      expect.stringContaining("@hostname: is missing"),
    ]);
    expect(junitProblems(good.replace("<system-out/>", ""))).toEqual([expect.stringContaining("lacks system-out")]);
    expect(junitProblems(good.replace(/timestamp="[^"]+"/, `timestamp="${at}"`))).toEqual([
      expect.stringContaining("@timestamp"),
    ]);
    expect(junitProblems(good.replace("<properties/>", "<properties/><nonsense/>")).join()).toContain("nonsense");
  });

  test("count what passed, failed and could not be asked, and keep every character", () => {
    const [suite] = readXml(testsToJunit(results, { suite: "shop", at })).children;
    expect(suite?.attributes).toMatchObject({ tests: "3", failures: "1", errors: "1", skipped: "0" });
    const failed = suite?.children.find((child) => child.attributes["name"]?.startsWith("catalog"));
    expect(failed?.attributes["name"]).toBe('catalog may not "pay" <now> & here');
    expect(failed?.children[0]?.text).toBe("Expected 403.\nGot 200\u{FFFD}.");
  });
});

import { describe, expect, test } from "vitest";
import { sarifSchema } from "../testing/published-schemas";
import { findingsToSarif } from "./sarif";

const problems = sarifSchema();
const finding = {
  code: "MW1011",
  severity: "warning" as const,
  message: "Calls to checkout end after 2 s, but it waits 4 s.",
  cause: "The inner work goes on for nobody.",
  refs: ["Route/production/payment-service", "Route/production/checkout"],
  path: "spec.rules[0].timeoutMs",
};
const options = { toolVersion: "1.0.0", rules: [{ id: "MW1011", title: "Inner timeout longer than the outer" }] };
type Log = { runs: { results: Record<string, unknown>[]; tool: { driver: { rules: { id: string }[] } } }[] };

describe("findings as SARIF", () => {
  test("validate against SARIF 2.1.0 errata 01, with and without findings", () => {
    expect(problems(findingsToSarif([finding], options))).toEqual([]);
    expect(problems(findingsToSarif([], options))).toEqual([]);
  });

  test("the schema refuses what is not SARIF, so the test above can fail", () => {
    const log = findingsToSarif([finding], options) as Log;
    log.runs[0]!.results[0]!["level"] = "fatal";
    expect(problems(log).join()).toContain("level");
  });

  test("name the file and line when the text is known", () => {
    const log = findingsToSarif([finding], {
      ...options,
      placeOf: () => ({ uri: "mesh/shop.yaml", line: 12 }),
      acceptedOf: () => ({ reason: "known until spring" }),
    }) as Log;
    expect(problems(log)).toEqual([]);
    expect(log.runs[0]?.results[0]).toMatchObject({
      level: "warning",
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: "mesh/shop.yaml" }, region: { startLine: 12 } },
          logicalLocations: [{ fullyQualifiedName: "Route/production/payment-service" }, {}],
        },
      ],
      suppressions: [{ kind: "external", status: "accepted", justification: "known until spring" }],
    });
  });

  test("the fingerprint is the same in every run and differs between findings", () => {
    const of = (each: typeof finding) =>
      (findingsToSarif([each], options) as Log).runs[0]?.results[0]?.["partialFingerprints"];
    expect(of(finding)).toEqual(of({ ...finding, message: "Other words." }));
    expect(of(finding)).not.toEqual(of({ ...finding, path: "spec.rules[1].timeoutMs" }));
  });

  test("a code without a known rule still has one", () => {
    const log = findingsToSarif([{ ...finding, code: "MW9999" }], options) as Log;
    expect(log.runs[0]?.tool.driver.rules.map((rule) => rule.id)).toEqual(["MW1011", "MW9999"]);
  });
});

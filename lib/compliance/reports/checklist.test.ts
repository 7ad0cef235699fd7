import { describe, expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { controls } from "../controls";
import { evaluateDesign, judgeLive, resultsOf } from "../evaluate";
import { standingsOf, type Waiver } from "../standing";
import { junitProblems, oscalSchema, sarifSchema } from "../testing/published-schemas";
import { readXml } from "../testing/xml-reader";
import { type Evidence, REPORT_FORMATS } from "../types";
import { sha1, uuidOf } from "../uuid";
import { type ChecklistReport, writers } from ".";

const at = "2026-11-21T10:00:00.000Z";
const cart = "Service/production/cart";
const record = (id: string, kind: Evidence["kind"], more: Partial<Evidence> = {}): Evidence => ({
  id,
  kind,
  subject: cart,
  proxyKey: "production/cart-v1/0",
  digest: "aaaa",
  outcome: "as-expected",
  sentence: 'cart refused <plain text> & "more": reset.',
  transcript: ["connect 127.0.0.1:1", "no answer: reset"],
  twin: null,
  facts: {},
  startedAt: at,
  finishedAt: at,
  expiresAt: "2026-11-22T10:00:00.000Z",
  ...more,
});
const evidence = [
  record("e1", "mutual-tls"),
  record("e2", "plaintext", { twin: "e1" }),
  record("e3", "no-certificate", {
    twin: "e1",
    outcome: "not-as-expected",
    sentence: "cart answered 200 to a client without a certificate.",
  }),
  record("e4", "foreign-ca", { twin: "e1", expiresAt: "2026-11-20T10:00:00.000Z" }),
];
const waiver: Waiver = {
  id: "w1",
  control: "RL-03",
  subject: null,
  reason: "New routes are written in spring.",
  owner: "orders",
  compensatingControl: "Apps have timeouts of their own.",
  expiresAt: "2027-01-20T00:00:00.000Z",
  grantedBy: "Rita",
  grantedAt: at,
  withdrawnAt: null,
};

const document = demoMesh();
const results = resultsOf(evaluateDesign(document), judgeLive(document, evidence));

function report(more: Partial<ChecklistReport> & { waivers?: Waiver[] } = {}): ChecklistReport {
  const standings = standingsOf({
    results,
    evidence,
    waivers: more.waivers ?? [waiver],
    now: Date.parse(at),
    runningDigests: new Map([["production/cart-v1/0", "aaaa"]]),
  });
  return {
    meshName: "Shop <1> & co",
    environment: "local",
    at,
    toolVersion: "0.1.0",
    design: { at: "r3", digest: "ab".repeat(32) },
    run: { id: "run1", startedAt: at, finishedAt: at, requestedBy: "Olga" },
    standings,
    evidence,
    ...more,
  };
}
const state = (id: string, from = report()) => from.standings.find(({ control }) => control === id)?.state;

describe("exports of the checklist", () => {
  test("are made of every state: pass, fail, stale, waived and not measured", () => {
    expect(["TLS-03", "TLS-04", "TLS-05", "RL-03", "PKI-03"].map((id) => state(id))).toEqual([
      "pass",
      "fail",
      "stale",
      "waived",
      "partly",
    ]);
  });

  const schemas = { oscal: oscalSchema(), sarif: sarifSchema() };
  test.each(["oscal", "sarif"] as const)(
    "%s validates against its published schema, with and without a run",
    (format) => {
      for (const each of [
        report(),
        report({ run: null, evidence: [] }),
        report({ standings: [] }),
        report({ framework: "soc-2" }),
      ]) {
        expect(schemas[format](JSON.parse(writers[format].write(each)))).toEqual([]);
      }
    },
  );

  test("junit validates against its published schema, and passes nothing that was not measured", () => {
    const xml = writers.junit.write(report());
    expect(junitProblems(xml)).toEqual([]);
    expect(junitProblems(writers.junit.write(report({ standings: [] })))).toEqual([]);
    const cases = readXml(xml).children.flatMap((suite) => suite.children.filter(({ name }) => name === "testcase"));
    const kindOf = (name: string) => cases.find((each) => each.attributes["name"]?.startsWith(name))?.children[0]?.name;
    expect(["TLS-03 Live", "TLS-04 Live", "TLS-05 Live", "RL-03 Design", "PKI-02 Live"].map(kindOf)).toEqual([
      undefined,
      "failure",
      "error",
      "skipped",
      "error",
    ]);
  });

  test("OSCAL: only measured controls are findings, a waiver leaves them not satisfied and becomes the deadline", () => {
    const [result] = JSON.parse(writers.oscal.write(report()))["assessment-results"].results;
    const finding = (id: string) => result.findings.find((each: { title: string }) => each.title.startsWith(id));
    expect(finding("TLS-03").target).toMatchObject({ "target-id": "sc-8.1_smt", status: { state: "satisfied" } });
    expect(finding("RL-03").target.status.state).toBe("not-satisfied");
    expect(finding("TLS-05")).toBeUndefined();
    expect(finding("PKI-03")).toBeUndefined();
    const risk = result.risks.find((each: { title: string }) => each.title.startsWith("RL-03"));
    expect(risk).toMatchObject({ status: "deviation-approved", deadline: waiver.expiresAt });
    const observations = new Set(result.observations.map((each: { uuid: string }) => each.uuid));
    for (const each of result.findings)
      for (const related of each["related-observations"]) expect(observations).toContain(related["observation-uuid"]);
  });

  test("the schema refuses what OSCAL does not know, so the test above can fail", () => {
    const document = JSON.parse(writers.oscal.write(report()));
    document["assessment-results"].results[0].findings[0].target.status.state = "waived";
    expect(schemas.oscal(document).join()).toContain("state");
  });

  test("SARIF: failures are failures, waived ones are suppressed with their reason, what is open is not failed", () => {
    const { results } = JSON.parse(writers.sarif.write(report())).runs[0];
    const of = (id: string) => results.filter((each: { ruleId: string }) => each.ruleId === id);
    expect(of("TLS-04").map((each: { kind: string }) => each.kind)).toContain("fail");
    expect(of("TLS-05").every((each: { kind: string }) => each.kind === "open")).toBe(true);
    expect(of("RL-03")[0].suppressions[0]).toMatchObject({ status: "accepted", justification: waiver.reason });
    expect(of("TLS-03")).toMatchObject([{ kind: "pass", level: "none" }]);
  });

  test("CSV: every line has all columns, and no cell begins a formula", () => {
    const risky = report({ meshName: "x" });
    const evil = risky.standings.map((each) => ({
      ...each,
      layers: {
        ...each.layers,
        design: {
          ...each.layers.design,
          subjects: [{ subject: "=cmd()", state: "fail" as const, text: 'say "no", now' }],
        },
      },
    }));
    const lines = writers.csv
      .write({ ...risky, standings: evil })
      .trimEnd()
      .split("\r\n");
    const columns = lines[0]!.split(",").length;
    expect(
      lines
        .slice(1)
        .every(
          (line) =>
            [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)].filter(([all]) => all !== "").length >= columns - 1,
        ),
    ).toBe(true);
    expect(lines.join("\n")).toContain(`'=cmd()`);
    expect(lines.join("\n")).toContain(`"say ""no"", now"`);
  });

  test("HTML: names every control and state, needs nothing from outside, and escapes what came from the design", () => {
    const html = writers.html.write(report());
    for (const { id } of controls) expect(html).toContain(id);
    expect(html).toContain("Shop &lt;1&gt; &amp; co");
    expect(html).toContain("cart refused &lt;plain text&gt;");
    expect(html).not.toMatch(/<script|<link|src=|https?:\/\//);
    expect(html).toContain("waived");
  });

  test("all formats count the same passes and failures", () => {
    const from = report();
    const passes = from.standings.filter((each) => each.state === "pass").map(({ control }) => control);
    const { results } = JSON.parse(writers.sarif.write(from)).runs[0];
    expect([
      ...new Set(
        results.filter((each: { kind: string }) => each.kind === "pass").map((each: { ruleId: string }) => each.ruleId),
      ),
    ]).toEqual(passes);
    expect(writers.html.write(from)).toContain(`${passes.length} of 15 controls pass`);
    const csv = writers.csv
      .write(from)
      .split("\r\n")
      .slice(1)
      .filter(Boolean)
      .map((line) => line.split(","));
    expect(Object.keys(writers).sort()).toEqual([...REPORT_FORMATS].sort());
    expect(csv.length).toBeGreaterThan(45);
  });
});

test("ids of reports are UUIDs of version 5: known answers of SHA-1, stable, and different for different names", () => {
  const hex = (text: string) => Buffer.from(sha1(new TextEncoder().encode(text))).toString("hex");
  expect(hex("abc")).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
  expect(hex("")).toBe("da39a3ee5e6b4b0d3255bfef95601890afd80709");
  expect(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
  );
  expect(uuidOf("a", "b")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuidOf("a", "b")).toBe(uuidOf("a", "b"));
  expect(uuidOf("a", "b")).not.toBe(uuidOf("ab"));
});

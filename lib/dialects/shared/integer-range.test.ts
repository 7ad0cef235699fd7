// A header as a number in a range: App Mesh's own words both ways, an expression for the same values elsewhere.
import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { type HeaderMatch, type MeshDocument, parseDocument, validateDocument, valuesToYaml } from "@/lib/mesh";
import { timedMesh } from "../../compile/testing/rich";
import { exportDocument } from "..";
import { apiErrors } from "../app-mesh/testing/api";
import { imported } from "../testing/imported";
import { rangeRegex } from "./integer-range";

const number = fc.oneof(fc.integer({ min: -1200, max: 1200 }), fc.maxSafeInteger());

/** Envoy 1.40: absl::SimpleAtoi, then start <= number < end. */
function isInRange(value: string, start: number, end: number): boolean {
  return /^[-+]?[0-9]+$/.test(value) && BigInt(value.replace("+", "")) >= start && BigInt(value.replace("+", "")) < end;
}

test("the expression of a range takes the integers in it and no others, however they are written", () => {
  fc.assert(
    fc.property(number, number, number, fc.constantFrom("", "+", "-", "0", "+00", "-0", " "), (a, b, asked, before) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b) === Math.min(a, b) ? a + 1 : Math.max(a, b)];
      fc.pre(Number.isSafeInteger(end));
      const pattern = rangeRegex(start, end);
      expect(pattern.length).toBeLessThanOrEqual(1024);
      const regex = RE2JS.compile(pattern);
      const near = [asked, start - 1, start, end - 1, end, -start, -end, 0, Math.trunc((start + end) / 2)];
      for (const each of near.flatMap((value) => [`${before}${value}`, `${before}${Math.abs(value)}`, `${value}0`]))
        expect([each, regex.testExact(each)]).toEqual([each, isInRange(each, start, end)]);
    }),
    { numRuns: 400 },
  );
});

test.each([
  [1, 5, "[+]?0*[1-4]"],
  [0, 1, "[+-]?0+"],
  [-3, 1000, "(?:-0*[1-3]|[+-]?0+|[+]?0*(?:[1-9]|[1-9][0-9]|[1-9][0-9]{2}))"],
  [98, 1205, "[+]?0*(?:9[8-9]|[1-9][0-9]{2}|1(?:[0-1][0-9]{2}|20[0-4]))"],
])("from %i to below %i is %s", (start, end, pattern) => {
  expect(rangeRegex(start, end)).toBe(pattern);
});

const HERE = { kind: "Route/production/inventory", place: "spec.rules[0]" };
const SIZE: HeaderMatch = { name: "x-size", type: "range", start: 1, end: 500 };
const PATTERN = rangeRegex(1, 500);
const mesh = (header: HeaderMatch) =>
  timedMesh([
    {
      name: "small",
      matches: [{ headers: [header] }],
      action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
    },
  ]);
const headersIn = (document: MeshDocument) =>
  document.objects.flatMap((each) =>
    each.kind === "Route"
      ? each.spec.rules.flatMap(({ matches }) => matches.flatMap(({ headers }) => headers ?? []))
      : [],
  );

test.each([[SIZE], [{ ...SIZE, start: -7, end: 0, invert: true }]])("App Mesh has %j both ways", (header) => {
  const out = exportDocument("app-mesh", mesh(header));
  expect(apiErrors(out.resources)).toEqual([]);
  expect(out.report.filter(({ key, verdict }) => key === HERE.kind && verdict === "lost")).toEqual([]);
  expect(headersIn(imported("app-mesh", [{ text: out.text }]).document)).toContainEqual(header);
});

test.each(["istio", "consul", "kuma", "linkerd", "cilium", "gateway-api"] as const)(
  "%s gets an expression for the same numbers, and nothing is told as lost",
  (dialect) => {
    const out = exportDocument(dialect, mesh(SIZE));
    expect(out.report.filter(({ key, path }) => key === HERE.kind && path.startsWith(HERE.place))).not.toContainEqual(
      expect.objectContaining({ verdict: "lost" }),
    );
    expect(out.text).toContain(PATTERN);
    expect(headersIn(imported(dialect, [{ text: out.text }]).document)).toContainEqual({
      name: "x-size",
      type: "regex",
      value: PATTERN,
    });
  },
);

test("where a product has no opposite, the rule of an inverted range stays out", () => {
  const { report, text } = exportDocument("gateway-api", mesh({ ...SIZE, invert: true }));
  expect(report).toContainEqual(expect.objectContaining({ path: HERE.place, verdict: "lost", changesMeaning: true }));
  expect(text).not.toContain("x-size");
});

test.each([
  [{ start: 5, end: 5 }, "spec.rules[0].matches[0].headers[0].end", "must be above its start, 5"],
  [{ start: 1 }, "spec.rules[0].matches[0].headers[0].start", 'needed by type "range"'],
  [{ start: 1, end: 5, value: "3" }, "spec.rules[0].matches[0].headers[0].value", "which take none"],
  [{ start: 1, end: 2 ** 53 }, "spec.rules[0].matches[0].headers[0].end", "9007199254740991"],
  [{ start: 0.5, end: 2 }, "spec.rules[0].matches[0].headers[0].start", "expected int"],
  [{ type: "exact", value: "1", start: 1, end: 5 }, "spec.rules[0].matches[0].headers[0].start", "by no other"],
])("%j is refused with its field", (written, path, message) => {
  const document = mesh({ name: "x-size", type: "range", ...written } as HeaderMatch);
  const parsed = parseDocument(document);
  const violations = parsed.ok ? validateDocument(document) : parsed.violations;
  expect(violations).toContainEqual(
    expect.objectContaining({ path: `${HERE.kind}#${path}`, message: expect.stringContaining(message) }),
  );
});

test("a range of App Mesh that holds no number leaves its rule out", () => {
  const out = exportDocument("app-mesh", mesh(SIZE)).text.replaceAll('"end": 500', '"end": 1');
  const { document, warnings } = imported("app-mesh", [{ text: out }]);
  expect(headersIn(document)).toEqual([]);
  expect(warnings.map(({ message }) => message).join()).toContain("range of header x-size");
  expect(valuesToYaml(document.objects)).not.toContain("x-size");
});

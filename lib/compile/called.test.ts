// Scheme and host as conditions of a rule: what Envoy gets, what the simulator says of them, what is refused.
import { expect, test } from "vitest";
import { diffDocuments, type RouteMatch, type RouteRule, validateDocument } from "@/lib/mesh";
import { covers } from "../analysis/path-match";
import { ask, buildScene, type Question } from "../simulate";
import { compileMatch } from "./route-match";
import { timedMesh } from "./testing/rich";

const rule = (name: string, match: RouteMatch): RouteRule => ({
  name,
  matches: [match],
  action: { type: "respond", status: 418 },
});
const rest: RouteRule = {
  matches: [],
  action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
};
const mesh = (...matches: RouteMatch[]) => timedMesh([...matches.map((match, i) => rule(`called-${i}`, match)), rest]);
const question = (host: string): Question => ({
  from: { kind: "workload", workload: "Workload/production/checkout-v1" },
  to: { host },
  method: "GET",
  path: "/",
  headers: {},
});

test("scheme and host are headers to Envoy, beside the others", () => {
  const headers = [{ name: "x-a", type: "present" as const }];
  expect(compileMatch({ scheme: "https", authority: { type: "suffix", value: ":8443" }, headers })).toEqual({
    prefix: "/",
    headers: [
      { name: ":scheme", string_match: { exact: "https" } },
      { name: ":authority", string_match: { suffix: ":8443" } },
      { name: "x-a", present_match: true },
    ],
  });
  expect(compileMatch({ authority: { type: "regex", value: "a|b" } })).toMatchObject({
    headers: [{ name: ":authority", string_match: { safe_regex: { regex: "a|b" } } }],
  });
});

test("the simulator says which host and scheme a rule asks for, and which the call has", () => {
  const scene = buildScene(mesh({ scheme: "https" }, { authority: { type: "prefix", value: "inventory.production" } }));
  const said = (host: string) =>
    ask(scene, question(host)).hops[0]?.considered.map(({ matched, why }) => [matched, why]);
  expect(said("inventory")).toEqual([
    [false, 'the scheme is http; the rule wants exact "https"'],
    [false, 'the host is inventory; the rule wants prefix "inventory.production"'],
    [true, "takes every request"],
  ]);
  expect(said("inventory.production")?.[1]).toEqual([true, 'host prefix "inventory.production" holds']);
  expect(ask(scene, question("inventory.production"))).toMatchObject({ status: 418 });
});

test("a change of host or scheme is a sentence", () => {
  const before = mesh({ path: { type: "pathPrefix", value: "/a" } });
  const after = mesh({
    path: { type: "pathPrefix", value: "/a" },
    scheme: "http",
    authority: { type: "exact", value: "b" },
  });
  expect(JSON.stringify(diffDocuments(before, after))).toContain("scheme = http and host = b and path under /a");
});

test("a rule for a host or scheme does not take what a wider one does", () => {
  const authority = { type: "exact", value: "a" } as const;
  expect(covers({}, { authority, scheme: "http" })).toBe(true);
  expect(covers({ authority }, {})).toBe(false);
  expect(covers({ scheme: "http" }, { scheme: "https" })).toBe(false);
  expect(covers({ authority }, { authority, scheme: "https" })).toBe(true);
});

test("an expression that RE2 does not take is named with its place", () => {
  const paths = (value: string) =>
    validateDocument(mesh({ authority: { type: "regex", value } })).map(({ path }) => path);
  expect(paths("(?=x)")).toEqual(["Route/production/inventory#spec.rules[0].matches[0].authority.value"]);
  expect(paths("x|y")).toEqual([]);
});

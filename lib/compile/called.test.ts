// Scheme and host as conditions of a rule: what Envoy gets, what the simulator says of them, what is refused.
import { expect, test } from "vitest";
import { diffDocuments, type MeshDocument, type RouteMatch, type RouteRule, validateDocument } from "@/lib/mesh";
import { covers } from "../analysis/path-match";
import { ask, buildScene, type Question } from "../simulate";
import { probeOfMatch } from "../simulate/probes";
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
const withPorts = ({ objects }: MeshDocument): MeshDocument => ({
  objects: objects.map((each) => {
    if (each.kind === "Dependency" && each.spec.to.name === "inventory") {
      const { port: _, ...spec } = each.spec;
      return { ...each, spec };
    }
    if (each.kind !== "Service" || each.metadata.name !== "inventory") return each;
    const ports = [
      { name: "http", port: 8080, protocol: "http" as const },
      { name: "more", port: 9090, protocol: "http" as const },
      { name: "db", port: 5432, protocol: "tcp" as const },
    ];
    return { ...each, spec: { ...each.spec, ports } };
  }),
});
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

test("a header as a number in a range is Envoy's range_match, and the simulator says which was asked for", () => {
  const size = { name: "X-Size", type: "range", start: -5, end: 100 } as const;
  const range_match = { start: -5, end: 100 };
  expect(compileMatch({ headers: [size, { ...size, name: "x-b", invert: true }] })).toMatchObject({
    headers: [
      { name: "x-size", range_match },
      { name: "x-b", range_match, invert_match: true },
    ],
  });
  const scene = buildScene(mesh({ headers: [size] }));
  const first = (value: string) =>
    ask(scene, { ...question("inventory.production"), headers: { "x-size": value } }).hops[0]?.considered[0];
  expect(first("+07")).toMatchObject({ matched: true });
  expect(first("7.0")).toEqual(
    expect.objectContaining({ matched: false, why: 'header x-size is "7.0"; the rule wants in [-5, 100)' }),
  );
  expect(probeOfMatch({ headers: [size] }).headers).toEqual({ "x-size": "-5" });
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

test("only the hosts of the port that a rule asks for have it, and the simulator says so", () => {
  const document = withPorts(mesh({ port: 9090 }));
  expect(validateDocument(document)).toEqual([]);
  const answer = (port: number) =>
    ask(buildScene(document), { ...question("inventory"), to: { host: "inventory", port } });
  expect(answer(9090)).toMatchObject({ status: 418 });
  const [other] = answer(8080).hops;
  expect(other?.considered.map(({ matched, why }) => [matched, why])).toEqual([
    [false, "it is for port 9090"],
    [true, "takes every request"],
  ]);
});

test("a port that the service does not have, that speaks TCP, or of a gateway is refused with its place", () => {
  const refused = (document: MeshDocument) =>
    validateDocument(document).flatMap(({ path, message }) => (path.endsWith("matches[0].port") ? [message] : []));
  expect(refused(mesh({ port: 9999 }))).toEqual(["names port 9999, which Service inventory does not have"]);
  expect(refused(withPorts(mesh({ port: 5432 })))).toEqual([
    "names port 5432 of Service inventory, which has protocol tcp",
  ]);
  const atGateway = mesh({ port: 8080 }).objects.map((each) =>
    each.kind === "Route" && each.metadata.name === "inventory"
      ? { ...each, spec: { ...each.spec, target: { kind: "Gateway" as const, name: "shop-gateway" } } }
      : each,
  );
  expect(refused({ objects: atGateway })).toEqual([
    "is for services: the listeners of a gateway are told apart by their hosts",
  ]);
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

test("of two ranges of a header the wider one takes what the narrower does, and nothing is said of what is left out of one", () => {
  const range = (start: number, end: number, more: object = {}): RouteMatch => ({
    headers: [{ name: "x-size", type: "range", start, end, ...more }],
  });
  expect(covers(range(0, 100), range(5, 100, { name: "X-Size" }))).toBe(true);
  expect(covers(range(5, 100), range(0, 100))).toBe(false);
  expect(covers(range(0, 100), range(5, 101))).toBe(false);
  expect(covers(range(0, 100), range(5, 9, { name: "x-other" }))).toBe(false);
  expect(covers(range(0, 100), range(5, 9, { invert: true }))).toBe(false);
  expect(covers(range(0, 100, { invert: true }), range(200, 300))).toBe(false);
  expect(covers({ headers: [{ name: "x-size", type: "present" }] }, range(0, 1))).toBe(false);
  expect(covers(range(0, 100), { headers: [{ name: "x-size", type: "exact", value: "7" }] })).toBe(false);
});

test("a change of a range is a sentence", () => {
  const of = (end: number, invert = false) =>
    mesh({ headers: [{ name: "x-size", type: "range", start: 1, end, ...(invert ? { invert } : {}) }] });
  expect(JSON.stringify(diffDocuments(of(5), of(9)))).toContain("header x-size from 1 to below 9");
  expect(JSON.stringify(diffDocuments(of(5), of(5, true)))).toContain("header x-size not from 1 to below 5");
});

test("an expression that RE2 does not take is named with its place", () => {
  const paths = (value: string) =>
    validateDocument(mesh({ authority: { type: "regex", value } })).map(({ path }) => path);
  expect(paths("(?=x)")).toEqual(["Route/production/inventory#spec.rules[0].matches[0].authority.value"]);
  expect(paths("x|y")).toEqual([]);
});

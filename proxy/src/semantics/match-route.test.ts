import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ForwardAction, RedirectAction } from "../plan/types";
import { matchVirtualHost, pickCluster, routeRequest } from "./match-route";
import { type RequestParts, request, routeConfigOf } from "./testing/build";

const respond = { direct_response: { status: 200 } };

/** Names of the routes matched by a route config with these matches; the last resort is "none". */
function matched(match: object, parts: RequestParts, random = 0): boolean {
  const config = routeConfigOf({
    name: "r",
    virtual_hosts: [{ name: "v", domains: ["*"], routes: [{ match: match as never, ...respond }] }],
  });
  return routeRequest(config, request(parts), random).route !== null;
}

describe("virtual hosts are found as in Envoy: exact, longest suffix wildcard, longest prefix wildcard, star", () => {
  const host = (name: string, ...domains: string[]) => ({ name, domains, routes: [] });
  const config = routeConfigOf({
    name: "r",
    virtual_hosts: [
      host("star", "*"),
      host("exact", "www.example.com", "API.example.com:8080"),
      host("suffix", "*.example.com"),
      host("longer-suffix", "*.eu.example.com"),
      host("dashed-suffix", "*-bar.example.com"),
      host("prefix", "www.*"),
      host("longer-prefix", "www.example.*"),
      host("literal", "a.*.test"),
    ],
  });
  test.each([
    ["www.example.com", "exact"],
    ["WWW.EXAMPLE.COM", "exact"],
    ["api.example.com:8080", "exact"],
    ["api.example.com", "suffix"],
    ["x.eu.example.com", "longer-suffix"],
    ["foo-bar.example.com", "dashed-suffix"],
    ["www.test", "prefix"],
    ["www.example.org", "longer-prefix"],
    [".example.com", "star"],
    ["www.", "star"],
    ["www.example.com:80", "longer-prefix"],
    ["a.*.test", "literal"],
    ["a.b.test", "star"],
    ["", "star"],
  ])("%s -> %s", (authority, name) => {
    expect(matchVirtualHost(config, authority)?.name).toBe(name);
  });

  test("the port is left out of account only when told so", () => {
    const ignoring = routeConfigOf({
      name: "r",
      ignore_port_in_host_matching: true,
      virtual_hosts: [host("exact", "service"), host("v6", "[::1]")],
    });
    expect(matchVirtualHost(ignoring, "service:8080")?.name).toBe("exact");
    expect(matchVirtualHost(ignoring, "[::1]:80")?.name).toBe("v6");
    expect(matchVirtualHost(ignoring, "[::1]")?.name).toBe("v6");
    expect(matchVirtualHost(ignoring, "other")).toBeNull();
  });
});

describe("matches", () => {
  const header = (more: object) => ({ prefix: "/", headers: [{ name: "X-Kind", ...more }] });
  const one = (value: string): RequestParts => ({ headers: [["x-kind", value]] });
  const two: RequestParts = {
    headers: [
      ["x-kind", "a"],
      ["X-KIND", "b"],
    ],
  };
  const cases: [what: string, match: object, parts: RequestParts, expected: boolean][] = [
    ["prefix", { prefix: "/a" }, { path: "/abc" }, true],
    ["prefix, other path", { prefix: "/a" }, { path: "/b" }, false],
    ["prefix, other case", { prefix: "/a" }, { path: "/A" }, false],
    ["prefix without case", { prefix: "/a", case_sensitive: false }, { path: "/A" }, true],
    ["exact without the query", { path: "/a" }, { path: "/a?x=1" }, true],
    ["exact, longer", { path: "/a" }, { path: "/a/" }, false],
    ["segment prefix, itself", { path_separated_prefix: "/api" }, { path: "/api" }, true],
    ["segment prefix, below", { path_separated_prefix: "/api" }, { path: "/api/x" }, true],
    ["segment prefix, query", { path_separated_prefix: "/api" }, { path: "/api?x" }, true],
    ["segment prefix, longer name", { path_separated_prefix: "/api" }, { path: "/apis" }, false],
    ["regex matches the whole path", { safe_regex: { regex: "/a\\d+" } }, { path: "/a12?b" }, true],
    ["regex, only a part", { safe_regex: { regex: "/a" } }, { path: "/ab" }, false],
    ["header exact", header({ string_match: { exact: "a" } }), one("a"), true],
    ["header exact, other case of value", header({ string_match: { exact: "a" } }), one("A"), false],
    ["header exact, ignoring case", header({ string_match: { exact: "a", ignore_case: true } }), one("A"), true],
    ["header, any of repeated values", header({ string_match: { exact: "b" } }), two, true],
    ["header, repeated values are not joined", header({ string_match: { exact: "a,b" } }), two, false],
    [
      "header inverted, none of repeated values",
      header({ string_match: { exact: "b" }, invert_match: true }),
      two,
      false,
    ],
    ["header inverted", header({ string_match: { exact: "c" }, invert_match: true }), two, true],
    ["header missing", header({ string_match: { exact: "a" } }), {}, false],
    ["header missing, inverted", header({ string_match: { exact: "a" }, invert_match: true }), {}, false],
    [
      "header missing as empty, inverted",
      header({ string_match: { exact: "a" }, invert_match: true, treat_missing_header_as_empty: true }),
      {},
      true,
    ],
    ["header present", header({ present_match: true }), one(""), true],
    ["header absent", header({ present_match: false }), {}, true],
    ["header present, inverted", header({ present_match: true, invert_match: true }), {}, true],
    ["header without a specifier means present", header({}), one("x"), true],
    ["header prefix", header({ prefix_match: "ab" }), one("abc"), true],
    ["header suffix", header({ suffix_match: "bc" }), one("abc"), true],
    ["header contains", header({ contains_match: "b" }), one("abc"), true],
    ["header regex is whole", header({ safe_regex_match: { regex: "b" } }), one("abc"), false],
    ["header range", header({ range_match: { start: -5, end: 10 } }), one("-5"), true],
    ["header range, end excluded", header({ range_match: { start: -5, end: 10 } }), one("10"), false],
    ["header range, zeros", header({ range_match: { start: -5, end: 10 } }), one(`+${"0".repeat(25)}7`), true],
    ["header range, beyond int64", header({ range_match: { start: -5, end: 10 } }), one("9".repeat(20)), false],
    ["header range, inverted", header({ range_match: { start: -5, end: 10 }, invert_match: true }), one("7.0"), true],
    ["header range, inverted, missing", header({ range_match: { start: -5, end: 10 }, invert_match: true }), {}, false],
    ["header range, no number", header({ range_match: { start: -5, end: 10 } }), one("1.5"), false],
    [
      "method",
      { prefix: "/", headers: [{ name: ":method", string_match: { exact: "POST" } }] },
      { method: "POST" },
      true,
    ],
    [
      "host header is the authority",
      { prefix: "/", headers: [{ name: "host", string_match: { exact: "service" } }] },
      {},
      true,
    ],
    [
      "query value",
      { prefix: "/", query_parameters: [{ name: "a", string_match: { exact: "1" } }] },
      { path: "/?b=2&a=1" },
      true,
    ],
    [
      "query, the first of repeated",
      { prefix: "/", query_parameters: [{ name: "a", string_match: { exact: "2" } }] },
      { path: "/?a=1&a=2" },
      false,
    ],
    [
      "query not decoded",
      { prefix: "/", query_parameters: [{ name: "a", string_match: { exact: "x y" } }] },
      { path: "/?a=x%20y" },
      false,
    ],
    [
      "query present without value",
      { prefix: "/", query_parameters: [{ name: "a", present_match: true }] },
      { path: "/?a" },
      true,
    ],
    ["query absent", { prefix: "/", query_parameters: [{ name: "a", present_match: true }] }, { path: "/" }, false],
  ];
  test.each(cases)("%s", (_what, match, parts, expected) => {
    expect(matched(match, parts)).toBe(expected);
  });

  test("a fraction takes its share of random values", () => {
    const match = { prefix: "/", runtime_fraction: { default_value: { numerator: 25, denominator: "HUNDRED" } } };
    const taken = Array.from({ length: 100 }, (_, random) => matched(match, {}, random)).filter(Boolean);
    expect(taken).toHaveLength(25);
  });
});

describe("actions", () => {
  const actionOf = (route: object, match: object = { prefix: "/old" }) =>
    routeConfigOf({
      name: "r",
      virtual_hosts: [{ name: "v", domains: ["*"], routes: [{ match: match as never, ...route }] }],
    }).virtualHosts[0]!.routes[0]!.action;

  test.each([
    [{ prefix: "/old" }, { prefix_rewrite: "/new" }, "/old/x?q=1", "/new/x?q=1"],
    [{ path: "/old" }, { prefix_rewrite: "/new" }, "/old?q=1", "/new?q=1"],
    [{ prefix: "/x" }, { prefix_rewrite: "/" }, "/x/y", "//y"],
    [
      { prefix: "/" },
      { regex_rewrite: { pattern: { regex: "^/a/(\\w+)/(\\w+)$" }, substitution: "/\\2/\\1" } },
      "/a/b/c?x=/a/b/c",
      "/c/b?x=/a/b/c",
    ],
    [{ prefix: "/" }, { regex_rewrite: { pattern: { regex: "a" }, substitution: "$1\\\\" } }, "/aa", "/$1\\$1\\"],
  ])("rewrite %j %j: %s -> %s", (match, rewrite, path, expected) => {
    const action = actionOf({ route: { cluster: "c", ...rewrite } }, match) as ForwardAction;
    expect(action.rewritePath?.(path)).toBe(expected);
  });

  test.each([
    [{ path_redirect: "/new" }, {}, "http://service/new?q=1"],
    [{ path_redirect: "/new?z=2" }, {}, "http://service/new?z=2"],
    [{ https_redirect: true }, { authority: "service:80" }, "https://service/old/x?q=1"],
    [{ https_redirect: true }, { authority: "service:8080" }, "https://service:8080/old/x?q=1"],
    [
      { port_redirect: 8443, scheme_redirect: "https" },
      { authority: "service:8080" },
      "https://service:8443/old/x?q=1",
    ],
    [{ host_redirect: "other" }, { authority: "service:8080" }, "http://other/old/x?q=1"],
    [{ prefix_rewrite: "/new", strip_query: true }, {}, "http://service/new/x"],
  ])("redirect %j with %j -> %s", (redirect, parts, expected) => {
    const action = actionOf({ redirect }) as RedirectAction;
    expect(action.location(request({ path: "/old/x?q=1", ...parts }))).toBe(expected);
  });

  test("weights are kept for any random value, and every cluster with weight is reachable", () => {
    const seed = Date.now() & 0x7fffffff;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 5 }), (weights) => {
        fc.pre(weights.some((weight) => weight > 0));
        const clusters = weights.map((weight, index) => ({ name: `c${index}`, weight }));
        const action = actionOf({ route: { weighted_clusters: { clusters } } }) as ForwardAction;
        const counts = weights.map(() => 0);
        for (let random = 0; random < action.totalWeight; random += 1) {
          counts[Number(pickCluster(action, random).name.slice(1))]! += 1;
        }
        expect(counts).toEqual(weights);
      }),
      { seed, numRuns: 50, verbose: true },
    );
  });
});

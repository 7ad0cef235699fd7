// Which virtual host and route a request gets: domains, paths, headers, query, fractions.
// Rule: each match has requests on both sides of it.

import { direct, TO_APP, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

const found = (match: Config, text = "found"): Config => ({ match, ...direct(200, text) });
const REST = { match: { prefix: "/" }, ...direct(404, "rest") };
const ask = (
  routes: readonly Config[],
  asks: readonly (Ask | string)[],
  more: Partial<Case> & { id: string },
): Case => ({
  config: web({ routes }),
  run: (wire) => wire.calls(asks),
  ...more,
});
const withHeader = (value: string | string[] | null, path = "/"): Ask => ({
  path,
  headers: value === null ? {} : { "x-kind": value },
});
const byHeader = (match: Config): Config[] => [found({ prefix: "/", headers: [{ name: "x-kind", ...match }] }), REST];
const VALUES = ["beta", "BETA", "alphabet", "betamax", "b-eta", "42", "-1", "100", ""].map((each) => withHeader(each));
const ALL_VALUES = [withHeader(null), withHeader(["gamma", "beta"]), ...VALUES];
const headerCase = (id: string, match: Config, more: Partial<Case>): Case =>
  ask(byHeader(match), ALL_VALUES, { id: `match header ${id}`, ...more });
const byQuery = (match: Config): Config[] => [
  found({ prefix: "/", query_parameters: [{ name: "q", ...match }] }),
  REST,
];
const QUERIES = [
  "/",
  "/?q",
  "/?q=",
  "/?q=beta",
  "/?q=alphabet",
  "/?a=beta&q=b",
  "/?q=b&q=beta",
  "/?Q=beta",
  "/?q=bet%61",
];

export const matchCases: readonly Case[] = [
  {
    id: "domains",
    config: web({
      hosts: [
        { name: "exact", domains: ["a.test"], routes: [found({ prefix: "/" }, "exact")] },
        { name: "suffix", domains: ["*.a.test", "*-b.test"], routes: [found({ prefix: "/" }, "suffix")] },
        { name: "prefix", domains: ["a.*"], routes: [found({ prefix: "/" }, "prefix")] },
        { name: "port", domains: ["p.test:81"], routes: [found({ prefix: "/" }, "port")] },
        { name: "rest", domains: ["*"], routes: [found({ prefix: "/" }, "rest")] },
      ],
    }),
    run: (wire) =>
      wire.calls(
        [
          "a.test",
          "A.Test",
          "x.a.test",
          "x.y.a.test",
          ".a.test",
          "q-b.test",
          "a.other",
          "a.test:80",
          "p.test:81",
          "p.test",
          "zzz",
        ].map((host) => ({ headers: { host } })),
      ),
    needs: ["VirtualHost.domains", "VirtualHost.name"],
  },
  {
    id: "ignore port in host",
    config: web({
      host: { domains: ["a.test"] },
      routes: [found({ prefix: "/" })],
      routeConfig: { ignore_port_in_host_matching: true },
    }),
    run: (wire) => wire.calls([{ headers: { host: "a.test:8080" } }, { headers: { host: "a.test" } }]),
    proves: ["RouteConfiguration.ignore_port_in_host_matching"],
  },
  ask([found({ prefix: "/a" }), REST], ["/a", "/ab", "/a/b", "/A", "/", "/a?x", "/b/a"], {
    id: "match prefix",
    needs: ["RouteMatch.prefix", "Route.match"],
    proves: ["Route.direct_response"].slice(1),
  }),
  ask([found({ path: "/a" }), REST], ["/a", "/a/", "/a?x=1", "/A", "/"], {
    id: "match path",
    needs: ["RouteMatch.path"],
  }),
  ask([found({ path_separated_prefix: "/a" }), REST], ["/a", "/a/b", "/ab", "/a?x", "/A/b"], {
    id: "match path-separated prefix",
    needs: ["RouteMatch.path_separated_prefix"],
  }),
  ask(
    [found({ safe_regex: { regex: "/item/\\d+" } }), REST],
    ["/item/1", "/item/12?z", "/item/x", "/item/1/2", "/ITEM/1"],
    {
      id: "match regex",
      needs: ["RouteMatch.safe_regex", "RegexMatcher.regex"],
    },
  ),
  ask([found({ prefix: "/A", case_sensitive: false }), REST], ["/a", "/Ab", "/b"], {
    id: "match case",
    proves: ["RouteMatch.case_sensitive"],
  }),
  ask(
    [found({ prefix: "/a", grpc: {} }), REST],
    [
      { path: "/a", method: "POST", headers: { "content-type": "application/grpc" } },
      { path: "/a", method: "POST", headers: { "content-type": "application/grpc+proto" } },
      { path: "/a", method: "POST", headers: { "content-type": "application/grpcx" } },
      "/a",
    ],
    { id: "match grpc", proves: ["RouteMatch.grpc"] },
  ),
  ...["numerator", "denominator"].map(
    (field): Case =>
      ask(
        [
          found({
            prefix: "/",
            runtime_fraction: {
              default_value:
                field === "numerator" ? { numerator: 100 } : { numerator: 10_000, denominator: "TEN_THOUSAND" },
            },
          }),
          REST,
        ],
        ["/", "/", "/"],
        { id: `match fraction ${field}`, proves: field === "numerator" ? [`v3.FractionalPercent.${field}`] : [] },
      ),
  ),
  {
    id: "match fraction none",
    config: web({
      routes: [
        found({ prefix: "/", runtime_fraction: { default_value: { numerator: 0 }, runtime_key: "no.layer" } }),
        REST,
      ],
    }),
    run: (wire) => wire.calls(["/", "/", "/"]),
    proves: ["RouteMatch.runtime_fraction"],
    needs: ["RuntimeFractionalPercent.default_value"],
    inert: ["RuntimeFractionalPercent.runtime_key"],
  },
  {
    id: "match fraction of ten thousand",
    config: web({
      routes: [
        found({ prefix: "/", runtime_fraction: { default_value: { numerator: 100, denominator: "MILLION" } } }),
        REST,
      ],
    }),
    run: async (wire) => {
      const tally = await wire.tally(
        60,
        () => "/",
        (answer) => (answer === "no answer" ? answer : String(answer.status)),
      );
      return { rare: (tally["200"] ?? 0) < 5 };
    },
    proves: ["FractionalPercent.denominator"],
  },
  headerCase("present", {}, { proves: ["RouteMatch.headers"], needs: ["HeaderMatcher.name"] }),
  headerCase("exact (old)", { exact_match: "beta" }, { proves: ["HeaderMatcher.exact_match"] }),
  headerCase("regex (old)", { safe_regex_match: { regex: "b.*a" } }, { proves: ["HeaderMatcher.safe_regex_match"] }),
  headerCase(
    "range",
    { range_match: { start: -5, end: 100 } },
    {
      proves: ["HeaderMatcher.range_match", "Int64Range.start", "Int64Range.end"],
    },
  ),
  headerCase("present match", { present_match: false }, { proves: ["HeaderMatcher.present_match"] }),
  headerCase("prefix (old)", { prefix_match: "beta" }, { proves: ["HeaderMatcher.prefix_match"] }),
  headerCase("suffix (old)", { suffix_match: "eta" }, { proves: ["HeaderMatcher.suffix_match"] }),
  headerCase("contains (old)", { contains_match: "ab" }, { proves: ["HeaderMatcher.contains_match"] }),
  headerCase(
    "string",
    { string_match: { exact: "beta" } },
    {
      proves: ["HeaderMatcher.string_match"],
      needs: ["StringMatcher.exact"],
    },
  ),
  headerCase("string prefix", { string_match: { prefix: "beta" } }, { needs: ["StringMatcher.prefix"] }),
  headerCase("string suffix", { string_match: { suffix: "eta" } }, { needs: ["StringMatcher.suffix"] }),
  headerCase("string contains", { string_match: { contains: "ab" } }, { needs: ["StringMatcher.contains"] }),
  headerCase(
    "string in any case",
    { string_match: { exact: "beta", ignore_case: true } },
    { proves: ["StringMatcher.ignore_case"] },
  ),
  headerCase(
    "string regex",
    { string_match: { safe_regex: { google_re2: { max_program_size: 100 }, regex: "b(e|-e)ta" } } },
    {
      needs: ["StringMatcher.safe_regex"],
      inert: ["RegexMatcher.google_re2", "GoogleRE2.max_program_size"],
    },
  ),
  headerCase(
    "inverted",
    { string_match: { exact: "beta" }, invert_match: true },
    { proves: ["HeaderMatcher.invert_match"] },
  ),
  headerCase(
    "missing as empty",
    { string_match: { exact: "beta" }, invert_match: true, treat_missing_header_as_empty: true },
    {
      proves: ["HeaderMatcher.treat_missing_header_as_empty"],
    },
  ),
  ask(
    [found({ prefix: "/", headers: [{ name: ":method", string_match: { exact: "PUT" } }] }), REST],
    [{ method: "PUT" }, "/"],
    {
      id: "match method",
    },
  ),
  ask(
    [found({ prefix: "/", headers: [{ name: ":authority", string_match: { prefix: "b." } }] }), REST],
    [{ headers: { host: "b.test" } }, "/"],
    { id: "match authority" },
  ),
  ask(byQuery({ string_match: { exact: "beta" } }), QUERIES, {
    id: "match query string",
    proves: ["RouteMatch.query_parameters", "QueryParameterMatcher.string_match"],
    needs: ["QueryParameterMatcher.name"],
  }),
  ask(byQuery({ present_match: false }), QUERIES, {
    id: "match query absent",
    proves: ["QueryParameterMatcher.present_match"],
  }),
  {
    id: "order of routes",
    config: web({ routes: [found({ path: "/a" }, "first"), found({ prefix: "/a" }, "second"), TO_APP] }),
    run: (wire) => wire.calls(["/a", "/ab", "/b"]),
    proves: ["VirtualHost.routes", "RouteConfiguration.virtual_hosts"],
  },
];

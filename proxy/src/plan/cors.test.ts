// What a CORS policy may say, what is refused by its path, and how levels of a route are put together.

import type { JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { CorsPolicySchema } from "../contract/messages";
import { decideCors } from "../semantics";
import { request } from "../semantics/testing/build";
import { corsPlan, mergeCors } from "./cors";
import { Scope } from "./scope";
import type { CorsPlan } from "./types";

function planned(json: JsonValue): { plan: CorsPlan; problems: string[] } {
  const decoded = decodeJson(CorsPolicySchema, json);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plan = corsPlan(decoded.value, new Scope("cors", found));
  const refused = findUnsupported(CorsPolicySchema, decoded.value, "cors");
  return { plan, problems: [...refused, ...found].map(({ path }) => path) };
}

const ORIGINS: JsonValue = [{ exact: "https://a.test" }];

test("a policy is on where it does not say otherwise", () => {
  const { plan, problems } = planned({ allow_origin_string_match: ORIGINS, allow_methods: "GET", max_age: "5" });
  expect(problems).toEqual([]);
  expect(plan).toMatchObject({
    enabled: { numerator: 100, denominator: 100 },
    shadow: { numerator: 0 },
    allowMethods: "GET",
    maxAge: "5",
    allowCredentials: null,
    forwardsUnmatched: null,
  });
});

const refused: [what: string, config: JsonValue, paths: string[]][] = [
  [
    "a pattern that is none",
    { allow_origin_string_match: [{ safe_regex: { regex: "(" } }] },
    ["cors.allow_origin_string_match[0].safe_regex.regex"],
  ],
  ["an origin without a pattern", { allow_origin_string_match: [{}] }, ["cors.allow_origin_string_match[0]"]],
];
test.each(refused)("%s is refused by its path", (_what, config, paths) => {
  expect(planned(config).problems).toEqual(paths);
});

test("a level says what the level around it does not, but alone whether it is on", () => {
  const outer = planned({
    allow_origin_string_match: ORIGINS,
    allow_methods: "GET",
    allow_headers: "x-outer",
    allow_credentials: true,
    filter_enabled: { default_value: {} },
    forward_not_matching_preflights: false,
  }).plan;
  const inner = planned({ allow_headers: "x-inner", allow_credentials: false }).plan;
  expect(mergeCors(outer, inner)).toEqual({
    ...outer,
    enabled: { numerator: 100, denominator: 100 },
    allowHeaders: "x-inner",
    allowCredentials: false,
  });
  expect(mergeCors(undefined, inner)).toBe(inner);
});

test("a preflight is OPTIONS with an origin and a method that is asked for", () => {
  const { plan } = planned({ allow_origin_string_match: ORIGINS, forward_not_matching_preflights: false });
  const decided = (method: string, ...headers: [string, string][]) => decideCors(plan, request({ method, headers }));
  const asks: [string, string] = ["access-control-request-method", "PUT"];
  expect(decided("OPTIONS", ["origin", "https://a.test"], asks)).toBe("preflight");
  expect(decided("OPTIONS", ["origin", "https://b.test"], asks)).toBe("refused");
  expect(decided("OPTIONS", ["origin", "https://a.test"])).toBe("allowed");
  expect(decided("PUT", ["origin", "https://a.test"], asks)).toBe("allowed");
  expect(decided("PUT", ["origin", "https://b.test"], asks)).toBe("none");
  expect(decided("OPTIONS", asks)).toBe("none");
  expect(decided("GET", ["origin", "https://a.test"], ["origin", "https://a.test"])).toBe("none");
});

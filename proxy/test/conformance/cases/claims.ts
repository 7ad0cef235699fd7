// Rules about what a token said: RBAC by claims. Rule: one kind of matcher per case, with tokens on both sides of it.

import { httpFilter, web } from "../config";
import { token } from "../jwt";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";
import { bearer, filters, P } from "./jwt";

const claims = (value: Config, path: readonly string[], more: Config = {}): Config => ({
  metadata: {
    filter: "envoy.filters.http.jwt_authn",
    path: ["payload", ...path].map((key) => ({ key })),
    value,
    ...more,
  },
});
const CLAIMED: readonly Ask[] = [
  { role: "admin", level: 7, on: true, groups: ["a", "b"] },
  { role: "user", level: 3.5, on: false, groups: ["c"] },
  { role: null, groups: "a" },
  {},
].map((each) => bearer(token(each)));
const ruled = (id: string, who: Config, needs: readonly string[], more: Partial<Case> = {}): Case => ({
  id: `rbac by claim ${id}`,
  config: web({
    hcm: filters({ payload_in_metadata: "payload" }, {}, [
      httpFilter("rbac", "rbac.v3.RBAC", {
        rules: { policies: { one: { permissions: [{ any: true }], principals: [who] } } },
      }),
    ]),
  }),
  run: (wire) => wire.statuses(CLAIMED),
  needs,
  ...more,
});
const V = "matcher.v3.ValueMatcher.";

export const claimCases: readonly Case[] = [
  ruled("that is a text", claims({ string_match: { exact: "admin" } }, ["role"]), [
    "Principal.metadata",
    "MetadataMatcher.filter",
    "MetadataMatcher.path",
    "MetadataMatcher.value",
    `${V}string_match`,
    "MetadataMatcher.PathSegment.key",
  ]),
  ruled("inverted", claims({ string_match: { exact: "admin" } }, ["role"], { invert: true }), [], {
    proves: ["MetadataMatcher.invert"],
  }),
  ruled("that is a number", claims({ double_match: { exact: 7 } }, ["level"]), [
    `${V}double_match`,
    "DoubleMatcher.exact",
  ]),
  ruled("in a range", claims({ double_match: { range: { start: 3, end: 4 } } }, ["level"]), ["DoubleMatcher.range"], {
    proves: ["DoubleRange.start", "DoubleRange.end"].slice(1),
  }),
  ruled("in a range from", claims({ double_match: { range: { start: 5, end: 9 } } }, ["level"]), [], {
    proves: ["DoubleRange.start"],
  }),
  ruled("that is a truth", claims({ bool_match: true }, ["on"]), [`${V}bool_match`]),
  ruled("that is there", claims({ present_match: true }, ["level"]), [`${V}present_match`]),
  ruled("that is null", claims({ null_match: {} }, ["role"]), [`${V}null_match`]),
  ruled("in a list", claims({ list_match: { one_of: { string_match: { exact: "a" } } } }, ["groups"]), [
    `${V}list_match`,
    "ListMatcher.one_of",
  ]),
  ruled(
    "either",
    claims(
      { or_match: { value_matchers: [{ string_match: { exact: "admin" } }, { string_match: { exact: "user" } }] } },
      ["role"],
    ),
    [`${V}or_match`, "OrMatcher.value_matchers"],
  ),
  {
    id: "rbac by claim, as a permission",
    config: web({
      hcm: filters({ payload_in_metadata: "payload" }, {}, [
        httpFilter("rbac", "rbac.v3.RBAC", {
          rules: {
            policies: {
              one: {
                permissions: [claims({ string_match: { exact: "admin" } }, ["role"])],
                principals: [{ any: true }],
              },
            },
          },
        }),
      ]),
    }),
    run: (wire) => wire.statuses(CLAIMED),
    needs: ["Permission.metadata"],
    proves: [`${P}payload_in_metadata`],
  },
];

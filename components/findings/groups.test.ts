import { expect, test } from "vitest";
import type { FindingDto } from "@/components/api-client";
import { filterFrom, groupsOf, isShown, objectLink } from "./groups";

const finding = (rest: Partial<FindingDto>): FindingDto => ({
  id: "MW1003:TrafficPolicy/a/b",
  code: "MW1003",
  title: "t",
  area: "resilience",
  severity: "warning",
  message: "Outlier detection never ejects.",
  cause: "c",
  refs: ["TrafficPolicy/a/b"],
  ...rest,
});
const accepted = {
  findingId: "x",
  message: "m",
  reason: "r",
  owner: "o",
  expiresAt: "2027-01-01",
  acceptedBy: "a",
  acceptedAt: "b",
};
const shown = (search: string, rest: Partial<FindingDto> = {}) =>
  isShown(finding(rest), filterFrom(new URLSearchParams(search)));

test("groups stand in the order in which one goes through them, without empty ones", () => {
  const list = [finding({}), finding({ area: "broken" }), finding({ area: "access" }), finding({})];
  expect(groupsOf(list).map((group) => [group.area, group.findings.length])).toEqual([
    ["broken", 1],
    ["access", 1],
    ["resilience", 2],
  ]);
});

test.each([
  ["", {}, true],
  ["severity=error", {}, false],
  ["severity=warning", {}, true],
  ["area=access", {}, false],
  ["code=MW1003", {}, true],
  ["object=Service%2Fa%2Fb", {}, false],
  ["object=TrafficPolicy%2Fa%2Fb", {}, true],
  ["q=NEVER", {}, true],
  ["q=mtls", {}, false],
  ["", { accepted }, false],
  ["accepted=1", { accepted }, true],
  ["accepted=1", {}, false],
])("the URL ?%s shows %j: %s", (search, rest, expected) => {
  expect(shown(search, rest)).toBe(expected);
});

test("an object is linked to where it is changed", () => {
  expect(objectLink("shop", "Route/a/b")).toBe("/meshes/shop/policies/Route/a/b");
  expect(objectLink("shop", "Service/a/b")).toBe("/meshes/shop/services/a/b");
  expect(objectLink("shop", "Mesh//shop")).toBe("/meshes/shop/topology?sel=Mesh%2F%2Fshop");
});

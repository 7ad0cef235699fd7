import { expect, test } from "vitest";
import { inWay, nextShare, regionsOf, wayOf } from "./locality-ways";

const PLACES = ["eu/a", "eu/b", "us/c"];

test("a way is told by what the policy has", () => {
  expect(wayOf(undefined)).toBeUndefined();
  expect(wayOf({})).toBe("nearest");
  expect(wayOf({ failover: [{ from: "eu", to: "us" }] })).toBe("nearest");
  expect(wayOf({ failoverPriority: ["version"] })).toBe("labels");
  expect(wayOf({ distribute: [{ from: "*", to: { eu: 100 } }] })).toBe("shares");
  expect(wayOf({ enabled: false, failoverPriority: ["version"] })).toBe("off");
});

test("each way that is chosen is the way that is told", () => {
  for (const way of ["nearest", "labels", "shares", "off", undefined] as const)
    expect(wayOf(inWay(way, { failover: [{ from: "eu", to: "us" }] }, PLACES))).toBe(way);
});

test("shares begin even and are 100 together", () => {
  expect(inWay("shares", undefined, PLACES)?.distribute).toEqual([
    { from: "*", to: { "eu/a": 34, "eu/b": 33, "us/c": 33 } },
  ]);
  expect(inWay("shares", undefined, [])?.distribute).toEqual([{ from: "*", to: { "*": 100 } }]);
});

test("the next share is of a place that has none, and of what is left", () => {
  expect(nextShare({ "eu/a": 70 }, PLACES)).toEqual(["eu/b", 30]);
  expect(nextShare({ "eu/a": 50, "eu/b": 50 }, PLACES)).toEqual(["us/c", 1]);
  expect(nextShare({ "eu/a": 50, "eu/b": 49, "us/c": 1 }, PLACES)).toBeNull();
});

test("regions of places, each once", () => expect(regionsOf(PLACES)).toEqual(["eu", "us"]));

import { expect, test } from "vitest";
import { isWithin, localityOf, localityText, type Placed, placedOf, standings } from "./locality";
import type { TrafficLocality, Workload } from "./types";

const at = (place: string, labels: Record<string, string> = {}): Placed => {
  const workload = { kind: "Workload", metadata: { name: "x", namespace: "n" }, spec: { version: "v1", labels } };
  const spec = place === "" ? workload.spec : { ...workload.spec, locality: place };
  return placedOf({ ...workload, apiVersion: "meshwright/v1", spec } as unknown as Workload);
};
const HOSTS = ["eu/a/1", "eu/a/2", "eu/b", "us/c", "asia/d", ""].map((place) => at(place));
const priorities = (locality: TrafficLocality | undefined, caller: Placed, hosts = HOSTS) =>
  standings(locality, caller, hosts).map((standing) => standing?.priority);
const weights = (locality: TrafficLocality, caller: Placed, hosts = HOSTS) =>
  standings(locality, caller, hosts).map((standing) => (standing === null ? "nothing" : standing.weight));

test("a locality and its text are the same", () => {
  for (const text of ["", "eu", "eu/a", "eu/a/1"]) expect(localityText(localityOf(text))).toBe(text);
});

test.each([
  ["eu/a/1", "*", true],
  ["eu/a/1", "eu", true],
  ["eu/a/1", "eu/*", true],
  ["eu/a/1", "eu/a/1", true],
  ["eu/a/1", "eu/a/2", false],
  ["eu/a", "us/*", false],
  ["eu", "eu/a", false],
])("%s is within %s: %s", (place, pattern, expected) => expect(isWithin(localityOf(place), pattern)).toBe(expected));

test("nearest first: subzone, zone, region, the rest; priorities have no gaps", () => {
  expect(priorities({}, at("eu/a/1"))).toEqual([0, 1, 2, 3, 3, 3]);
  expect(priorities({ enabled: true }, at("eu/b"))).toEqual([1, 1, 0, 2, 2, 2]);
  expect(priorities({}, at("us/x"))).toEqual([1, 1, 1, 0, 1, 1]);
});

test("who is nowhere is near to those that are nowhere, and as Istio all others are elsewhere", () => {
  expect(priorities({}, at(""))).toEqual([1, 1, 1, 1, 1, 0]);
});

test("switched off, or not said, all are alike", () => {
  const alike = HOSTS.map(() => 0);
  expect(priorities(undefined, at("eu/a/1"))).toEqual(alike);
  expect(priorities({ enabled: false, failoverPriority: ["version"] }, at("eu/a/1"))).toEqual(alike);
});

test("failover puts the region that it names before all others", () => {
  const locality = { failover: [{ from: "eu", to: "asia" }] };
  expect(priorities(locality, at("eu/a/1"))).toEqual([0, 1, 2, 4, 3, 4]);
  expect(priorities(locality, at("us/c"))).toEqual([1, 1, 1, 0, 1, 1]);
});

test("labels in their order: the first that differs decides, and what nobody has is the same", () => {
  const hosts = [at("eu/a", { track: "stable" }), at("eu/b", { track: "stable" }), at("eu/a", { track: "next" })];
  const caller = at("eu/a", { track: "stable" });
  expect(priorities({ failoverPriority: ["track", "topology.kubernetes.io/zone"] }, caller, hosts)).toEqual([0, 1, 2]);
  expect(priorities({ failoverPriority: ["topology.kubernetes.io/zone", "track"] }, caller, hosts)).toEqual([0, 2, 1]);
  expect(priorities({ failoverPriority: ["track=next"] }, caller, hosts)).toEqual([1, 1, 0]);
  expect(priorities({ failoverPriority: ["nobody-has-it"] }, caller, hosts)).toEqual([0, 0, 0]);
});

test("labels before regions where both are said", () => {
  const hosts = [at("us/a", { track: "stable" }), at("asia/b", { track: "stable" }), at("eu/a", { track: "next" })];
  const locality = { failoverPriority: ["track"], failover: [{ from: "eu", to: "asia" }] };
  expect(priorities(locality, at("eu/a", { track: "stable" }), hosts)).toEqual([1, 0, 2]);
});

test("fixed shares: who is not named gets nothing, and a share of several places is divided by hosts", () => {
  const locality = { distribute: [{ from: "eu/*", to: { "eu/a/*": 80, "us/c": 20 } }] };
  expect(weights(locality, at("eu/b"))).toEqual([40, 40, "nothing", 20, "nothing", "nothing"]);
  expect(weights(locality, at("eu/b"), [at("eu/a/1"), at("eu/a/1"), at("eu/a/2")])).toEqual([54, 54, 27]);
});

test("the first entry that a caller is in counts, and callers without one call all alike", () => {
  const locality: TrafficLocality = {
    distribute: [
      { from: "eu/a", to: { "eu/a": 100 } },
      { from: "eu", to: { "us/c": 100 } },
    ],
  };
  expect(weights(locality, at("eu/a/1"))).toEqual([50, 50, "nothing", "nothing", "nothing", "nothing"]);
  expect(weights(locality, at("eu/b"))).toEqual(["nothing", "nothing", "nothing", 100, "nothing", "nothing"]);
  expect(standings(locality, at("us/c"), HOSTS)).toEqual(HOSTS.map(() => ({ priority: 0, weight: null })));
});

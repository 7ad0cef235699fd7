// Subsets of a cluster while it runs: who is in them changes with what endpoints say.

import { afterEach, expect, it } from "vitest";
import { noDialer } from "../../test/support/no-dialer";
import { cluster, endpoint } from "../../test/support/plans";
import { matchOf } from "../plan/subsets";
import type { SubsetsPlan } from "../plan/types";
import { UpstreamCluster } from "./cluster";

const open: UpstreamCluster[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
const subsets: SubsetsPlan = {
  selectors: [{ keys: ["version"], fallback: null }],
  fallback: "none",
  defaultSubset: new Map(),
};
const version = (name: string) => new Map([["version", JSON.stringify(name)]]);
const plan = (versions: string) =>
  cluster(
    "app",
    [...versions].map((name, index) => endpoint(1000 + index, { subset: version(name) })),
    { subsets },
  );
const made = (versions: string): UpstreamCluster => {
  const one = new UpstreamCluster(plan(versions), noDialer);
  open.push(one);
  return one;
};
const ports = (of: UpstreamCluster, name: string): (number | undefined)[] =>
  [...new Set(Array.from({ length: 12 }, () => of.pick(matchOf(version(name)))?.plan.port))].sort();

it("hosts come into a subset and leave it with what they say", async () => {
  const app = made("112");
  expect([ports(app, "1"), ports(app, "2"), ports(app, "3")]).toEqual([[1000, 1001], [1002], [undefined]]);
  await app.setEndpoints(plan("233"));
  expect([ports(app, "1"), ports(app, "2"), ports(app, "3")]).toEqual([[undefined], [1000], [1001, 1002]]);
});

it("another try stays in the subset", () => {
  const app = made("1122");
  const [first] = app.hosts;
  const others = Array.from({ length: 12 }, () => app.pickOther((host) => host === first, 3, matchOf(version("1"))));
  expect(new Set(others.map((host) => host?.plan.port))).toEqual(new Set([1001]));
  expect(app.pickOther((host) => host === first, 3, matchOf(version("9")))).toBeNull();
});

it("a subset has its own turns, whatever happens in another one", () => {
  const app = made("1212");
  const seen = Array.from({ length: 4 }, () => [
    app.pick(matchOf(version("1")))?.plan.port,
    app.pick(matchOf(version("2")))?.plan.port,
  ]);
  expect(new Set(seen.slice(0, 2).map(([one]) => one))).toEqual(new Set([1000, 1002]));
  expect(new Set(seen.slice(0, 2).map(([, two]) => two))).toEqual(new Set([1001, 1003]));
});

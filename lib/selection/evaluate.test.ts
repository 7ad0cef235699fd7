import { expect, test } from "vitest";
import { type Choices, differences, evaluate, type Override } from "./evaluate";
import { firstWithout, sensitivity } from "./sensitivity";
import type { Fact, Product, ProductId, Verdict } from "./types";

const criteria = ["mtls", "jwt", "canary"].map((id) => ({ id }));
const product = (id: ProductId): Product => ({
  id,
  name: id,
  version: "1",
  homepage: "https://example.test",
  summary: id,
});
const products = [product("istio-sidecar"), product("linkerd"), product("consul")];
const fact = (criterion: string, verdict: Verdict, asOf = "2026-11-01"): Fact => ({
  criterion,
  verdict,
  text: `${criterion} ${verdict}`,
  source: "https://example.test/docs",
  asOf,
});
// by half points: istio 2 1 2, linkerd 2 0 ?, consul ? 2 0
const facts = {
  "istio-sidecar": [fact("mtls", "yes"), fact("jwt", "partly"), fact("canary", "yes")],
  linkerd: [fact("mtls", "yes"), fact("jwt", "no")],
  consul: [fact("jwt", "yes"), fact("canary", "no")],
} as const;
const none: Choices = { weights: {}, constraints: {}, overrides: [] };
const today = "2026-11-23";
const ask = (choices: Partial<Choices>) => evaluate({ products, criteria, facts }, { ...none, ...choices }, { today });
const of = (result: ReturnType<typeof ask>, id: ProductId) => {
  const found = result.results.find(({ product }) => product.id === id);
  if (!found) throw new Error(`no result of ${id}`);
  return found;
};

test("a score is an interval: unknown as no at its low end, as yes at its high end", () => {
  const result = ask({ weights: { mtls: 3, jwt: 1, canary: 2 } });
  expect(of(result, "istio-sidecar")).toMatchObject({ rank: 1, low: 11 / 12, middle: 11 / 12, high: 11 / 12 });
  expect(of(result, "linkerd")).toMatchObject({ rank: 2, low: 6 / 12, middle: 8 / 12, high: 10 / 12 });
  expect(of(result, "consul")).toMatchObject({ rank: 3, low: 2 / 12, middle: 5 / 12, high: 8 / 12 });
  expect(of(result, "linkerd").unknown).toEqual(["canary"]);
});

test("the first place is sure when no unknown can change it", () => {
  expect(ask({ weights: { mtls: 3, jwt: 1, canary: 2 } })).toMatchObject({ first: ["istio-sidecar"], isSure: true });
  // istio 0.75 for sure, consul between 0.5 and 1
  expect(ask({ weights: { mtls: 1, jwt: 1, canary: 0 } })).toMatchObject({
    first: ["istio-sidecar", "consul"],
    isSure: false,
  });
});

test("equal scores are a tie: both are first, the next is third", () => {
  // istio 2+1, linkerd 2+0, consul 1+2 of 4
  const result = ask({ weights: { canary: 0 } });
  expect(result.results.map(({ product, rank }) => [product.id, rank])).toEqual([
    ["istio-sidecar", 1],
    ["consul", 1],
    ["linkerd", 3],
  ]);
});

test("a criterion of weight 0 does not count, and what nobody weighed counts 1", () => {
  const result = ask({ weights: { mtls: 0, canary: 0 } });
  expect(of(result, "consul")).toMatchObject({ rank: 1, low: 1, high: 1, unknown: [] });
  expect(of(result, "consul").contributions).toEqual([{ criterion: "jwt", weight: 1, verdict: "yes", share: 1 }]);
});

test("nothing counts: nobody has a rank", () => {
  const result = ask({ weights: { mtls: 0, jwt: 0, canary: 0 } });
  expect(result.first).toEqual([]);
  expect(result.results.map(({ rank, middle }) => [rank, middle])).toEqual([
    [null, 0],
    [null, 0],
    [null, 0],
  ]);
});

test("a constraint excludes whom a fact speaks against, with the fact; an unknown has to be proved", () => {
  const result = ask({ weights: { jwt: 5 }, constraints: { jwt: "partly", canary: "yes" } });
  expect(result.first).toEqual(["istio-sidecar"]);
  expect(of(result, "linkerd")).toMatchObject({
    rank: null,
    fails: [{ criterion: "jwt", need: "partly", cell: { verdict: "no", fact: { text: "jwt no" } } }],
    unproved: [{ criterion: "canary", need: "yes" }],
  });
  expect(of(result, "consul").fails.map(({ criterion }) => criterion)).toEqual(["canary"]);
  expect(of(ask({ constraints: { jwt: "yes" } }), "istio-sidecar").fails.map(({ cell }) => cell.verdict)).toEqual([
    "partly",
  ]);
});

test("a first place whose constraint is not proved is not sure", () => {
  const open = ask({ weights: { mtls: 0, jwt: 1, canary: 0 }, constraints: { mtls: "yes" } });
  expect(open).toMatchObject({ first: ["consul"], isSure: false });
});

test("a team's own verdict counts in place of the fact, which stays beside it", () => {
  const override: Override = {
    product: "linkerd",
    criterion: "jwt",
    verdict: "yes",
    reason: "we check tokens at the gateway",
    by: "Ada",
    on: "2026-11-20",
  };
  const result = ask({ weights: { canary: 0 }, overrides: [override] });
  expect(of(result, "linkerd")).toMatchObject({ rank: 1, low: 1, high: 1 });
  expect(of(result, "linkerd").cells.jwt).toMatchObject({ verdict: "yes", override, fact: { verdict: "no" } });
  expect(of(result, "consul").cells.jwt?.override).toBeUndefined();
});

test("facts older than the age are stale, against the day that is given", () => {
  const old = { linkerd: [fact("mtls", "yes", "2025-11-22"), fact("jwt", "no", "2025-11-23")] };
  const asked = (options: { today: string; staleDays?: number }) =>
    evaluate({ products: [product("linkerd")], criteria, facts: old }, none, options).results[0]?.stale;
  expect(asked({ today: "2026-11-23" })).toEqual([{ criterion: "mtls", asOf: "2025-11-22", days: 366 }]);
  expect(asked({ today: "2025-12-23", staleDays: 30 })).toEqual([{ criterion: "mtls", asOf: "2025-11-22", days: 31 }]);
});

test("why one is above the other: what makes the most difference first, also where the other is better", () => {
  const result = ask({ weights: { mtls: 3, jwt: 1, canary: 2 } });
  expect(differences(of(result, "istio-sidecar"), of(result, "consul"))).toEqual([
    { criterion: "canary", weight: 2, one: "yes", other: "no", share: 4 / 12 },
    { criterion: "mtls", weight: 3, one: "yes", other: "unknown", share: 6 / 12 - 3 / 12 },
    { criterion: "jwt", weight: 1, one: "partly", other: "yes", share: 1 / 12 - 2 / 12 },
  ]);
});

test("the smallest change of one weight that changes the first place", () => {
  // half points: istio 2m+j+2c = 5, consul m+2j+0c = 3: even when canary does not count, or jwt counts 2 more
  const choices = { ...none, weights: { mtls: 1, jwt: 1, canary: 1 } };
  const { tipping } = sensitivity(criteria, choices, ask(choices));
  const first = ["istio-sidecar", "consul"];
  expect(tipping).toEqual([
    { criterion: "canary", from: 1, to: 0, first },
    { criterion: "jwt", from: 1, to: 3, first },
  ]);
});

test("every weighting by one step in one or two criteria is tried, within 0 and 5", () => {
  const choices = { ...none, weights: { mtls: 5, jwt: 0, canary: 1 } };
  const { weightings, stays } = sensitivity(criteria, choices, ask(choices));
  // single: mtls -1, jwt +1, canary +1 and -1: 4; pairs: mtls-jwt 1, mtls-canary 2, jwt-canary 2
  expect(weightings).toBe(9);
  // istio ties with linkerd where neither jwt nor canary counts: canary -1, alone and with mtls -1
  expect(stays).toEqual([
    { product: "istio-sidecar", first: 7, shared: 2 },
    { product: "linkerd", first: 0, shared: 2 },
    { product: "consul", first: 0, shared: 0 },
  ]);
});

test("an excluded product is first in no weighting", () => {
  const choices: Choices = { ...none, constraints: { jwt: "yes" } };
  const { stays, tipping } = sensitivity(criteria, choices, ask(choices));
  expect(stays.map(({ product }) => product)).toEqual(["consul"]);
  expect(tipping).toEqual([]);
});

test("who is first without some criteria: weights hold, the excluded stay excluded, and nothing that counts is nobody", () => {
  const without = (ids: string[], choices: Partial<Choices>) =>
    firstWithout(ids, { criteria, choices: { ...none, ...choices }, evaluation: ask(choices) });
  // jwt alone: istio 1, linkerd 0, consul 2
  expect(without(["mtls", "canary"], {})).toEqual(["consul"]);
  expect(without([], {})).toEqual(ask({}).first);
  expect(without(["canary"], { weights: { mtls: 2 } })).toEqual(["istio-sidecar"]);
  expect(without(["mtls", "canary"], { constraints: { canary: "partly" } })).toEqual(["istio-sidecar"]);
  expect(without(["mtls", "canary"], { weights: { jwt: 0 } })).toEqual([]);
});

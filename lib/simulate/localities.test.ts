import { expect, test } from "vitest";
import { STOCK_HOST, stockMesh } from "@/lib/compile/testing/stock";
import type { SpecOf } from "@/lib/mesh";
import { ask } from "./ask";
import { changesBetween } from "./changes";
import { buildScene } from "./scene";

function answer(policy: Omit<SpecOf<"TrafficPolicy">, "service">, place?: string) {
  return ask(buildScene(stockMesh(policy, place)), {
    from: { kind: "workload", workload: "Workload/production/checkout-v1" },
    to: { host: STOCK_HOST, port: 8080 },
    method: "GET",
    path: "/",
    headers: {},
  });
}
const OUT = { outlierDetection: { consecutive5xxErrors: 3 } };
const told = ({ destinations }: ReturnType<typeof answer>) =>
  destinations[0]?.localities?.map(
    ({ locality, priority, probability, whenFirstIsGone }) =>
      `${locality} ${priority}: ${probability}, then ${whenFirstIsGone}`,
  );

test("without localities nothing is said of them", () => {
  expect(told(answer({}))).toBeUndefined();
  expect(answer({}).sentence).not.toContain("locality");
});

test("the nearest host takes all, and the next one once it is gone", () => {
  const found = answer({ ...OUT, locality: { enabled: true } });
  expect(told(found)).toEqual(["eu/eu-a 0: 1, then 0", "eu/eu-b 1: 0, then 1", "us/us-a 2: 0, then 0"]);
  expect(found.destinations[0]?.localities?.[1]?.workloads).toEqual(["Workload/production/stock-region"]);
  expect(found.sentence).toContain("By locality 100 % to eu/eu-a; when eu/eu-a is gone, 100 % to eu/eu-b (level 2).");
});

test("a level of several places is shared by their hosts", () => {
  const found = answer({ ...OUT, locality: { failoverPriority: ["topology.kubernetes.io/region"] } }, "asia/x");
  expect(told(found)).toBeUndefined();
  const regional = answer({ ...OUT, locality: { failoverPriority: ["topology.kubernetes.io/region"] } });
  expect(told(regional)).toEqual(["eu/eu-a 0: 0.5, then 0", "eu/eu-b 0: 0.5, then 0", "us/us-a 1: 0, then 1"]);
  expect(regional.sentence).toContain(
    "By locality 50 % to eu/eu-a, 50 % to eu/eu-b; when eu/eu-a and eu/eu-b are gone, 100 % to us/us-a (level 2).",
  );
});

test("fixed shares, and what is left of them when the largest is gone", () => {
  const locality = { distribute: [{ from: "eu", to: { "eu/eu-a": 70, "eu/eu-b": 20, us: 10 } }] };
  const found = answer({ ...OUT, locality });
  const shares = found.destinations[0]?.localities ?? [];
  expect(shares.map(({ probability }) => probability.toFixed(2))).toEqual(["0.70", "0.20", "0.10"]);
  expect(shares.map(({ whenFirstIsGone }) => whenFirstIsGone.toFixed(2))).toEqual(["0.00", "0.67", "0.33"]);
  expect(found.sentence).toContain("; when eu/eu-a is gone, ");
});

test("when the only place is gone there is nobody; below the panic threshold, 50 % without outlier detection, its hosts are called all the same", () => {
  const locality = { distribute: [{ from: "eu", to: { us: 100 } }] };
  const guarded = answer({ ...OUT, locality });
  expect(told(guarded)).toEqual(["us/us-a 0: 1, then 0"]);
  expect(guarded.sentence).toContain("By locality 100 % to us/us-a; when us/us-a is gone, there is nobody.");
  const checked = answer({ healthCheck: { type: "tcp" }, locality });
  expect(told(checked)).toEqual(["us/us-a 0: 1, then 1"]);
  expect(checked.sentence).toContain("when us/us-a is gone, too few are left and all are called, 100 % to us/us-a.");
});

test("another choice of hosts is a consequence, also where no share of a destination changes", () => {
  const [before, after] = [answer(OUT), answer({ ...OUT, locality: { enabled: true } })];
  expect(changesBetween(before, after)).toEqual([
    {
      kind: "destination",
      severity: "change",
      text: "calls to stock go by locality 100 % to eu/eu-a; when eu/eu-a is gone, 100 % to eu/eu-b (level 2) now (all hosts alike before)",
    },
  ]);
  expect(changesBetween(after, after)).toEqual([]);
});

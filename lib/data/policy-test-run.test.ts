import { expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import type { PolicyTest } from "@/lib/simulate";
import { runPaced } from "./policy-test-run";

const holding = (name: string): PolicyTest => ({
  name,
  question: {
    from: { kind: "workload", workload: "Workload/production/checkout-v1" },
    to: { host: "payment-service" },
    method: "GET",
    path: "/pay",
    headers: {},
  },
  expect: { outcome: "forwarded" },
});

test("every test is asked, in its order, with the reason of a failure", async () => {
  const wrong = { ...holding("wrong"), expect: { outcome: "denied" as const } };
  const results = await runPaced(demoMesh(), [holding("a"), wrong, holding("b")]);
  expect(results.map((each) => [each?.name, each?.passed, each?.failures])).toEqual([
    ["a", true, []],
    ["wrong", false, ["expected denied, got forwarded"]],
    ["b", true, []],
  ]);
});

test("what is left when the time is over was not asked", async () => {
  expect(await runPaced(demoMesh(), [holding("a")], 0)).toEqual([null]);
});

test("other work gets its turn in between", async () => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await runPaced(
    demoMesh(),
    Array.from({ length: 1_000 }, (_, i) => holding(String(i))),
  );
  isOver = true;
  expect(turns).toBeGreaterThan(1);
});

import { expect, test } from "vitest";
import { activeHealth } from "../../test/support/plans";
import { holdsInOrder, judgeStatus, nextCheckMs } from "./active-health";

const NONE: readonly [number, number] = [0, 0];
const plan = activeHealth({
  intervalMs: 100,
  noTrafficIntervalMs: 1000,
  noTrafficHealthyIntervalMs: 2000,
  unhealthyIntervalMs: 300,
  unhealthyEdgeIntervalMs: 400,
  healthyEdgeIntervalMs: 500,
});

test.each([
  ["well", true, "unchanged", true, 100],
  ["well again", true, "changed", true, 100],
  ["on its way to be well", true, "pending", true, 500],
  ["ill", false, "unchanged", true, 300],
  ["on its way to be ill", false, "pending", true, 400],
  ["well, without traffic", true, "unchanged", false, 2000],
  ["on its way to be well, without traffic", true, "pending", false, 1000],
  ["ill, without traffic", false, "unchanged", false, 1000],
] as const)("the next check of a host that is %s", (_how, hasPassed, transition, hasTraffic, ms) => {
  expect(nextCheckMs(plan, { hasPassed, transition, hasTraffic }, NONE)).toBe(ms);
});

test("jitter adds to what is waited, by its percentage of it and by its duration", () => {
  const jittered = { ...plan, intervalJitterPercent: 50, intervalJitterMs: 30 };
  const last = { hasPassed: true, transition: "unchanged", hasTraffic: true } as const;
  expect(nextCheckMs(jittered, last, [0.5, 0.5])).toBe(100 + 25 + 15);
  expect(nextCheckMs(jittered, last, [0.999, 0.999])).toBeLessThan(180);
});

test("a status that is expected passes even where it is retriable too", () => {
  const { check } = activeHealth();
  if (check.kind !== "http") throw new Error("not HTTP");
  const own = { ...check, expected: [{ start: 200, end: 300 }], retriable: [{ start: 299, end: 504 }] };
  expect([200, 299, 300, 503, 504].map((status) => judgeStatus(own, status))).toEqual([
    "passed",
    "passed",
    "retriable",
    "retriable",
    "failed",
  ]);
});

test("payloads are found one after the other, never twice in the same bytes", () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  expect(holdsInOrder(Buffer.from("+PONG and so on"), [bytes("PONG"), bytes("on")])).toBe(true);
  expect(holdsInOrder(Buffer.from("on PONG"), [bytes("PONG"), bytes("on")])).toBe(false);
  expect(holdsInOrder(Buffer.from("aa"), [bytes("aa"), bytes("a")])).toBe(false);
  expect(holdsInOrder(Buffer.from(""), [])).toBe(true);
});

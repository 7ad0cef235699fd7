// Peak EWMA with times that are told: what is slow counts at once, what is fast little by little, what is old is forgotten.

import { describe, expect, it } from "vitest";
import { defaultBalancing } from "../../test/support/plans";
import { HostChoice } from "./host-choice";
import { Latency } from "./peak-ewma";

const PLAN = { decayMs: 10_000, defaultRttMs: 10, penalty: 1_000_000 };
const measured = (...answers: readonly (readonly [rttMs: number, atMs: number])[]): Latency => {
  const latency = new Latency(PLAN);
  for (const [rttMs, atMs] of answers) latency.observe(rttMs, atMs);
  return latency;
};

describe("the cost of a host", () => {
  it("is its latency, as many times as it would have requests", () => {
    const latency = measured([20, 0]);
    expect([0, 1, 4].map((active) => latency.costAt(0, active))).toEqual([20, 40, 100]);
  });

  it("is the default before its first answer, and more than anything else once it is asked", () => {
    const latency = new Latency(PLAN);
    expect(latency.costAt(0, 0)).toBe(10);
    expect(latency.costAt(0, 1)).toBe(1_000_001);
  });

  it("goes up at once", () => {
    expect(measured([20, 0], [500, 1]).costAt(1, 0)).toBe(500);
  });

  it("comes down little by little: of the distance 1 - 1/e in the time of the decay", () => {
    expect(measured([500, 0], [100, 10_000]).costAt(10_000, 0)).toBeCloseTo(100 + 400 / Math.E, 9);
    expect(measured([500, 0], [100, 100]).costAt(100, 0)).toBeCloseTo(100 + 400 * Math.exp(-0.01), 9);
  });

  it("is forgotten while nobody asks, down to a millisecond", () => {
    const latency = measured([500, 0]);
    expect(latency.costAt(10_000, 0)).toBeCloseTo(500 / Math.E, 9);
    expect(latency.costAt(1_000_000, 0)).toBe(1);
  });

  it("does not come down by a failure, but goes up by one that came late", () => {
    const latency = measured([20, 0]);
    latency.observeAtLeast(1, 0);
    expect(latency.costAt(0, 0)).toBe(20);
    latency.observeAtLeast(300, 0);
    expect(latency.costAt(0, 0)).toBe(300);
  });

  it("survives a clock that stands", () => {
    expect(measured([20, 5], [10, 5]).costAt(5, 0)).toBe(20);
  });
});

describe("two hosts are drawn", () => {
  const hostOf = (name: string, latency: Latency, activeRequests = 0, weight = 1) => ({
    name,
    latency,
    activeRequests,
    address: "127.0.0.1",
    isHealthy: true,
    isDegraded: false,
    isExcluded: false,
    startedAt: 0,
    plan: {
      weight,
      health: "healthy",
      locality: "",
      localityWeight: 0,
      priority: 0,
      port: 1,
      hostname: "",
      hashKey: "",
    },
  });
  /** Every pair that can be drawn, in order. */
  function winners(hosts: readonly ReturnType<typeof hostOf>[]): Record<string, number> {
    const count = hosts.length;
    const won: Record<string, number> = {};
    for (let first = 0; first < count; first++) {
      for (let second = 0; second < count - 1; second++) {
        const draws = [0, first / count + 0.001, second / (count - 1) + 0.001];
        const choice = new HostChoice<ReturnType<typeof hostOf>>(
          { ...defaultBalancing, lbPolicy: "peak-ewma" },
          () => draws.shift() ?? 0,
        );
        choice.update(hosts);
        const name = choice.pick()?.name ?? "nobody";
        won[name] = (won[name] ?? 0) + 1;
      }
    }
    return won;
  }
  const fast = (): Latency => measured([2, performance.now()]);
  const slow = (): Latency => measured([2_000, performance.now()]);

  it("never the same one, so the slowest of three gets nothing", () => {
    expect(winners([hostOf("a", fast()), hostOf("b", fast(), 3), hostOf("slow", slow())])).toEqual({ a: 4, b: 2 });
  });

  it("and requests under way count", () => {
    expect(winners([hostOf("fast", fast(), 5_000), hostOf("slow", slow())])).toEqual({ slow: 2 });
  });

  it("and a host of twice the weight may have twice the load", () => {
    expect(winners([hostOf("light", slow(), 2, 1), hostOf("heavy", slow(), 4, 2)])).toEqual({ heavy: 2 });
  });

  it("and who has not answered yet is asked once", () => {
    const fresh = new Latency(PLAN);
    expect(winners([hostOf("fresh", fresh), hostOf("slow", slow())])).toEqual({ fresh: 2 });
    expect(winners([hostOf("fresh", fresh, 1), hostOf("slow", slow())])).toEqual({ slow: 2 });
  });
});

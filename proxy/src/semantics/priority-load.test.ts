// The worked examples of Envoy's documentation on priority levels, panic thresholds and degraded endpoints, and what its code does at the edges.

import { describe, expect, it } from "vitest";
import { type LevelCount, priorityLoads } from "./priority-load";

const level = (healthy: number, degraded = 0, hosts = 100, excluded = 0): LevelCount => ({
  hosts,
  excluded,
  healthy,
  degraded,
});
const loads = (levels: readonly LevelCount[], threshold = 0, overprovisioning = 140) =>
  priorityLoads(levels, threshold, overprovisioning);

describe("loads of priority levels", () => {
  it.each([
    // Envoy docs, "Priority levels": health of P=0 -> percent of traffic to P=0 and P=1, which is whole.
    [
      [100, 100],
      [100, 0],
    ],
    [
      [72, 100],
      [100, 0],
    ],
    [
      [71, 100],
      [99, 1],
    ],
    [
      [50, 100],
      [70, 30],
    ],
    [
      [25, 100],
      [35, 65],
    ],
    [
      [0, 100],
      [0, 100],
    ],
    // ... and three levels.
    [
      [100, 100, 100],
      [100, 0, 0],
    ],
    [
      [72, 72, 100],
      [100, 0, 0],
    ],
    [
      [71, 71, 100],
      [99, 1, 0],
    ],
    [
      [50, 50, 100],
      [70, 30, 0],
    ],
    [
      [25, 100, 100],
      [35, 65, 0],
    ],
    [
      [25, 25, 100],
      [35, 35, 30],
    ],
    // Together short of everything: by what each has.
    [
      [25, 25, 20],
      [37, 35, 28],
    ],
    [
      [5, 0, 0],
      [100, 0, 0],
    ],
  ])("health %j gives loads %j", (health, expected) => {
    expect(loads(health.map((each) => level(each))).healthy).toEqual(expected);
  });

  it("asks all healthy hosts before a degraded one", () => {
    expect(loads([level(0, 100), level(100)])).toMatchObject({ healthy: [0, 100], degraded: [0, 0] });
    expect(loads([level(25, 75), level(25)])).toMatchObject({ healthy: [35, 35], degraded: [30, 0] });
    expect(loads([level(0, 1, 3), level(0, 1, 7)])).toMatchObject({ healthy: [0, 0], degraded: [70, 30] });
  });

  it("panics level by level, and not at all while somebody can carry everything", () => {
    expect(loads([level(5), level(100)], 50).isPanicking).toEqual([false, false]);
    expect(loads([level(20), level(50)], 50)).toMatchObject({ healthy: [29, 71], isPanicking: [true, false] });
  });

  it("gives each level its part of all hosts once all of them panic", () => {
    expect(loads([level(0, 0, 1), level(0, 0, 2), level(0, 0, 0)], 50)).toEqual({
      healthy: [34, 66, 0],
      degraded: [],
      isPanicking: [true, true, true],
    });
    expect(loads([level(0, 0, 0), level(0, 0, 3)], 50).healthy).toEqual([0, 100]);
    expect(loads([level(0, 0, 0)], 50).healthy).toEqual([100]);
  });

  it("leaves everything to the first level where nobody is there and nobody panics", () => {
    expect(loads([level(0), level(0)])).toEqual({ healthy: [100, 0], degraded: [], isPanicking: [false, false] });
  });

  it("counts by the factor, and without those that are excluded", () => {
    expect(loads([level(50), level(100)], 0, 100).healthy).toEqual([50, 50]);
    expect(loads([level(50), level(100)], 0, 200).healthy).toEqual([100, 0]);
    expect(loads([level(1, 0, 4, 3), level(1, 0, 1)]).healthy).toEqual([100, 0]);
  });
});

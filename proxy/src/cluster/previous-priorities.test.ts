// Which levels the attempts of one request may go to.

import { describe, expect, it } from "vitest";
import { type Carried, PreviousPriorities } from "./previous-priorities";

const carried = (healthy: readonly number[], degraded: readonly number[] = healthy.map(() => 0)): Carried => ({
  healthy,
  degraded,
});
/** The loads before each attempt, where each goes to the first level that has some. */
function loadsOf(frequency: number, attempts: number, all: Carried): (readonly number[] | null)[] {
  const priorities = new PreviousPriorities(frequency);
  return Array.from({ length: attempts }, () => {
    const loads = priorities.loadsOf(all);
    const level = (loads ?? all).healthy.findIndex((load) => load > 0);
    priorities.onAttempt(level);
    return loads?.healthy ?? null;
  });
}

describe("levels that were tried", () => {
  it("get nothing from the next attempt on", () => {
    expect(loadsOf(1, 3, carried([100, 100, 100]))).toEqual([null, [0, 100, 0], [0, 0, 100]]);
  });

  it("count again when all were tried", () => {
    expect(loadsOf(1, 4, carried([100, 100]))).toEqual([null, [0, 100], [100, 0], [0, 100]]);
  });

  it("are looked at after every second attempt where that is asked for", () => {
    expect(loadsOf(2, 5, carried([100, 100, 100]))).toEqual([null, null, [0, 100, 0], [0, 100, 0], [0, 0, 100]]);
  });

  it("leave to the others what they can carry, with what rounding leaves to the first", () => {
    const priorities = new PreviousPriorities(1);
    priorities.onAttempt(0);
    expect(priorities.loadsOf(carried([50, 20, 10]))?.healthy).toEqual([0, 67, 33]);
    expect(priorities.loadsOf(carried([50, 0, 0], [0, 0, 30]))).toEqual(carried([0, 0, 0], [0, 0, 100]));
  });

  it("do not matter while nobody can carry anything", () => {
    const priorities = new PreviousPriorities(1);
    priorities.onAttempt(0);
    expect(priorities.loadsOf(carried([0, 0]))).toBeNull();
  });
});

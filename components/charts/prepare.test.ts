import { describe, expect, it } from "vitest";
import { changeOf, niceMax, sparkPaths, withGaps } from "./prepare";

const at = (seconds: number) => new Date(seconds * 1000).toISOString();

describe("charts", () => {
  it("keeps what was not measured as a gap, never as zero", () => {
    const rows = withGaps(
      [
        { at: at(0), value: 1 },
        { at: at(15), value: null },
        { at: at(30), value: 0 },
      ],
      { value: (point) => point.value },
    );
    expect(rows.map((row) => row.value)).toEqual([1, null, 0]);
  });

  it("opens a gap where steps are missing", () => {
    const rows = withGaps(
      [0, 15, 30, 90, 105].map((seconds) => ({ at: at(seconds) })),
      { value: () => 1 },
    );
    expect(rows.map((row) => row.value)).toEqual([1, 1, 1, null, 1, 1]);
  });

  it("breaks a sparkline at a gap", () => {
    expect(sparkPaths([1, 2, null, 1], 30, 10)).toHaveLength(2);
    expect(sparkPaths([null, null], 30, 10)).toEqual([]);
  });

  it("ends the value axis on a readable number", () => {
    expect(niceMax([3, 17], 1)).toBe(20);
    expect(niceMax([null], 1)).toBe(1);
    expect(niceMax([0.023], 0.01)).toBeCloseTo(0.025);
  });

  it("says ratios in points and amounts in percent", () => {
    expect(changeOf(12, 10, "amount")).toEqual({ text: "+20 %", direction: "up" });
    expect(changeOf(0.02, 0.001, "ratio")).toEqual({ text: "+1.9 points", direction: "up" });
    expect(changeOf(10, 10, "amount")?.direction).toBe("same");
    expect(changeOf(null, 10, "amount")).toBeNull();
    expect(changeOf(5, 0, "amount")).toBeNull();
  });
});

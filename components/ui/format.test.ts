import { describe, expect, it } from "vitest";
import {
  absent,
  formatAgo,
  formatCount,
  formatMs,
  formatPercent,
  formatRate,
  listInWords,
  plural,
  unbroken,
} from "./format";

describe("figures in words", () => {
  it("never shows an absent value as zero", () => {
    for (const format of [formatRate, formatPercent, formatMs, formatCount]) {
      expect(format(null)).toBe(absent);
      expect(format(undefined)).toBe(absent);
      expect(format(0)).not.toBe(absent);
    }
  });

  it("keeps three significant figures of a rate", () => {
    expect(formatRate(0)).toBe("0/s");
    expect(formatRate(0.25)).toBe("0.25/s");
    expect(formatRate(12.44)).toBe("12.4/s");
    expect(formatRate(1234)).toBe("1.23k/s");
    expect(formatRate(0.001)).toBe("<0.01/s");
  });

  it("rounds no ratio to 0 % or 100 % that is not exactly that", () => {
    expect(formatPercent(0)).toBe("0 %");
    expect(formatPercent(0.00001)).toBe("<0.01 %");
    expect(formatPercent(0.99999)).toBe(">99.99 %");
    expect(formatPercent(1)).toBe("100 %");
    expect(formatPercent(0.123)).toBe("12 %");
  });

  it("writes latencies with the unit people read", () => {
    expect(formatMs(0.84)).toBe("0.8 ms");
    expect(formatMs(23.4)).toBe("23 ms");
    expect(formatMs(1240)).toBe("1.24 s");
  });

  it("writes times relative to now, both ways", () => {
    const now = Date.UTC(2026, 0, 1);
    expect(formatAgo(now - 1000, now)).toBe("just now");
    expect(formatAgo(now - 240_000, now)).toBe("4 min ago");
    expect(formatAgo(now + 7_200_000, now)).toBe("in 2 h");
    expect(formatAgo(null, now)).toBe(absent);
  });

  it("writes counts and lists as sentences do", () => {
    expect(plural(1, "service")).toBe("1 service");
    expect(plural(2, "policy", "policies")).toBe("2 policies");
    expect(listInWords(["a", "b"])).toBe("a and b");
    expect(listInWords(["a", "b", "c", "d"])).toBe("a, b, c and 1 more");
  });
});

it("keeps a number with its unit, and breaks everything else", () => {
  expect(unbroken("90 % to ledger, within 4 s and 2500 ms")).toBe(
    "90\u00a0% to ledger, within 4\u00a0s and 2500\u00a0ms",
  );
  expect(unbroken("1 service, rule 2 sends")).toBe("1 service, rule 2 sends");
});

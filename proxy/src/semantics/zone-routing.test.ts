import { describe, expect, it } from "vitest";
import { drawZone, type ZoneShares, zoneShares, zonesInOrder } from "./zone-routing";

const zones = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).map(([locality, healthy]) => ({ locality, healthy }));
const from = (minClusterSize: number, keepsFrom: number | null = null) => ({ minClusterSize, keepsFrom });
const shares = (upstream: Record<string, number>, local: Record<string, number>, least = 6) =>
  zoneShares("a", zones(upstream), zones(local), from(least));
/** A value that `Math.floor(value * size)` makes `at`. */
const upTo = (size: number, at: number): number => (at + 0.5) / size;
const draw = (told: ZoneShares, ...values: number[]): number => drawZone(told, () => values.shift() ?? 0);

describe("the order of zones", () => {
  it("has the own one first where it has hosts", () => {
    expect(zonesInOrder("b", ["c", "b", "a", "c"])).toEqual(["b", "a", "c"]);
    expect(zonesInOrder("d", ["c", "b", "a"])).toEqual(["a", "b", "c"]);
    expect(zonesInOrder(null, ["b", "a"])).toEqual(["a", "b"]);
  });
});

describe("the shares of zones", () => {
  it("everything stays where the own zone has at least the share that calls from it", () => {
    expect(shares({ a: 3, b: 3 }, { a: 1, b: 1 })).toEqual({ own: 10_000, residual: [] });
    expect(shares({ a: 2, b: 4 }, { a: 1, b: 2 })).toEqual({ own: 10_000, residual: [] });
    expect(shares({ a: 1, b: 5 }, { a: 0, b: 3 })).toEqual({ own: 10_000, residual: [] });
  });

  it("stays as far as the own zone can carry it, and the rest goes where capacity is left (Envoy's example)", () => {
    // Callers 40 40 20, hosts 25 50 25: 62.5 % stay, and of the rest two thirds and one third go on.
    expect(shares({ a: 1, b: 2, c: 1 }, { a: 2, b: 2, c: 1 }, 4)).toEqual({ own: 6250, residual: [0, 1000, 1500] });
  });

  it("leaves out a zone whose own callers need all of it", () => {
    expect(shares({ a: 1, b: 1, c: 2 }, { a: 2, b: 1, c: 1 }, 4)).toEqual({ own: 5000, residual: [0, 0, 2500] });
  });

  it("rounds down as Envoy does", () => {
    // 3333 of the hosts, 6666 of the callers: 3333 * 10000 / 6666.
    expect(shares({ a: 2, b: 4 }, { a: 2, b: 1 })).toEqual({ own: 5000, residual: [0, 6666 - 3333] });
    expect(shares({ a: 1, b: 6 }, { a: 3, b: 0 })).toEqual({ own: 1428, residual: [0, 8571] });
  });

  it("everything stays from the number of own hosts on that is said, whatever they can carry", () => {
    const kept = (own: number, least: number) =>
      zoneShares("a", zones({ a: own, b: 6 }), zones({ a: 3, b: 0 }), from(6, least))?.own;
    expect([kept(2, 1), kept(2, 2), kept(2, 3)]).toEqual([10_000, 10_000, 2500]);
    expect(zoneShares("a", zones({ b: 3, c: 3 }), zones({ a: 1, b: 1 }), from(6, 1))?.own).toBe(0);
  });

  it("keeps nothing where no host of the own zone is healthy", () => {
    expect(shares({ a: 0, b: 6 }, { a: 1, b: 1 })).toEqual({ own: 0, residual: [0, 5000] });
  });

  it("keeps nothing where the own zone has no host at all", () => {
    expect(zoneShares("a", zones({ b: 3, c: 3 }), zones({ a: 1, b: 1 }), from(6))).toEqual({
      own: 0,
      residual: [0, 5000],
    });
  });

  it.each([
    ["the proxy says no locality", zoneShares(null, zones({ a: 3, b: 3 }), zones({ a: 1, b: 1 }), from(6))],
    ["all hosts are in one zone", shares({ a: 6 }, { a: 1, b: 1 })],
    ["all callers are in one zone", shares({ a: 3, b: 3 }, { a: 2 })],
    ["nobody calls from the own zone", shares({ a: 3, b: 3 }, { b: 1, c: 1 })],
    ["too few hosts are healthy", shares({ a: 2, b: 3 }, { a: 1, b: 1 })],
  ])("prefers no zone when %s", (_why, told) => {
    expect(told).toBeNull();
  });
});

describe("the zone of a request", () => {
  const told: ZoneShares = { own: 6250, residual: [0, 1000, 1500] };

  it("is the own one for so many of 10,000", () => {
    expect(draw(told, upTo(10_000, 6249))).toBe(0);
    expect(draw(told, upTo(10_000, 6250), upTo(1500, 0))).toBe(1);
  });

  it("is drawn from the capacity that is left", () => {
    const beyond = upTo(10_000, 9999);
    expect([0, 999, 1000, 1499].map((at) => draw(told, beyond, upTo(1500, at)))).toEqual([1, 1, 2, 2]);
  });

  it("is any where rounding left nothing", () => {
    const none: ZoneShares = { own: 9999, residual: [0, 0, 0] };
    expect([0, 1, 2].map((at) => draw(none, upTo(10_000, 9999), upTo(3, at)))).toEqual([0, 1, 2]);
  });
});

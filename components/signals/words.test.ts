import { describe, expect, it } from "vitest";
import { type SignalFacts, signalsAnswer, stateWord, worstFirst } from "./words";

const facts = (change: Partial<SignalFacts> = {}, now: Partial<SignalFacts["now"]> = {}): SignalFacts => ({
  state: "live",
  now: { requestsPerSecond: 20, errorRatio: 0, p99: 120, ...now },
  ...change,
});

describe("signals in words", () => {
  it("tells no data, zero and stale apart", () => {
    const words = (["no-data", "zero", "stale"] as const).map((state) => signalsAnswer("cart", facts({ state })));
    expect(new Set(words.map((each) => each.text)).size).toBe(3);
    expect(words.map((each) => each.status)).toEqual(["unmeasured", "ok", "stale"]);
    expect(stateWord(facts({ state: "zero" }))).toBe("no traffic now");
  });

  it("says traffic, errors and latency of a live service", () => {
    expect(signalsAnswer("the mesh", facts()).text).toBe(
      "The mesh handles 20/s; 99 of 100 are answered within 120 ms.",
    );
    expect(signalsAnswer("cart", undefined).text).toBe("Reading what was measured of cart.");
    expect(signalsAnswer("cart", facts()).text).toMatch(/^cart handles/);
    expect(signalsAnswer("cart", facts({}, { errorRatio: 0.08 }))).toMatchObject({ status: "failing" });
  });

  it("says connections and bytes where nothing else was seen", () => {
    const tcp = {
      ...{ connectionsPerSecond: 2, failedConnections: 1, failedRatio: 0.02 },
      ...{ receivedBytesPerSecond: 30, sentBytesPerSecond: 10 },
    };
    expect(signalsAnswer("ledger", facts({}, { requestsPerSecond: 0, errorRatio: null, p99: null, tcp }))).toEqual({
      status: "attention",
      text: "ledger handles 2 conn/s, 2.0 % of them fail; 40 B/s.",
    });
  });

  it("puts the worst row first and the unmeasured last", () => {
    const rows = [
      facts({ state: "no-data" }),
      facts(),
      facts({}, { errorRatio: 0.2 }),
      facts({}, { errorRatio: 0.02 }),
    ];
    expect(worstFirst(rows).map((row) => row.now.errorRatio)).toEqual([0.2, 0.02, 0, 0]);
    expect(worstFirst(rows)[3]?.state).toBe("no-data");
  });
});

import { describe, expect, it } from "vitest";
import { type OverviewFacts, overRange, overviewAnswer, postureOf, signalStates, worstUse } from "./answer";

const now = Date.UTC(2026, 0, 1);
const inHours = (hours: number) => new Date(now + hours * 3_600_000).toISOString();
const proxy = (change: Partial<OverviewFacts["proxies"][number]> = {}) => ({
  proxyKey: "production/cart-v1/0",
  state: "ack",
  ready: true,
  desired: "running",
  inSync: true,
  certificateNotAfter: inHours(12),
  ...change,
});
type Measured = NonNullable<OverviewFacts["signals"]>;
const signals = (change: Partial<Measured> = {}): Measured => ({
  state: "live",
  errorRatio: 0,
  mtlsRatio: 1,
  callsPerSecond: 95,
  p99: 130,
  before: { callsPerSecond: 95, p99: 125 },
  worst: { what: "sidecar memory", use: 0.5 },
  ...change,
});
const facts = (change: Partial<OverviewFacts> = {}): OverviewFacts => ({
  signals: signals(),
  services: [{ name: "cart", state: "live", errorRatio: 0 }],
  proxies: [proxy()],
  openDeployment: null,
  isRunning: true,
  isReading: false,
  ...change,
});

describe("the overview's answer", () => {
  it("is all right only when it was measured and is", () => {
    expect(overviewAnswer(facts(), now)).toMatchObject({ status: "ok" });
    expect(overviewAnswer(facts({ signals: null }), now).status).toBe("unmeasured");
    expect(overviewAnswer(facts({ isRunning: false }), now).status).toBe("unmeasured");
    expect(overviewAnswer(facts({ signals: signals({ state: "stale" }) }), now).status).toBe("stale");
  });

  it("says that it is reading while no answer has come, not that nothing was measured", () => {
    expect(overviewAnswer(facts({ signals: null, isReading: true }), now).text).toMatch(/Reading/);
  });

  it("does not call a service failing for errors that nobody measures any more", () => {
    const old = { name: "shipping", state: "stale", errorRatio: 0.2 } as const;
    const answer = overviewAnswer(
      facts({ services: [old], signals: signals({ state: "stale", errorRatio: 0.2 }) }),
      now,
    );
    expect(answer.status).toBe("stale");
  });

  it("names what fails before anything else", () => {
    const answer = overviewAnswer(
      facts({ services: [{ name: "shipping", state: "live", errorRatio: 0.2 }], proxies: [proxy({ state: "nack" })] }),
      now,
    );
    expect(answer).toEqual({ status: "failing", text: "shipping answers with errors." });
  });

  it("says refused configurations, plain text and ending certificates in numbers", () => {
    expect(overviewAnswer(facts({ proxies: [proxy({ state: "nack" })] }), now).text).toBe(
      "1 proxy refused the configuration.",
    );
    expect(overviewAnswer(facts({ signals: signals({ mtlsRatio: 0.5 }) }), now).text).toBe(
      "50 % of the traffic is plain text.",
    );
    expect(overviewAnswer(facts({ proxies: [proxy({ certificateNotAfter: inHours(0.5) })] }), now).text).toBe(
      "1 certificate ends within the hour.",
    );
  });

  it("is never better than the worst tile", () => {
    const cases: [Partial<Measured>, string, string][] = [
      [{ callsPerSecond: 12 }, "attention", "Traffic fell to 12/s; it was 95/s before."],
      [{ state: "zero", callsPerSecond: 0, p99: null }, "attention", "No calls arrive; it was 95/s before."],
      [{ p99: 376 }, "attention", "99 of 100 requests are answered within 376 ms; it was 125 ms before."],
      [{ worst: { what: "sidecar memory", use: 0.85 } }, "attention", "Sidecar memory is at 85 % of the limit."],
      [{ worst: { what: "pending requests", use: 1 } }, "failing", "Pending requests are at 100 % of the limit."],
      [{ errorRatio: 0.2 }, "failing", "20 % of all calls fail."],
      [{ errorRatio: 0.02 }, "attention", "2.0 % of all calls fail."],
    ];
    for (const [change, status, text] of cases) {
      expect(overviewAnswer(facts({ signals: signals(change) }), now)).toEqual({ status, text });
      expect(Object.values(signalStates(signals(change)))).toContain(status);
    }
  });

  it("does not take chance for trouble: little traffic, answers that are still quick, nothing to compare with", () => {
    for (const change of [
      { callsPerSecond: 0.1, before: { callsPerSecond: 0.9, p99: 125 } },
      { p99: 60, before: { callsPerSecond: 95, p99: 20 } },
      { callsPerSecond: 1, before: { callsPerSecond: null, p99: null } },
    ]) {
      const states = signalStates(signals(change));
      expect([states.traffic, states.latency]).toEqual(["ok", "ok"]);
      expect(overviewAnswer(facts({ signals: signals(change) }), now).status).toBe("ok");
    }
  });

  it("marks what was not measured, and what is old, as such in every tile", () => {
    const of = (change: Partial<Measured>) => new Set(Object.values(signalStates(signals(change))));
    expect(of({ state: "no-data" })).toEqual(new Set(["unmeasured"]));
    expect(of({ state: "stale", callsPerSecond: 1, errorRatio: 0.5 })).toEqual(new Set(["stale"]));
  });

  it("never calls an unmeasured posture ok", () => {
    const posture = postureOf(facts({ signals: null, proxies: [] }), now);
    expect(posture.map((each) => each.status)).toEqual(["unmeasured", "unmeasured", "unmeasured"]);
  });

  it("finds the resource nearest to its limit", () => {
    const nothing = {
      poolUse: null,
      pendingUse: null,
      requestsUse: null,
      cpuMillicores: null,
      cpuBudgetMillicores: null,
      privateMb: null,
      memoryBudgetMb: null,
    };
    expect(worstUse(nothing)).toBeNull();
    expect(worstUse({ ...nothing, poolUse: 0.1, privateMb: 32, memoryBudgetMb: 64 })).toEqual({
      what: "sidecar memory",
      use: 0.5,
    });
  });

  it("draws the way of that limit and of no other", () => {
    const point = { poolUse: 0.02, pendingUse: 0, requestsUse: 0, cpuMillicores: 20, privateMb: 32 };
    const budget = { cpuBudgetMillicores: 100, memoryBudgetMb: 64 };
    const points = [point, { ...point, privateMb: null }, { ...point, privateMb: 48 }];
    expect(overRange("sidecar memory", points, budget)).toEqual([0.5, null, 0.75]);
    expect(overRange("connection pool", [point], budget)).toEqual([0.02]);
  });
});

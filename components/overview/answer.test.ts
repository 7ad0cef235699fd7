import { describe, expect, it } from "vitest";
import { type OverviewFacts, overviewAnswer, postureOf, worstUse } from "./answer";

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
const facts = (change: Partial<OverviewFacts> = {}): OverviewFacts => ({
  signals: { state: "live", errorRatio: 0, mtlsRatio: 1 },
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
    expect(overviewAnswer(facts({ signals: { state: "stale", errorRatio: 0, mtlsRatio: 1 } }), now).status).toBe(
      "stale",
    );
  });

  it("says that it is reading while no answer has come, not that nothing was measured", () => {
    expect(overviewAnswer(facts({ signals: null, isReading: true }), now).text).toMatch(/Reading/);
  });

  it("does not call a service failing for errors that nobody measures any more", () => {
    const old = { name: "shipping", state: "stale", errorRatio: 0.2 } as const;
    const answer = overviewAnswer(
      facts({ services: [old], signals: { state: "stale", errorRatio: 0.2, mtlsRatio: 1 } }),
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
    expect(overviewAnswer(facts({ signals: { state: "live", errorRatio: 0, mtlsRatio: 0.5 } }), now).text).toBe(
      "50 % of the traffic is plain text.",
    );
    expect(overviewAnswer(facts({ proxies: [proxy({ certificateNotAfter: inHours(0.5) })] }), now).text).toBe(
      "1 certificate ends within the hour.",
    );
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
});

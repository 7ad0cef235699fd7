import { describe, expect, it } from "vitest";
import { certificateStatus, type ProxyFacts, proxiesAnswer, proxyState } from "./words";

const now = Date.UTC(2026, 0, 1);
const proxy = (change: Partial<ProxyFacts> = {}): ProxyFacts => ({
  proxyKey: "production/cart-v1/0",
  state: "ack",
  desired: "running",
  ready: true,
  draining: false,
  inSync: true,
  certificate: { notAfter: new Date(now + 12 * 3_600_000).toISOString() },
  ...change,
});

describe("proxies in words", () => {
  it("is in sync only when the wanted digest was reported", () => {
    expect(proxyState(proxy()).word).toBe("in sync");
    expect(proxyState(proxy({ inSync: false })).word).toBe("catching up");
    expect(proxyState(proxy({ state: "nack" }))).toEqual({ status: "failing", word: "NACK" });
    expect(proxyState(proxy({ state: "disconnected", desired: "stopped" })).status).toBe("note");
  });

  it("answers with the worst first, in numbers", () => {
    expect(proxiesAnswer([], now).status).toBe("note");
    expect(proxiesAnswer([proxy(), proxy({ state: "nack" })], now).text).toBe(
      "1 proxy of 2 refused the configuration.",
    );
    expect(proxiesAnswer([proxy(), proxy()], now)).toMatchObject({ status: "ok" });
  });

  it("tells ended, ending and valid certificates apart", () => {
    expect(certificateStatus(null, now)).toBe("unmeasured");
    expect(certificateStatus(new Date(now - 1).toISOString(), now)).toBe("failing");
    expect(certificateStatus(new Date(now + 60_000).toISOString(), now)).toBe("attention");
  });
});

import { describe, expect, it } from "vitest";
import { serviceAnswer } from "./answer";

const now = { requestsPerSecond: 12, errorRatio: 0, p50: 3, p95: 9, p99: 20, mtlsRatio: 1, tcp: null };
const proxies = { total: 1, ready: 1, ack: 1, pending: 0, nack: 0, disconnected: 0 };
const live = { key: "Service/shop/cart", now, state: "live" as const, versions: [], proxies };

describe("the sentence over a service", () => {
  it("never calls the unmeasured healthy", () => {
    expect(serviceAnswer("cart", undefined, 0).status).toBe("unmeasured");
    expect(serviceAnswer("cart", { ...live, state: "no-data" }, 0).status).toBe("unmeasured");
  });

  it("puts a refused configuration before its traffic, and errors before findings", () => {
    expect(serviceAnswer("cart", { ...live, proxies: { ...proxies, nack: 1 } }, 0).text).toContain("refused");
    const failing = serviceAnswer("cart", { ...live, now: { ...now, errorRatio: 0.07 } }, 3);
    expect(failing).toEqual({ status: "failing", text: "cart fails 7.0 % of its requests (12/s, p99 20 ms)." });
  });

  it("says the load when all is well, and the findings of the design beside it", () => {
    expect(serviceAnswer("cart", live, 0)).toEqual({
      status: "ok",
      text: "cart answers: 12/s, p99 20 ms, 0 % errors.",
    });
    expect(serviceAnswer("cart", live, 1)).toMatchObject({ status: "attention" });
  });

  it("tells connections where there are no requests", () => {
    const tcp = {
      ...{ connections: 30, failedConnections: 0, connectionsPerSecond: 2, failedRatio: 0 },
      ...{ receivedBytesPerSecond: 1_000, sentBytesPerSecond: 500 },
    };
    const ledger = { ...live, now: { ...now, requestsPerSecond: 0, errorRatio: null, p99: null, tcp } };
    expect(serviceAnswer("ledger", ledger, 0)).toEqual({
      status: "ok",
      text: "ledger answers: 2 conn/s, 1.5 kB/s, 0 % errors.",
    });
    const failing = { ...ledger.now, tcp: { ...tcp, failedConnections: 6, failedRatio: 0.2 } };
    expect(serviceAnswer("ledger", { ...ledger, now: failing }, 0)).toEqual({
      status: "failing",
      text: "ledger fails 20 % of its connections (2 conn/s, 1.5 kB/s).",
    });
  });
});

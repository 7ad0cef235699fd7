import { expect, it } from "vitest";
import { bytesPerSecond, failedInWords, failureRatio, formatByteRate, formatTraffic, isTcpOnly } from "./traffic";

const tcp = {
  ...{ connectionsPerSecond: 0.5, failedConnections: 0, failedRatio: 0 as number | null },
  ...{ receivedBytesPerSecond: 1000, sentBytesPerSecond: 200 },
};

it("says requests, connections, or both, and nothing where nothing was measured", () => {
  expect(formatTraffic({ requestsPerSecond: 12, errorRatio: 0, tcp: null })).toBe("12/s");
  expect(formatTraffic({ requestsPerSecond: 0, errorRatio: null, tcp })).toBe("0.5 conn/s");
  expect(formatTraffic({ requestsPerSecond: 12, errorRatio: 0, tcp })).toBe("12/s + 0.5 conn/s");
  expect(formatTraffic({ requestsPerSecond: null, errorRatio: null })).toBe("–");
  expect(isTcpOnly({ requestsPerSecond: 0, errorRatio: null, tcp })).toBe(true);
  expect(isTcpOnly({ requestsPerSecond: 0, errorRatio: null, tcp: null })).toBe(false);
});

it("takes the worse of failed requests and failed connections", () => {
  const failed = { ...tcp, failedConnections: 3, failedRatio: 0.3 };
  expect(failureRatio({ requestsPerSecond: 1, errorRatio: 0.1, tcp: failed })).toBe(0.3);
  expect(failureRatio({ requestsPerSecond: 1, errorRatio: 0.4, tcp: failed })).toBe(0.4);
  expect(failureRatio({ requestsPerSecond: 0, errorRatio: null, tcp })).toBe(0);
  expect(failureRatio({ requestsPerSecond: 0, errorRatio: null, tcp: { ...tcp, failedRatio: null } })).toBeNull();
  expect(failureRatio({ requestsPerSecond: 1, errorRatio: 0.1, tcp: null })).toBe(0.1);
  expect(failedInWords(failed)).toBe("3 (30 %)");
  expect(failedInWords(tcp)).toBe("none");
});

it("adds bytes of both directions", () => {
  expect(formatByteRate(bytesPerSecond(tcp))).toBe("1.2 kB/s");
  expect(formatByteRate(40)).toBe("40 B/s");
  expect(formatByteRate(bytesPerSecond(null))).toBe("–");
});

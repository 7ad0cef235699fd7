import { once } from "node:events";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { RateLimits } from "../http/rate-limits";
import type { ConnectionLimitPlan } from "../plan/types";
import { NamedCounts } from "../telemetry/named-counts";
import { ConnectionGate, connectionLimitCounts, networkRateLimitCounts } from "./connection-gate";

const atATime = (maxConnections: number, delayMs = 0): ConnectionLimitPlan => ({
  kind: "active",
  key: "one",
  statPrefix: "one",
  maxConnections,
  delayMs,
});

function gate() {
  const counts = new NamedCounts();
  return { counts, gate: new ConnectionGate(counts, new RateLimits()) };
}

test("what closes makes room, and a limit that became lower counts who is still there", async () => {
  const { counts, gate: one } = gate();
  const [first, second, third] = [new Socket(), new Socket(), new Socket()];
  expect(one.letsIn(first, [atATime(2)])).toBe(true);
  expect(one.letsIn(second, [atATime(2)])).toBe(true);
  expect(one.letsIn(third, [atATime(1)])).toBe(false);
  expect(third.destroyed).toBe(true);
  first.destroy();
  await once(first, "close");
  expect(one.letsIn(new Socket(), [atATime(1)])).toBe(false);
  expect(one.letsIn(new Socket(), [atATime(2)])).toBe(true);
  const { limited_connections, active_connections } = connectionLimitCounts(counts, "one");
  expect(limited_connections).toBe(2);
  expect(active_connections).toBeGreaterThanOrEqual(2);
});

test("a delay holds the connection, unread, and takes no room", () => {
  const { gate: one } = gate();
  const held = new Socket();
  one.letsIn(new Socket(), [atATime(1)]);
  expect(one.letsIn(held, [atATime(1, 60_000)])).toBe(false);
  expect(held.destroyed).toBe(false);
  expect(held.isPaused()).toBe(true);
  held.destroy();
});

test("the second limit is asked only by who is within the first", () => {
  const { counts, gate: one } = gate();
  const bucket = { key: "b", maxTokens: 1, tokensPerSecond: 1e-9 };
  const limits: ConnectionLimitPlan[] = [atATime(2), { kind: "rate", statPrefix: "rate", bucket }];
  expect(one.letsIn(new Socket(), limits)).toBe(true);
  const second = new Socket();
  expect(one.letsIn(second, limits)).toBe(false);
  expect(second.destroyed).toBe(true);
  expect(one.letsIn(new Socket(), [atATime(1), ...limits.slice(1)])).toBe(false);
  expect(networkRateLimitCounts(counts, "rate").rate_limited).toBe(1);
});

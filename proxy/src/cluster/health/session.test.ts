import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { activeHealth, cluster, endpoint } from "../../../test/support/plans";
import type { ActiveHealthPlan, EndpointPlan } from "../../plan/types";
import { UpstreamHost } from "../host";
import { Gate } from "./gate";
import { FAILED, NETWORK, PASSED, type ProbeOutcome } from "./probe";
import { HealthSession, type SessionOwner } from "./session";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const RETRIABLE: ProbeOutcome = { kind: "failed", isRetriable: true, isExcluded: false };

function sessionOf(over: Partial<ActiveHealthPlan> = {}, gate = new Gate(8), plan: EndpointPlan = endpoint(1)) {
  const host = new UpstreamHost({ plan: cluster("app", []) } as never, plan, "127.0.0.1");
  host.health.hasFailed = true;
  const log: string[] = [];
  let answer: (outcome: ProbeOutcome) => void = () => {};
  const owner: SessionOwner = {
    plan: activeHealth({ unhealthyThreshold: 2, healthyThreshold: 2, intervalMs: 100, timeoutMs: 50, ...over }),
    gate,
    random: () => 0,
    hasTraffic: () => true,
    countAttempt: () => log.push("asked"),
    onChecked: (_host, hasPassed, transition, kind) => log.push(`${hasPassed ? "passed" : kind} ${transition}`),
  };
  const session = new HealthSession(owner, host, (onDone) => {
    answer = onDone;
    return { ask: () => {}, abort: () => log.push("given up"), retire: () => {}, close: () => log.push("closed") };
  });
  /** The next check, and what it says. */
  const check = (outcome: ProbeOutcome): string => {
    vi.advanceTimersToNextTimer();
    answer(outcome);
    return log.at(-1) ?? "";
  };
  return { session, host, log, check };
}

test("the first check decides alone, later ones by their thresholds", () => {
  const { session, host, check } = sessionOf();
  session.start();
  expect([check(PASSED), host.isHealthy]).toEqual(["passed changed", true]);
  expect([check(NETWORK), host.isHealthy]).toEqual(["network pending", true]);
  expect([check(PASSED), host.isHealthy]).toEqual(["passed unchanged", true]);
  expect([check(NETWORK), host.isHealthy]).toEqual(["network pending", true]);
  expect([check(NETWORK), host.isHealthy]).toEqual(["network changed", false]);
  expect([check(PASSED), host.isHealthy]).toEqual(["passed pending", false]);
  expect([check(FAILED), host.isHealthy]).toEqual(["active unchanged", false]);
  expect([check(PASSED), check(PASSED), host.isHealthy]).toEqual(["passed pending", "passed changed", true]);
  session.close();
});

test("a wrong answer does not wait for a threshold, unless it is one that may be tried again", () => {
  const { session, host, check } = sessionOf();
  session.start();
  check(PASSED);
  expect([check(RETRIABLE), host.isHealthy]).toEqual(["active pending", true]);
  expect([check(FAILED), host.isHealthy]).toEqual(["active changed", false]);
  session.close();
});

test("an answer that does not come in time is given up and counts as a failure of the network", () => {
  const { session, host, log, check } = sessionOf();
  session.start();
  check(PASSED);
  // One more for the look at the sockets, which fake timers take for a millisecond.
  vi.advanceTimersByTime(100 + 50 + 1);
  expect(log.slice(-3)).toEqual(["asked", "given up", "timeout pending"]);
  vi.advanceTimersByTime(100 + 50 + 1);
  expect([host.isHealthy, host.health.hasTimedOut]).toEqual([false, true]);
  check(PASSED);
  check(PASSED);
  expect([host.isHealthy, host.health.hasTimedOut]).toEqual([true, false]);
  session.close();
});

test("a host that was never checked is pending until its first check, whatever that says", () => {
  const { session, host, check } = sessionOf();
  host.health.isPending = true;
  session.start();
  expect([check(NETWORK), host.isExcluded, host.isHealthy]).toEqual(["network changed", false, false]);
  session.close();
});

test("a host whose answer in traffic asks to be left alone goes at once and is excluded until it is well", () => {
  const { session, host, log, check } = sessionOf();
  session.start();
  check(PASSED);
  session.failPassively();
  expect([log.at(-1), host.isHealthy, host.isExcluded]).toEqual(["passive changed", false, true]);
  check(PASSED);
  check(PASSED);
  expect([host.isHealthy, host.isExcluded]).toEqual([true, false]);
  session.close();
});

test("a session that is closed asks no more and leaves its place to another", () => {
  const gate = new Gate(1);
  const first = sessionOf({}, gate);
  const second = sessionOf({}, gate);
  first.session.start();
  second.session.start();
  vi.advanceTimersByTime(10);
  expect([first.log, second.log]).toEqual([["asked"], []]);
  first.session.close();
  expect(second.log).toEqual(["asked"]);
  vi.advanceTimersByTime(1000);
  expect(first.log).toEqual(["asked", "closed"]);
  second.session.close();
});

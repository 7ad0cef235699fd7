import { describe, expect, test } from "vitest";
import type { ForwardAction, RetryPolicyPlan } from "../plan/types";
import { headerViewOf } from "../plan/views";
import {
  backOffMs,
  isRetriableRequest,
  jitteredMs,
  maxConcurrentRetries,
  type RetryEvent,
  shouldRetry,
  toldBackOffMs,
} from "./retry-decision";
import { request, routeConfigOf } from "./testing/build";

function policyOf(json: object): RetryPolicyPlan {
  const config = routeConfigOf({
    name: "r",
    virtual_hosts: [
      {
        name: "v",
        domains: ["*"],
        routes: [{ match: { prefix: "/" }, route: { cluster: "c", retry_policy: json as never } }],
      },
    ],
  });
  return (config.virtualHosts[0]!.routes[0]!.action as ForwardAction).retry!;
}
const status = (code: number, headers: [string, string][] = []): RetryEvent => ({
  kind: "response",
  status: code,
  headers: headerViewOf(headers),
});
const reset = (requestStarted: boolean): RetryEvent => ({ kind: "reset", requestStarted });

describe("conditions", () => {
  const cases: [on: string, event: RetryEvent, expected: boolean][] = [
    ["5xx", status(500), true],
    ["5xx", status(499), false],
    ["5xx", reset(true), true],
    ["5xx", { kind: "connect-failure" }, true],
    ["5xx", { kind: "per-try-timeout" }, true],
    ["gateway-error", status(502), true],
    ["gateway-error", status(500), false],
    ["gateway-error", { kind: "connect-failure" }, true],
    ["connect-failure", { kind: "connect-failure" }, true],
    ["connect-failure", reset(false), false],
    ["refused-stream", { kind: "refused-stream" }, true],
    ["reset-before-request", reset(false), true],
    ["reset-before-request", reset(true), false],
    ["reset", reset(true), true],
    ["retriable-4xx", status(409), true],
    ["retriable-4xx", status(404), false],
    ["unavailable", status(200, [["grpc-status", "14"]]), true],
    ["unavailable", status(503), false],
    ["cancelled,unavailable", status(200, [["grpc-status", "1"]]), true],
    ["5xx", status(503, [["x-envoy-ratelimited", "true"]]), false],
    ["envoy-ratelimited", status(429, [["x-envoy-ratelimited", "true"]]), true],
  ];
  test.each(cases)("%s on %j: %s", (on, event, expected) => {
    expect(shouldRetry(policyOf({ retry_on: on }), event)).toBe(expected);
  });

  test("status codes and response headers count only when named in retry_on", () => {
    const codes = { retriable_status_codes: [418] };
    expect(shouldRetry(policyOf({ retry_on: "5xx", ...codes }), status(418))).toBe(false);
    expect(shouldRetry(policyOf({ retry_on: "retriable-status-codes", ...codes }), status(418))).toBe(true);
    const headers = { retriable_headers: [{ name: "x-again", present_match: true }] };
    expect(shouldRetry(policyOf({ retry_on: "retriable-headers", ...headers }), status(200, [["x-again", "1"]]))).toBe(
      true,
    );
  });

  test("requests may be left out by their headers", () => {
    const policy = policyOf({
      retry_on: "5xx",
      retriable_request_headers: [{ name: ":method", string_match: { exact: "GET" } }],
    });
    expect(isRetriableRequest(policy, request({ method: "GET" }))).toBe(true);
    expect(isRetriableRequest(policy, request({ method: "POST" }))).toBe(false);
  });
});

describe("waiting and limits", () => {
  test("an upstream says how long to wait, in the first header that can be used", () => {
    const { toldBackOff } = policyOf({
      retry_on: "5xx",
      rate_limited_retry_back_off: {
        reset_headers: [{ name: "Retry-After" }, { name: "X-Reset", format: "UNIX_TIMESTAMP" }],
        max_interval: "60s",
      },
    });
    const told = (...pairs: [string, string][]) => {
      const headers = {
        count: pairs.length,
        nameAt: (index: number) => pairs[index]?.[0] ?? "",
        valueAt: (index: number) => pairs[index]?.[1] ?? "",
      };
      return toldBackOff && toldBackOffMs(toldBackOff, headers, 1_000_500);
    };
    expect(told()).toBeNull();
    expect(told(["retry-after", "2"], ["x-reset", "1007"])).toBe(2000);
    for (const useless of ["61", "soon", "-1", "1.5", "", "9".repeat(16)]) {
      expect(told(["retry-after", useless], ["x-reset", "1007"]), useless).toBe(7000);
    }
    expect(told(["x-reset", "999"])).toBeNull();
    expect([told(["retry-after", "0"]), told(["x-reset", "1000"])]).toEqual([null, null]);
    expect([jitteredMs(2000, 0), jitteredMs(2000, 0.9999)]).toEqual([2000, 2999]);
  });

  test("full jitter below (2^n - 1) times 25 ms, at most 250 ms", () => {
    const policy = policyOf({ retry_on: "5xx" });
    expect([1, 2, 3, 4, 5, 50].map((retry) => backOffMs(policy, retry, 0.9999))).toEqual([24, 74, 174, 249, 249, 249]);
    expect(backOffMs(policy, 3, 0)).toBe(0);
  });

  test("a budget replaces the fixed limit", () => {
    expect(maxConcurrentRetries({ maxRetries: 3, retryBudget: null }, 1000)).toBe(3);
    const retryBudget = { percent: 20, minConcurrency: 3 };
    expect(maxConcurrentRetries({ maxRetries: 3, retryBudget }, 100)).toBe(20);
    expect(maxConcurrentRetries({ maxRetries: 3, retryBudget }, 5)).toBe(3);
  });
});

// Whether a try may be followed by another (Envoy router retry_state_impl.cc), and how long to wait before it.
// One rule: budgets, circuit breakers and the state of the response are the data path's; this only reads conditions.

import type { HeaderView, HttpRequestView, RetryPolicyPlan, ToldBackOffPlan } from "../plan/types";
import { grpcStatusIn } from "./grpc";

export type RetryEvent =
  /** Response headers arrived. */
  | { readonly kind: "response"; readonly status: number; readonly headers: HeaderView }
  /** No connection could be made (refused, timed out, TLS failed). */
  | { readonly kind: "connect-failure" }
  /** The connection broke after the try was given to it; `requestStarted`: request bytes were sent upstream. */
  | { readonly kind: "reset"; readonly requestStarted: boolean }
  | { readonly kind: "refused-stream" }
  | { readonly kind: "per-try-timeout" };

/** False: this request is never retried by the policy (retriable_request_headers). Ask once per request. */
export function isRetriableRequest(policy: RetryPolicyPlan, request: HttpRequestView): boolean {
  const matchers = policy.retriableRequestHeaders;
  return matchers.length === 0 || matchers.some((matcher) => matcher.matches(request));
}

/** Do the conditions of the policy name this event? The caller counts attempts against `policy.attempts`. */
export function shouldRetry(policy: RetryPolicyPlan, event: RetryEvent): boolean {
  const { on } = policy;
  switch (event.kind) {
    case "response":
      return shouldRetryResponse(policy, event.status, event.headers);
    case "connect-failure":
      return on.serverError || on.gatewayError || on.connectFailure || on.reset || on.resetBeforeRequest;
    case "refused-stream":
      return on.serverError || on.gatewayError || on.refusedStream || on.reset;
    case "reset":
      return on.serverError || on.gatewayError || on.reset || (on.resetBeforeRequest && !event.requestStarted);
    case "per-try-timeout":
      // Envoy asks the policy with a 504 and with a local reset; either condition is enough.
      return on.serverError || on.gatewayError || on.reset;
  }
}

function shouldRetryResponse(policy: RetryPolicyPlan, status: number, headers: HeaderView): boolean {
  const { on } = policy;
  if (has(headers, "x-envoy-ratelimited")) {
    return on.envoyRateLimited;
  }
  return (
    (on.serverError && status >= 500 && status <= 599) ||
    (on.gatewayError && status >= 502 && status <= 504) ||
    (on.retriable4xx && status === 409) ||
    on.statusCodes.includes(status) ||
    (on.grpcStatuses.length > 0 && on.grpcStatuses.includes(grpcStatusIn(headers) ?? -1)) ||
    (on.responseHeaders.length > 0 && matchesResponse(policy, status, headers))
  );
}

function matchesResponse(policy: RetryPolicyPlan, status: number, headers: HeaderView): boolean {
  const view: HttpRequestView = {
    method: "",
    path: "",
    authority: "",
    scheme: "http",
    headers: withStatus(headers, status),
  };
  return policy.on.responseHeaders.some((matcher) => matcher.matches(view));
}

function withStatus(headers: HeaderView, status: number): HeaderView {
  return {
    count: headers.count + 1,
    nameAt: (index) => (index === 0 ? ":status" : headers.nameAt(index - 1)),
    valueAt: (index) => (index === 0 ? String(status) : headers.valueAt(index - 1)),
  };
}

function has(headers: HeaderView, name: string): boolean {
  return firstValue(headers, name) !== null;
}

/**
 * Full jitter: uniform in [0, min((2^retry - 1) * base, max)).
 * @param retry 1 for the first retry
 * @param random01 uniform in [0, 1)
 */
export function backOffMs(policy: RetryPolicyPlan, retry: number, random01: number): number {
  const ceiling = Math.min((2 ** Math.min(retry, 30) - 1) * policy.baseIntervalMs, policy.maxIntervalMs);
  return Math.floor(random01 * ceiling);
}

/**
 * How long the upstream asks to wait, by the first header that says something usable: seconds, or a Unix time in seconds. Null: it does not say.
 * As in Envoy a time that has come, and less than 2 ms, say nothing.
 */
export function toldBackOffMs(
  { headers: asked, maxIntervalMs }: ToldBackOffPlan,
  headers: HeaderView,
  nowMs: number,
): number | null {
  for (const { name, format } of asked) {
    const text = firstValue(headers, name);
    if (text === null || !/^\d{1,15}$/.test(text)) continue;
    const at = format === "seconds" ? Number(text) : Number(text) - Math.floor(nowMs / 1000);
    if (at < 0 || at * 1000 > maxIntervalMs) continue;
    return at === 0 ? null : at * 1000;
  }
  return null;
}

/** Up to half as much again, so that not all who were told the same come back together. */
export function jitteredMs(waitMs: number, random01: number): number {
  return waitMs + Math.floor((random01 * waitMs) / 2);
}

function firstValue(headers: HeaderView, name: string): string | null {
  for (let index = 0; index < headers.count; index += 1) {
    if (headers.nameAt(index) === name) return headers.valueAt(index);
  }
  return null;
}

/** How many retries may be in flight: the budget when there is one, else the fixed limit. */
export function maxConcurrentRetries(
  breakers: {
    readonly maxRetries: number;
    readonly retryBudget: { readonly percent: number; readonly minConcurrency: number } | null;
  },
  activeAndPendingRequests: number,
): number {
  const { retryBudget, maxRetries } = breakers;
  return retryBudget
    ? Math.max(Math.floor((activeAndPendingRequests * retryBudget.percent) / 100), retryBudget.minConcurrency)
    : maxRetries;
}

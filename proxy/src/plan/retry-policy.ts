// Envoy's RetryPolicy as conditions. One rule: a condition that this proxy does not know is a violation, not a no-op.

import { RetryPolicy_ResetHeaderFormat as ResetFormat } from "../contract/gen/envoy/config/route/v3/route_components_pb";
import type { RetryPolicy } from "../contract/messages";
import { headerMatcher } from "./matchers";
import type { Scope } from "./scope";
import type { RetryConditions, RetryPolicyPlan, ToldBackOffPlan } from "./types";
import { milliseconds, timeout } from "./values";

const PREVIOUS_HOSTS = "envoy.retry_host_predicates.previous_hosts";
/** http3-post-connect-failure can never happen here: there is no HTTP/3. */
const KNOWN = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "envoy-ratelimited",
  "refused-stream",
  "retriable-4xx",
  "retriable-status-codes",
  "retriable-headers",
  "http3-post-connect-failure",
];
const GRPC: Readonly<Record<string, number>> = {
  cancelled: 1,
  "deadline-exceeded": 4,
  "resource-exhausted": 8,
  internal: 13,
  unavailable: 14,
};
/** Envoy defaults: 25 ms, ten times that at most. */
const DEFAULT_BASE_INTERVAL_MS = 25;
/** Envoy default. */
const MAX_TOLD_INTERVAL_MS = 300_000;

export function retryPolicy(policy: RetryPolicy, scope: Scope): RetryPolicyPlan {
  const backOff = policy.retryBackOff;
  const baseIntervalMs = backOff?.baseInterval
    ? Math.max(milliseconds(backOff.baseInterval), 1)
    : DEFAULT_BASE_INTERVAL_MS;
  const maxIntervalMs = backOff?.maxInterval ? milliseconds(backOff.maxInterval) : baseIntervalMs * 10;
  if (maxIntervalMs < baseIntervalMs) {
    scope.field("retry_back_off").field("max_interval").fail("must not be shorter than base_interval");
  }
  policy.retryHostPredicate.forEach(({ name, configType }, index) => {
    const at = scope.item("retry_host_predicate", index);
    if (configType.case !== "typedConfig") at.field("typed_config").fail("must be set: the name alone says nothing");
    if (name !== PREVIOUS_HOSTS) {
      at.field("name").fail(`${name} is not supported by this proxy; use ${PREVIOUS_HOSTS}`);
    }
  });
  return {
    on: conditions(policy, scope),
    attempts: policy.numRetries ?? 1,
    perTryTimeoutMs: timeout(policy.perTryTimeout, null),
    perTryIdleTimeoutMs: timeout(policy.perTryIdleTimeout, null),
    toldBackOff: toldBackOff(policy),
    baseIntervalMs,
    maxIntervalMs,
    avoidPreviousHosts: policy.retryHostPredicate.length > 0,
    hostSelectionMaxAttempts: Math.max(Number(policy.hostSelectionRetryMaxAttempts), 1),
    retriableRequestHeaders: policy.retriableRequestHeaders.map((matcher, index) =>
      headerMatcher(matcher, scope.item("retriable_request_headers", index)),
    ),
  };
}

function toldBackOff({ rateLimitedRetryBackOff: told }: RetryPolicy): ToldBackOffPlan | null {
  if (!told) return null;
  const headers = told.resetHeaders.map(({ name, format }) => {
    const isTimestamp = format === ResetFormat.UNIX_TIMESTAMP;
    return { name: name.toLowerCase(), format: isTimestamp ? ("unix-timestamp" as const) : ("seconds" as const) };
  });
  return { headers, maxIntervalMs: told.maxInterval ? milliseconds(told.maxInterval) : MAX_TOLD_INTERVAL_MS };
}

function conditions(policy: RetryPolicy, scope: Scope): RetryConditions {
  const names = policy.retryOn.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
  for (const name of names) {
    if (!KNOWN.includes(name) && GRPC[name] === undefined) {
      scope
        .field("retry_on")
        .fail(`${JSON.stringify(name)} is no retry condition; use ${[...KNOWN, ...Object.keys(GRPC)].join(", ")}`);
    }
  }
  const has = (name: string): boolean => names.includes(name);
  return {
    serverError: has("5xx"),
    gatewayError: has("gateway-error"),
    reset: has("reset"),
    resetBeforeRequest: has("reset-before-request"),
    connectFailure: has("connect-failure"),
    refusedStream: has("refused-stream"),
    retriable4xx: has("retriable-4xx"),
    envoyRateLimited: has("envoy-ratelimited"),
    grpcStatuses: names.flatMap((name) => GRPC[name] ?? []),
    statusCodes: has("retriable-status-codes") ? policy.retriableStatusCodes : [],
    responseHeaders: has("retriable-headers")
      ? policy.retriableHeaders.map((matcher, index) => headerMatcher(matcher, scope.item("retriable_headers", index)))
      : [],
  };
}

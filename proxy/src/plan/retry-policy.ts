// Envoy's RetryPolicy as conditions. One rule: a condition that this proxy does not know is a violation, not a no-op.

import { anyIs, anyUnpack } from "@bufbuild/protobuf/wkt";
import { RetryPolicy_ResetHeaderFormat as ResetFormat } from "../contract/gen/envoy/config/route/v3/route_components_pb";
import {
  OmitCanaryHostsPredicateSchema,
  OmitHostMetadataConfigSchema,
  PreviousPrioritiesConfigSchema,
  type RetryPolicy,
} from "../contract/messages";
import { headerMatcher } from "./matchers";
import type { Scope } from "./scope";
import { subsetMetadata } from "./subsets";
import type { RetryConditions, RetryPolicyPlan, SubsetMetadata, ToldBackOffPlan } from "./types";
import { milliseconds, timeout } from "./values";

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
  const hosts = hostPredicates(policy, scope);
  const priorityFrequency = updateFrequency(policy, scope);
  return {
    on: conditions(policy, scope),
    attempts: policy.numRetries ?? 1,
    perTryTimeoutMs: timeout(policy.perTryTimeout, null),
    perTryIdleTimeoutMs: timeout(policy.perTryIdleTimeout, null),
    toldBackOff: toldBackOff(policy),
    baseIntervalMs,
    maxIntervalMs,
    choosesHosts: policy.retryHostPredicate.length > 0 || priorityFrequency !== null,
    ...hosts,
    priorityFrequency,
    hostSelectionMaxAttempts: Math.max(Number(policy.hostSelectionRetryMaxAttempts), 1),
    retriableRequestHeaders: policy.retriableRequestHeaders.map((matcher, index) =>
      headerMatcher(matcher, scope.item("retriable_request_headers", index)),
    ),
  };
}

function hostPredicates(
  { retryHostPredicate }: RetryPolicy,
  scope: Scope,
): Pick<RetryPolicyPlan, "avoidPreviousHosts" | "omittedHosts"> {
  let avoidPreviousHosts = false;
  const omittedHosts = retryHostPredicate.flatMap(
    ({ configType }, index): ((metadata: SubsetMetadata) => boolean)[] => {
      const any = configType.case === "typedConfig" ? configType.value : undefined;
      if (any === undefined) {
        const at = scope.item("retry_host_predicate", index).field("typed_config");
        at.fail("must be set: the name alone says nothing");
        return [];
      }
      const omitted = anyUnpack(any, OmitHostMetadataConfigSchema);
      if (omitted) return [isLabelled(subsetMetadata(omitted.metadataMatch))];
      if (anyIs(any, OmitCanaryHostsPredicateSchema)) return [(metadata) => metadata.get("canary") === "true"];
      avoidPreviousHosts = true;
      return [];
    },
  );
  return { avoidPreviousHosts, omittedHosts };
}

/** As Envoy: a list has the value when one of its items is it; without labels nobody is meant. */
function isLabelled(labels: SubsetMetadata): (metadata: SubsetMetadata) => boolean {
  const wanted = [...labels];
  if (wanted.length === 0) return () => false;
  return (metadata) => wanted.every(([key, value]) => has(metadata.get(key), value));
}

function has(value: string | undefined, wanted: string): boolean {
  if (value === undefined || value === wanted) return value === wanted;
  const json: unknown = JSON.parse(value);
  return Array.isArray(json) && json.some((item) => JSON.stringify(item) === wanted);
}

function updateFrequency({ retryPriority }: RetryPolicy, scope: Scope): number | null {
  if (!retryPriority) return null;
  const { configType } = retryPriority;
  const any = configType.case === "typedConfig" ? configType.value : undefined;
  const config = any && anyUnpack(any, PreviousPrioritiesConfigSchema);
  if (!config) scope.field("retry_priority").field("typed_config").fail("must be set: the name alone says nothing");
  return config?.updateFrequency ?? null;
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

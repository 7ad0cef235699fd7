// Envoy LocalRateLimit -> LocalRateLimitPlan. Rule: a share that is not given is 0, as in Envoy: the filter is off until it is told.

import { XRateLimitHeadersRFCVersion } from "../contract/gen/envoy/extensions/common/ratelimit/v3/ratelimit_pb";
import type { TokenBucket } from "../contract/gen/envoy/type/v3/token_bucket_pb";
import type { LocalRateLimit } from "../contract/messages";
import type { LocalRateLimitPlan, TokenBucketPlan } from "./filter-types";
import { headerAdditions } from "./header-ops";
import type { Scope } from "./scope";
import { milliseconds, share } from "./values";

const TOO_MANY_REQUESTS = 429;
const RESOURCE_EXHAUSTED = 8;
/** Envoy refuses shorter ones. */
const MIN_FILL_MS = 50;

export function localRateLimitPlan(limit: LocalRateLimit, scope: Scope): LocalRateLimitPlan {
  const code = limit.status?.code ?? 0;
  return {
    statPrefix: limit.statPrefix,
    bucket: limit.tokenBucket ? bucketPlan(limit.tokenBucket, scope.field("token_bucket")) : null,
    enabled: share(limit.filterEnabled?.defaultValue),
    enforced: share(limit.filterEnforced?.defaultValue),
    // Envoy: what is no error is 429.
    status: code < 400 ? TOO_MANY_REQUESTS : code,
    grpcStatus: limit.rateLimitedAsResourceExhausted ? RESOURCE_EXHAUSTED : null,
    responseHeaders: headerAdditions(limit.responseHeadersToAdd, "response_headers_to_add", scope),
    requestHeaders: headerAdditions(
      limit.requestHeadersToAddWhenNotEnforced,
      "request_headers_to_add_when_not_enforced",
      scope,
    ),
    tellsLimit: limit.enableXRatelimitHeaders === XRateLimitHeadersRFCVersion.DRAFT_VERSION_03,
  };
}

/** @param owner whose it is: equal owners of equal buckets have one together */
export function bucketPlan(
  { maxTokens, tokensPerFill = 1, fillInterval }: TokenBucket,
  scope: Scope,
  owner = scope.id,
): TokenBucketPlan {
  const fillMs = fillInterval ? milliseconds(fillInterval) : 0;
  if (fillMs < MIN_FILL_MS) scope.field("fill_interval").fail(`must be at least ${MIN_FILL_MS / 1000}s`);
  return {
    key: `${owner} ${maxTokens} ${tokensPerFill}/${fillMs}`,
    maxTokens,
    tokensPerSecond: (tokensPerFill * 1000) / Math.max(fillMs, MIN_FILL_MS),
  };
}

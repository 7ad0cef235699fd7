// Envoy ConnectionLimit and the network filter LocalRateLimit -> ConnectionLimitPlan. Rule: a filter that is switched off is not in the plan.

import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import { ConnectionLimitSchema } from "../contract/gen/envoy/extensions/filters/network/connection_limit/v3/connection_limit_pb";
import { LocalRateLimitSchema } from "../contract/gen/envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit_pb";
import { bucketPlan } from "./local-ratelimit";
import type { Scope } from "./scope";
import type { ConnectionLimitPlan } from "./types";
import { milliseconds } from "./values";

/** null: it is another filter. */
export function connectionLimits(any: Any | undefined, at: Scope): readonly ConnectionLimitPlan[] | null {
  const active = any && anyUnpack(any, ConnectionLimitSchema);
  if (active) {
    const { statPrefix, maxConnections, delay, runtimeEnabled } = active;
    if (maxConnections === undefined) at.field("max_connections").fail("must be set: without it there is no limit");
    if (runtimeEnabled?.defaultValue === false) return [];
    return [
      {
        kind: "active",
        key: at.id,
        statPrefix,
        maxConnections: Number(maxConnections ?? 1n),
        delayMs: delay ? milliseconds(delay) : 0,
      },
    ];
  }
  const rate = any && anyUnpack(any, LocalRateLimitSchema);
  if (!rate) return null;
  const { statPrefix, tokenBucket, runtimeEnabled, shareKey } = rate;
  // The constraints refuse a filter without a bucket.
  if (tokenBucket === undefined) return [];
  const bucket = bucketPlan(tokenBucket, at.field("token_bucket"), shareKey === "" ? undefined : `shared ${shareKey}`);
  return runtimeEnabled?.defaultValue === false ? [] : [{ kind: "rate", statPrefix, bucket }];
}

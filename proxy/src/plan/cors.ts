// Envoy CorsPolicy -> CorsPlan. Rule: as in Envoy, levels are merged field by field (what the route leaves out, the virtual host says),
// but whether the filter is on is said by the most specific level alone.

import type { CorsPolicy } from "../contract/messages";
import type { CorsPlan } from "./filter-types";
import { stringMatcher } from "./matchers";
import type { Scope } from "./scope";
import { share } from "./values";

const ALL = { numerator: 100, denominator: 100 };

export function corsPlan(policy: CorsPolicy, scope: Scope): CorsPlan {
  return {
    enabled: policy.filterEnabled ? share(policy.filterEnabled.defaultValue) : ALL,
    shadow: share(policy.shadowEnabled?.defaultValue),
    origins: policy.allowOriginStringMatch.map((one, index) =>
      stringMatcher(one, scope.item("allow_origin_string_match", index)),
    ),
    allowMethods: policy.allowMethods,
    allowHeaders: policy.allowHeaders,
    exposeHeaders: policy.exposeHeaders,
    maxAge: policy.maxAge,
    allowCredentials: policy.allowCredentials ?? null,
    allowPrivateNetwork: policy.allowPrivateNetworkAccess ?? null,
    forwardsUnmatched: policy.forwardNotMatchingPreflights ?? null,
  };
}

export function mergeCors(outer: CorsPlan | undefined, inner: CorsPlan): CorsPlan {
  if (outer === undefined) return inner;
  return {
    enabled: inner.enabled,
    shadow: inner.shadow,
    origins: inner.origins.length > 0 ? inner.origins : outer.origins,
    allowMethods: inner.allowMethods || outer.allowMethods,
    allowHeaders: inner.allowHeaders || outer.allowHeaders,
    exposeHeaders: inner.exposeHeaders || outer.exposeHeaders,
    maxAge: inner.maxAge || outer.maxAge,
    allowCredentials: inner.allowCredentials ?? outer.allowCredentials,
    allowPrivateNetwork: inner.allowPrivateNetwork ?? outer.allowPrivateNetwork,
    forwardsUnmatched: inner.forwardsUnmatched ?? outer.forwardsUnmatched,
  };
}

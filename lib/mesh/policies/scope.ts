// A rate limit between its two scopes. The rule: what the other scope has no word for is left out, the rate stays the same.
import type { RateLimit } from "../types";
import { MIN_GLOBAL_PERIOD_MS } from "../validate/rate-limit";

type Spec = RateLimit["spec"];

/** The same limits for `scope`; absent: each instance for itself. */
export function withScope(spec: Spec, scope: Spec["scope"]): Spec {
  const { scope: _scope, whenAway, ...rest } = spec;
  if (scope !== "global") {
    const limits = spec.limits.map(({ per: _per, ...limit }) => limit);
    return { ...rest, ...(scope ? { scope } : {}), limits };
  }
  const limits = spec.limits.map(({ burst: _burst, ...limit }) => {
    const times = Math.max(1, MIN_GLOBAL_PERIOD_MS / limit.perMs);
    return { ...limit, requests: Math.round(limit.requests * times), perMs: limit.perMs * times };
  });
  return { ...rest, scope, limits, ...(whenAway ? { whenAway } : {}) };
}

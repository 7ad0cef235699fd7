// A rate limit between its two scopes, which are about requests. The rule: what the other scope has no word for is left out, the rate stays the same.
import type { RateLimit, RequestLimit } from "../types";
import { MIN_GLOBAL_PERIOD_MS } from "../validate/rate-limit";

type Spec = RateLimit["spec"];

/** The same limits for `scope`; absent: each instance for itself. */
export function withScope(spec: Spec, scope: Spec["scope"]): Spec {
  const { scope: _scope, whenAway, limits, ...rest } = spec;
  const isGlobal = scope === "global";
  return {
    ...rest,
    ...(scope ? { scope } : {}),
    ...(limits ? { limits: limits.map(isGlobal ? shared : ofInstance) } : {}),
    ...(isGlobal && whenAway ? { whenAway } : {}),
  };
}

const ofInstance = ({ per: _per, ...limit }: RequestLimit): RequestLimit => limit;

function shared({ burst: _burst, ...limit }: RequestLimit): RequestLimit {
  const times = Math.max(1, MIN_GLOBAL_PERIOD_MS / limit.perMs);
  return { ...limit, requests: Math.round(limit.requests * times), perMs: limit.perMs * times };
}
